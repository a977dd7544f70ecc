package worker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"
)

// ServerConfig of the embedded NATS server.
type ServerConfig struct {
	// Folder that holds its files: lock, jetstream/, keys/, accounts.conf and nats.url. Required; made if missing, mode 0700.
	Folder string
	// Port on 127.0.0.1; 0 takes a free one. The server never listens elsewhere.
	Port int
	// Networks whose users may connect.
	Networks []NetworkSources
	// Log gets the server's warnings and errors.
	Log zerolog.Logger
}

// Server is an embedded NATS server with JetStream on files. Every write is synced before it is acknowledged.
type Server struct {
	config ServerConfig
	lock   *flock.Flock
	nats   *server.Server
}

// BusyError says what the embedded server cannot have, mostly because another process has it.
type BusyError struct {
	What string // "the data folder F" or "127.0.0.1:P"
	Err  error
}

func (e *BusyError) Error() string { return e.What + ": " + e.Err.Error() }

func (e *BusyError) Unwrap() error { return e.Err }

var errInUse = errors.New("in use by another process")

// Limits of the embedded server.
const (
	serverStartMax   = 30 * time.Second
	serverPayloadMax = 1 << 20 // bytes of one message with its headers, NATS's own default
)

// StartServer starts the server and waits until it takes connections. Keys that are missing are made. Error: *BusyError where
// another process has the folder or the port: two servers on one folder would store over each other's messages.
func StartServer(config ServerConfig) (*Server, error) {
	s := &Server{config: config}
	if err := s.claim(); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		s.Shutdown()
		return nil, err
	}
	return s, nil
}

// claim makes the folder and keeps others off it for as long as this process lives.
func (s *Server) claim() error {
	if err := os.MkdirAll(s.config.Folder, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	s.lock = flock.New(filepath.Join(s.config.Folder, lockFile), flock.SetPermissions(0o600))
	switch mine, err := s.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("data folder: %w", err)
	case !mine:
		return &BusyError{"the data folder " + s.config.Folder, errInUse}
	}
	return nil
}

func (s *Server) start() error {
	options, err := s.options(s.config.Networks)
	if err != nil {
		return err
	}
	if err := tryPort(s.config.Port); err != nil {
		return err
	}
	if s.nats, err = server.NewServer(options); err != nil {
		return fmt.Errorf("embedded NATS server: %w", err)
	}
	s.nats.SetLoggerV2(serverLog{s.config.Log}, false, false, false)
	s.nats.Start()
	if !s.nats.ReadyForConnections(serverStartMax) || !s.nats.JetStreamEnabled() {
		return fmt.Errorf("embedded NATS server did not start in %s; see its log", serverStartMax)
	}
	return writeFileSync(filepath.Join(s.config.Folder, urlFile), []byte(s.URL()+"\n"), 0o600)
}

// tryPort tells at once that a port is taken: the server itself would go on trying.
func tryPort(port int) error {
	address := net.JoinHostPort(loopback, strconv.Itoa(port))
	l, err := net.Listen("tcp", address)
	if err != nil {
		return &BusyError{address, err}
	}
	return l.Close()
}

// Allow changes whose users may connect, for a catalog that names a new source. Removed users are disconnected.
func (s *Server) Allow(networks []NetworkSources) error {
	// An account that is new in a reload gets the subscriptions of its imports only in the next one (nats-server 2.15.2,
	// configureAccounts), so reload twice.
	for range 2 {
		options, err := s.options(networks)
		if err != nil {
			return err
		}
		options.Port = s.nats.Addr().(*net.TCPAddr).Port // a reload may not change it
		if err := s.nats.ReloadOptions(options); err != nil {
			return fmt.Errorf("embedded NATS server: %w", err)
		}
	}
	return nil
}

func (s *Server) options(networks []NetworkSources) (*server.Options, error) {
	for _, n := range networks {
		if err := n.Validate(); err != nil {
			return nil, err
		}
	}
	keys := s.Keys()
	if err := keys.Ensure(Users(networks)); err != nil {
		return nil, err
	}
	var unreadable error
	accounts := AccountsConfig(networks, func(u User) string {
		key, err := keys.Public(u)
		unreadable = errors.Join(unreadable, err)
		return key
	})
	if unreadable != nil {
		return nil, unreadable
	}
	file := filepath.Join(s.config.Folder, "accounts.conf")
	if err := writeFileSync(file, []byte(accounts), 0o600); err != nil {
		return nil, err
	}
	options, err := server.ProcessConfigFile(file)
	if err != nil {
		return nil, fmt.Errorf("permissions of the embedded NATS server: %w", err)
	}
	port := s.config.Port
	if port == 0 {
		port = server.RANDOM_PORT
	}
	options.Host, options.Port = loopback, port
	options.ServerName = "convene"
	options.JetStream, options.StoreDir = true, filepath.Join(s.config.Folder, "jetstream")
	options.SyncAlways = true
	options.MaxPayload = serverPayloadMax
	options.NoSigs = true
	options.DisableJetStreamBanner = true
	return options, nil
}

// URL to connect to.
func (s *Server) URL() string { return s.nats.ClientURL() }

// Keys of the users.
func (s *Server) Keys() Keys { return FolderKeys(s.config.Folder) }

// Shutdown stops the server, waits until its files are closed and leaves the folder to others.
func (s *Server) Shutdown() {
	if s.nats != nil {
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}
	if err := s.lock.Unlock(); err != nil {
		s.config.Log.Error().Err(err).Msg("the data folder stays locked")
	}
}

const (
	urlFile  = "nats.url"
	lockFile = "lock"
	loopback = "127.0.0.1"
)

// FolderKeys are the keys of the embedded server in a data folder.
func FolderKeys(folder string) Keys { return Keys(filepath.Join(folder, "keys")) }

// FolderURL is where the embedded server of a data folder listens, or last listened.
func FolderURL(folder string) (string, error) {
	url, err := os.ReadFile(filepath.Join(folder, urlFile))
	return strings.TrimSpace(string(url)), err
}

// serverLog passes the server's warnings and errors on; what it says in passing is left out.
type serverLog struct{ log zerolog.Logger }

func (l serverLog) Noticef(string, ...any) {}
func (l serverLog) Debugf(string, ...any)  {}
func (l serverLog) Tracef(string, ...any)  {}
func (l serverLog) Warnf(format string, args ...any) {
	l.log.Warn().Msgf("nats-server: "+format, args...)
}
func (l serverLog) Errorf(format string, args ...any) {
	l.log.Error().Msgf("nats-server: "+format, args...)
}
func (l serverLog) Fatalf(format string, args ...any) {
	l.log.Error().Msgf("nats-server: "+format, args...)
}
