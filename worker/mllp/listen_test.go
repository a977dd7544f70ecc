package mllp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// listen serves a listener for the length of the test and returns its address. stop ends it and waits.
func listen(t testing.TB, l *Listener) (address string, stop func()) {
	t.Helper()
	l.Log = zerolog.New(zerolog.NewTestWriter(t))
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, on) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return on.Addr().String(), stop
}

// peer is the other end, by hand.
type peer struct {
	net.Conn
	in *Reader
	t  testing.TB
}

func dial(t testing.TB, address string) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return &peer{conn, NewReader(conn, answerBytesMax), t}
}

func (p *peer) write(parts ...string) {
	p.t.Helper()
	for _, part := range parts {
		if _, err := p.Write([]byte(part)); err != nil {
			p.t.Fatal(err)
		}
	}
}

// answer is the next one, "" at the end of the connection.
func (p *peer) answer() string {
	p.t.Helper()
	if err := p.in.Await(); errors.Is(err, io.EOF) {
		return ""
	} else if err != nil {
		p.t.Fatal(err)
	}
	b, err := p.in.Next()
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

func (p *peer) expect(want ...string) {
	p.t.Helper()
	for _, w := range want {
		if got := p.answer(); got != w {
			p.t.Errorf("answer %q, want %q", got, w)
		}
	}
}

func framed(message string) string { return string(Frame([]byte(message))) }

// echo answers each message with itself.
func echo(_ context.Context, message []byte, err error) []byte {
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.Clone(message)
}

func TestListenerTakesWhatComes(t *testing.T) {
	address, _ := listen(t, &Listener{Handle: echo, BytesMax: 100})
	long := strings.Repeat("x", 101)
	for name, test := range map[string]struct {
		sent, want []string // "": the connection ends
	}{
		"one":                        {[]string{framed("a")}, []string{"a"}},
		"two in one packet":          {[]string{framed("a") + framed("b")}, []string{"a", "b"}},
		"byte by byte":               {strings.Split(framed("MSH|^~\\&")+framed("b"), ""), []string{"MSH|^~\\&", "b"}},
		"garbage before":             {[]string{"GET / HTTP/1.1\r\n\r\n", framed("a"), "\r\n", framed("b")}, []string{"a", "b"}},
		"begun anew":                 {[]string{"\vhalf", framed("a")}, []string{"a"}},
		"an end block within":        {[]string{framed("a\x1cb")}, []string{"a\x1cb"}},
		"nothing in it":              {[]string{framed(""), framed("b")}, []string{"", "b"}},
		"as long as may be":          {[]string{framed(long[1:])}, []string{long[1:]}},
		"too long, the next is not":  {[]string{framed(long), framed("b")}, []string{ErrTooLarge.Error(), "b"}},
		"much too long":              {[]string{framed(strings.Repeat("x", 200<<10)), framed("b")}, []string{ErrTooLarge.Error(), "b"}},
		"the end block in two parts": {[]string{"\va\x1c", "\r"}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := dial(t, address)
			p.write(test.sent...)
			p.expect(test.want...)
		})
	}
	t.Run("garbage only", func(t *testing.T) {
		p := dial(t, address)
		if _, err := p.Write(bytes.Repeat([]byte("x"), garbageMax+bufferBytes)); err == nil {
			if _, err := p.Read(make([]byte, 1)); err == nil {
				t.Error("it is answered")
			}
		}
	})
}

// Two hundred connections at once: some slow, some break off half-way or before they hear the answer, all others hear
// each of their own answers in order.
func TestListenerUnderManyConnections(t *testing.T) {
	var handled atomic.Int64
	l := &Listener{BytesMax: 1 << 10, Handle: func(ctx context.Context, m []byte, err error) []byte {
		handled.Add(1)
		return echo(ctx, m, err)
	}}
	address, stop := listen(t, l)
	const connections, messages = 200, 10
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			p := dial(t, address)
			for n := range messages {
				text := fmt.Sprintf("MSH|^~\\&|%d|%d", i, n)
				switch {
				case i%10 == 1 && n == messages-1:
					p.write(framed(text)[:8]) // and no more
					p.Close()
					return
				case i%10 == 2 && n == messages-1:
					p.write(framed(text))
					p.Close() // before the answer
					return
				case i%10 == 3:
					p.write(strings.Split(framed(text), "")...)
				default:
					p.write(framed(text))
				}
				p.expect(text)
			}
		})
	}
	all.Wait()
	stop() // waits for those that nobody hears
	if least := int64(connections*messages - connections/10*2); handled.Load() < least || handled.Load() > connections*messages-connections/10 {
		t.Errorf("%d messages handled", handled.Load())
	}
}

func TestListenerLimits(t *testing.T) {
	address, _ := listen(t, &Listener{Handle: echo, ConnectionsMax: 1, MessageMax: 300 * time.Millisecond})
	first := dial(t, address)
	first.write(framed("a"))
	first.expect("a")
	if got := dial(t, address).answer(); got != "" {
		t.Errorf("a connection too many hears %q", got)
	}
	first.write("\vnever ended") // its time runs out
	if got := first.answer(); got != "" {
		t.Errorf("half a message is answered: %q", got)
	}
}

// A listener that ends lets the message it has be answered, and the idle go.
func TestListenerEnds(t *testing.T) {
	handling, finish := make(chan bool), make(chan bool)
	l := &Listener{Handle: func(_ context.Context, m []byte, _ error) []byte {
		if string(m) == "slow" {
			handling <- true
			<-finish
		}
		return m
	}}
	address, stop := listen(t, l)
	idle, busy := dial(t, address), dial(t, address)
	idle.write(framed("a"))
	idle.expect("a")
	busy.write(framed("slow"))
	<-handling
	go stop()
	idle.expect("") // hears no more
	close(finish)
	busy.expect("slow", "")
	stop()
}

// certificate of 127.0.0.1, from the test server of the standard library.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s.TLS.Certificates[0], pool
}

func TestTLS(t *testing.T) {
	own, pool := certificate(t)
	address, _ := listen(t, &Listener{Handle: acknowledge, TLS: &tls.Config{
		Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}})
	message := []byte("MSH|^~\\&|||||||ACK|7")
	client := &Sender{Address: address, TLS: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{own}}}
	defer client.Close()
	if err := client.Send(t.Context(), message); err != nil {
		t.Error(err)
	}
	for name, config := range map[string]*tls.Config{"no certificate": {RootCAs: pool}, "no trust": {Certificates: []tls.Certificate{own}}} {
		stranger := &Sender{Address: address, TLS: config}
		if err := stranger.Send(t.Context(), message); err == nil {
			t.Errorf("%s: taken", name)
		}
		stranger.Close()
	}
	plain := &Sender{Address: address}
	if err := plain.Send(t.Context(), message); err == nil {
		t.Error("plain text is taken")
	}
}
