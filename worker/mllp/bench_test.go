package mllp

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/worker"
)

// BenchmarkAccept measures accepted messages a second on 1 and 50 connections beside the bare limit: a listener that takes the
// same bytes, stores them in the same stream and answers a fixed text.
func BenchmarkAccept(b *testing.B) {
	s := startNATS(b)
	conn := harbor(b, s)
	gate := &Gate{Conn: conn, Network: "meadow", Source: "harbor", Log: zerolog.Nop()}
	bare := func(ctx context.Context, data []byte, _ error) []byte {
		if _, err := conn.Publish(ctx, &nats.Msg{Subject: worker.InputSubject("meadow", "harbor"), Data: data}); err != nil {
			b.Error(err)
		}
		return ack("CA", "1")
	}
	for _, connections := range []int{1, 50} {
		for name, handle := range map[string]func(context.Context, []byte, error) []byte{"gate": gate.Handle, "bare": bare} {
			b.Run(fmt.Sprintf("%s/connections=%d", name, connections), func(b *testing.B) {
				address, stop := listen(b, &Listener{Handle: handle})
				defer stop()
				accept(b, address, connections)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}

// accept sends b.N messages over some connections, each after the answer to the one before.
func accept(b *testing.B, address string, connections int) {
	message := Frame([]byte(enhanced))
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	for range connections {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		all.Go(func() {
			defer conn.Close()
			in := NewReader(conn, answerBytesMax)
			for left.Add(-1) >= 0 {
				if _, err := conn.Write(message); err != nil {
					b.Error(err)
					return
				}
				if err := in.Await(); err != nil {
					b.Error(err)
					return
				}
				if _, err := in.Next(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
