package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/convene-health/convene/mapping/hl7v2"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/ask"
	"github.com/convene-health/convene/worker/intake"
	"github.com/convene-health/convene/worker/mllp"
)

// listening are the ways in and out of a worker beside NATS: MLLP both ways, and HTTP.
type listening struct {
	MLLP     []string `name:"mllp" placeholder:"ADDR=NETWORK/SOURCE" help:"Take HL7 v2 by MLLP on this address from a source; several by comma. Where there is only one source the address alone will do."`
	MLLPTo   []string `name:"mllp-to" placeholder:"NETWORK/SOURCE=ADDR" help:"Send the answers in HL7 v2 to a source's listener; tls://ADDR for TLS. The catalog must call the source's format hl7v2."`
	HTTP     string   `name:"http" placeholder:"ADDR" help:"Take events by POST /referrals/<network> on this address, with the token that <data>/keys/<network>/<source>.token holds; and answer GET /fhir/... of what was confirmed to its source."`
	Cert     string   `name:"listen-cert" placeholder:"FILE" help:"Certificate (PEM) with which --mllp and --http listen; without: no TLS."`
	Key      string   `name:"listen-key" placeholder:"FILE" help:"Private key (PEM) of --listen-cert."`
	ClientCA string   `name:"mllp-client-ca" placeholder:"FILE" help:"Certificates (PEM) one of which must have signed that of whoever connects to --mllp."`
	ToCA     string   `name:"mllp-to-ca" placeholder:"FILE" help:"Certificates (PEM) that sign those of --mllp-to; without: those that the system trusts."`
	ToCert   string   `name:"mllp-to-cert" placeholder:"FILE" help:"Certificate (PEM) that --mllp-to shows."`
	ToKey    string   `name:"mllp-to-key" placeholder:"FILE" help:"Private key (PEM) of --mllp-to-cert."`
}

// party is a source of a network.
type party struct{ network, source string }

func (p party) String() string { return p.network + "/" + p.source }

// doors are the listeners and deliveries of a running worker.
type doors struct {
	listening
	global  *globals
	conn    connection
	host    *worker.Host
	metrics *worker.Metrics

	open sync.WaitGroup
	said []string // where they are
}

// start opens all of them. They end with ctx, each after the message it has in hand; wait waits for that.
func (d *doors) start(ctx context.Context) error {
	listen, err := d.listenTLS()
	if err != nil {
		return usage("give --listen-cert and --listen-key, both PEM files", "%v", err)
	}
	for _, text := range d.MLLP {
		address, name, _ := strings.Cut(text, "=")
		if err := d.listenMLLP(ctx, address, name, listen); err != nil {
			return err
		}
	}
	for _, text := range d.MLLPTo {
		name, address, _ := strings.Cut(text, "=")
		if err := d.deliver(ctx, name, address); err != nil {
			return err
		}
	}
	windows, err := d.windows(ctx)
	if err != nil || d.HTTP == "" {
		return err
	}
	return d.listenHTTP(ctx, listen, windows)
}

func (d *doors) wait() { d.open.Wait() }

func (d *doors) serve(run func()) { d.open.Go(run) }

// listenMLLP takes messages of one source on an address.
func (d *doors) listenMLLP(ctx context.Context, address, name string, secure *tls.Config) error {
	who, err := d.party(name)
	if err != nil {
		return err
	}
	if d.ClientCA != "" {
		if secure == nil {
			return usage("give --listen-cert and --listen-key too", "--mllp-client-ca needs TLS")
		}
		secure = secure.Clone()
		if secure.ClientCAs, err = certificates(d.ClientCA); err != nil {
			return usage("", "%v", err)
		}
		secure.ClientAuth = tls.RequireAndVerifyClientCert
	}
	conn, err := d.connect(who)
	if err != nil {
		return err
	}
	on, err := net.Listen("tcp", address)
	if err != nil {
		conn.Close()
		return cannotListen("--mllp", address, err)
	}
	log := d.global.logger()
	gate := &mllp.Gate{Conn: conn, Network: who.network, Source: who.source, Log: log,
		Catalog: func() *program.Catalog { return d.host.Standings()[who.network].Catalog },
		Observe: func(r hl7v2.Receipt) { d.metrics.Received("mllp", who.network, who.source, r.String()) }}
	l := &mllp.Listener{Handle: gate.Handle, TLS: secure, BytesMax: int(conn.MaxPayload()), Log: log}
	d.serve(func() {
		defer conn.Close()
		if err := l.Serve(ctx, on); err != nil {
			log.Error().Err(err).Str("address", address).Msg("mllp: listening ended")
		}
	})
	d.said = append(d.said, listensMLLP(on.Addr().String(), who.String(), secure != nil))
	return nil
}

// deliver sends a source's answers to its listener.
func (d *doors) deliver(ctx context.Context, name, address string) error {
	who, err := d.party(name)
	if err != nil {
		return err
	}
	sender := &mllp.Sender{Address: address}
	if plain, secure := strings.CutPrefix(address, "tls://"); secure {
		sender.Address = plain
		if sender.TLS, err = d.partnerTLS(plain); err != nil {
			return usage("", "%v", err)
		}
	}
	if _, _, err := net.SplitHostPort(sender.Address); err != nil {
		return usage("write --mllp-to NETWORK/SOURCE=HOST:PORT", "%v", err)
	}
	conn, err := d.connect(who)
	if err != nil {
		return err
	}
	delivery := &mllp.Delivery{Conn: conn, Network: who.network, Source: who.source, Sender: sender, Log: d.global.logger()}
	d.serve(func() {
		defer conn.Close()
		delivery.Run(ctx)
	})
	d.said = append(d.said, delivers(address, who.String()))
	return nil
}

// windows let the sources of each network ask, by NATS at once.
func (d *doors) windows(ctx context.Context) (map[string]*ask.Window, error) {
	u := worker.User{Role: worker.RoleWorker}
	dial := d.conn.dial(d.global, u)
	if d.host.Server() != nil {
		dial = d.host.Dial(u)
	}
	conn, err := worker.Connect(dial)
	if err != nil {
		return nil, cannotConnect(u, err)
	}
	windows := map[string]*ask.Window{}
	for _, network := range d.networks() {
		w, err := ask.Open(conn, network, d.global.logger())
		if err == nil {
			windows[network] = w
			err = w.Listen(ctx)
		}
		if err == nil {
			err = w.Serve(ctx)
		}
		if err != nil {
			conn.Close()
			return nil, cannotConnect(u, err)
		}
	}
	d.serve(func() {
		<-ctx.Done()
		for _, w := range windows {
			w.Close()
		}
		conn.Close()
	})
	return windows, nil
}

func (d *doors) listenHTTP(ctx context.Context, secure *tls.Config, windows map[string]*ask.Window) error {
	keys := worker.FolderKeys(d.global.Data)
	if err := keys.EnsureTokens(d.host.Sources()); err != nil {
		return cannotListen("--http", d.HTTP, err)
	}
	on, err := net.Listen("tcp", d.HTTP)
	if err != nil {
		return cannotListen("--http", d.HTTP, err)
	}
	d.said = append(d.said, listensHTTP(on.Addr().String(), string(keys), secure != nil))
	if secure != nil {
		on = tls.NewListener(on, secure)
	}
	log := d.global.logger()
	door := &intake.Door{Keys: keys, Log: log,
		Connect: func(network, source string) (*worker.Conn, error) {
			return worker.Connect(d.dial(party{network, source}))
		},
		Networks: func() []string { return d.networks() },
		Asked: func(w http.ResponseWriter, r *http.Request, network, source string) {
			if window := windows[network]; window != nil {
				window.ServeHTTP(w, r, source)
			} else {
				http.Error(w, "this network is not known here yet; restart convene run", http.StatusServiceUnavailable)
			}
		},
		Observe: func(network, source string, status int) {
			d.metrics.Received("http", network, source, fmt.Sprint(status))
		}}
	d.serve(func() {
		if err := door.Serve(ctx, on); err != nil {
			log.Error().Err(err).Str("address", d.HTTP).Msg("http: listening ended")
		}
	})
	return nil
}

func (d *doors) networks() (names []string) {
	for _, n := range d.host.Sources() {
		names = append(names, n.Name)
	}
	return names
}

// party reads "network/source"; "" is the only one there is.
func (d *doors) party(name string) (party, error) {
	var all []party
	for _, n := range d.host.Sources() {
		for _, s := range n.Sources {
			all = append(all, party{n.Name, s})
		}
	}
	if name == "" && len(all) == 1 {
		return all[0], nil
	}
	network, source, _ := strings.Cut(name, "/")
	if who := (party{network, source}); slices.Contains(all, who) || len(all) == 0 && network != "" && source != "" {
		return who, nil // on a server of others the catalog's sources may not be known yet
	}
	return party{}, unknownParty(name, fmt.Sprint(all))
}

// dial as a source: with the key that the data folder has of it.
func (d *doors) dial(who party) worker.Dial {
	url := d.conn.NATS
	if s := d.host.Server(); s != nil {
		url = s.URL()
	}
	dial := worker.UserDial(url, worker.FolderKeys(d.global.Data), worker.User{Role: worker.RoleSource, Network: who.network, Source: who.source})
	dial.CA, dial.Cert, dial.Key, dial.Log = d.conn.CA, d.conn.Cert, d.conn.Key, d.global.logger()
	return dial
}

func (d *doors) connect(who party) (*worker.Conn, error) {
	dial := d.dial(who)
	if _, err := os.Stat(dial.NKey); errors.Is(err, fs.ErrNotExist) {
		return nil, noSourceKey(who.String(), dial.NKey)
	}
	conn, err := worker.Connect(dial)
	if err != nil {
		return nil, cannotConnect(worker.User{Role: worker.RoleSource, Network: who.network, Source: who.source}, err)
	}
	return conn, nil
}

func (l *listening) listenTLS() (*tls.Config, error) {
	if l.Cert == "" && l.Key == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(l.Cert, l.Key)
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, err
}

func (l *listening) partnerTLS(address string) (config *tls.Config, err error) {
	host, _, _ := net.SplitHostPort(address)
	config = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if l.ToCA != "" {
		if config.RootCAs, err = certificates(l.ToCA); err != nil {
			return nil, err
		}
	}
	if l.ToCert != "" || l.ToKey != "" {
		pair, err := tls.LoadX509KeyPair(l.ToCert, l.ToKey)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func certificates(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", path)
	}
	return pool, nil
}
