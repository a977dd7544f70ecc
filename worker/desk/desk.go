package desk

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/worker"
)

// Config of a desk.
type Config struct {
	// Address to listen on: loopback, such as 127.0.0.1:8470, or any with Cert; port 0 takes a free one.
	Address string
	// Cert and Key are PEM files for https; both or neither.
	Cert, Key string
	// Public is the address that people use, such as https://desk.clinic.example, where it is not the one listened on.
	Public string
	// OIDC is where people sign in; nil: by links that work once.
	OIDC *OIDC
	// Folder in which the key of sessions is kept, so that they outlive a restart.
	Folder   string
	Networks []NetworkConfig
	// People who may come in, each by a link of their own.
	People []Person
	// NoNames: no patient's name is read or shown, for screens that others see.
	NoNames bool
	// Told is given each sign-in link. It works once, and then the next is told. With OIDC there are none.
	Told func(Person, string)
	Log  zerolog.Logger
	// Now is the wall clock; nil: time.Now.
	Now func() time.Time
}

// NetworkConfig says as whom the desk reads and acts in one network.
type NetworkConfig struct {
	Name string
	// Reader may read inputs, ledger, catalogs and audit (worker.RoleDeskReader); Actor may publish events of _desk and the
	// audit (worker.RoleDesk).
	Reader, Actor worker.Dial
	// Snapshot that the worker writes, to begin from; may be empty.
	Snapshot string
	// Refused is the folder in which a delivery keeps what a FHIR server refused; may be empty, or not there.
	Refused string
}

// Desk serves the pages.
type Desk struct {
	// URL it answers at.
	URL string

	config   Config
	door     *door
	provider *provider // of sign-ins; nil: by link
	tls      *tls.Config
	seals    *sealer
	boards   map[string]*Board
	networks []string // sorted
	actors   map[string]*worker.Conn
	conns    []*worker.Conn
	listener net.Listener
	pulse    *pulse
	open     atomic.Int32 // streams
	motions  *motions
	looked   sync.Map // when a person's look at a list was last recorded; as many as people, networks and lists
	ended    sync.WaitGroup
}

// Start reads the ledgers and answers until ctx ends; then Wait returns.
func Start(ctx context.Context, config Config) (*Desk, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	d := &Desk{config: config, boards: map[string]*Board{}, actors: map[string]*worker.Conn{}, pulse: newPulse()}
	err := d.listen()
	if err == nil {
		err = d.openDoor()
	}
	for _, n := range config.Networks {
		if err == nil {
			err = d.openNetwork(ctx, n)
		}
	}
	if err != nil {
		d.close()
		return nil, err
	}
	slices.Sort(d.networks)
	d.serve(ctx)
	for i := range d.config.People {
		if d.provider == nil {
			d.door.newLink(&d.config.People[i])
		}
	}
	return d, nil
}

// Check reports what is wrong with where the desk is to listen, before anything else begins: address, certificate, public address.
func (c Config) Check() error {
	d := &Desk{config: c}
	err := d.listen()
	d.close()
	return err
}

// listen takes the address, which without https must be this computer's own.
func (d *Desk) listen() error {
	host, port, err := net.SplitHostPort(d.config.Address)
	ip := net.ParseIP(host)
	loopback := err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
	switch {
	case d.config.Cert == "" && d.config.Key == "" && !loopback:
		return fmt.Errorf("%s is not a loopback address such as 127.0.0.1:8470; others need https, with a certificate and its key", d.config.Address)
	case d.config.Cert != "" || d.config.Key != "":
		if d.tls, err = newCertificate(d.config.Cert, d.config.Key); err != nil {
			return err
		}
	}
	if d.config.Public != "" {
		u, err := url.Parse(d.config.Public)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return fmt.Errorf("%s is not an address such as https://desk.clinic.example", d.config.Public)
		}
	}
	if d.listener, err = net.Listen("tcp", net.JoinHostPort(host, port)); err != nil {
		return err
	}
	scheme := "http://"
	if d.tls != nil {
		scheme = "https://"
	}
	d.URL = or(strings.TrimRight(d.config.Public, "/"), scheme+d.listener.Addr().String())
	return nil
}

func (d *Desk) openDoor() error {
	key, err := loadKey(filepath.Join(d.config.Folder, "desk.key"))
	if err != nil {
		return err
	}
	sealing := sha256.Sum256(append([]byte("seal "), key...))
	if d.seals, err = newSealer(sealing[:]); err != nil {
		return err
	}
	ended, err := loadEndings(filepath.Join(d.config.Folder, "desk.ended"))
	if err != nil {
		return err
	}
	if d.motions, err = loadMotions(filepath.Join(d.config.Folder, "desk.motions")); err != nil {
		return err
	}
	secure := strings.HasPrefix(d.URL, "https://")
	if d.config.OIDC != nil {
		d.provider = &provider{OIDC: d.config.OIDC, redirect: d.URL + "/sign-in/callback", client: &http.Client{Timeout: providerMax}}
	}
	d.door = &door{key: key, secure: secure, ended: ended, people: map[string]*Person{}, now: d.config.Now, base: d.URL, told: d.config.Told, links: map[string]string{}}
	for i := range d.config.People {
		d.door.people[d.config.People[i].ID] = &d.config.People[i]
	}
	return nil
}

func (d *Desk) openNetwork(ctx context.Context, n NetworkConfig) error {
	reader, err := worker.Connect(n.Reader)
	if err != nil {
		return fmt.Errorf("desk of %s: %w", n.Name, err)
	}
	d.conns = append(d.conns, reader)
	actor, err := worker.Connect(n.Actor)
	if err != nil {
		return fmt.Errorf("desk of %s: %w", n.Name, err)
	}
	d.conns, d.actors[n.Name] = append(d.conns, actor), actor
	b, err := openBoard(ctx, reader, n, !d.config.NoNames, d.pulse, d.config.Log)
	if err != nil {
		return fmt.Errorf("desk of %s: %w", n.Name, err)
	}
	d.boards[n.Name], d.networks = b, append(d.networks, n.Name)
	return nil
}

const (
	headerBytesMax = 16 << 10
	bodyBytesMax   = 1 << 20
	readMax        = 10 * time.Second
	writeMax       = 30 * time.Second // of a page; streams set their own
	shutdownMax    = time.Second
)

func (d *Desk) serve(ctx context.Context) {
	server := &http.Server{
		Handler: d.guarded(d.routes()), ReadHeaderTimeout: readMax, ReadTimeout: readMax, WriteTimeout: writeMax,
		MaxHeaderBytes: headerBytesMax, BaseContext: func(net.Listener) context.Context { return ctx },
		// Go's server logs addresses and errors of connections; both are of no use here.
		ErrorLog: nil,
	}
	for _, b := range d.boards {
		d.ended.Go(func() {
			if err := b.follow(ctx); err != nil {
				d.config.Log.Error().Str("network", b.Network).Err(err).Msg("the desk no longer follows this network")
			}
		})
	}
	d.ended.Go(func() {
		listener := d.listener
		if d.tls != nil {
			listener = tls.NewListener(listener, d.tls)
		}
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			d.config.Log.Error().Err(err).Msg("the desk stopped")
		}
	})
	d.ended.Go(func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), shutdownMax)
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close()
		}
	})
}

// Wait returns once ctx has ended and everything is closed.
func (d *Desk) Wait() {
	d.ended.Wait()
	d.close()
}

func (d *Desk) close() {
	for _, b := range d.boards {
		b.mirror.Close()
	}
	for _, c := range d.conns {
		c.Close()
	}
	if d.listener != nil {
		_ = d.listener.Close()
	}
}

// boardsOf are the boards that a person may see, by name; of one network where it is named.
func (d *Desk) boardsOf(p *Person, network string) (list []*Board) {
	for _, name := range d.networks {
		if p.Sees(name) && (network == "" || network == name) {
			list = append(list, d.boards[name])
		}
	}
	return list
}
