package worker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"
)

// ServerConfig of the embedded NATS server.
type ServerConfig struct {
	// Folder that holds its files: jetstream/, keys/, accounts.conf and nats.url. Required; made if missing, mode 0700.
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
	nats   *server.Server
}

// Limits of the embedded server.
const (
	serverStartMax   = 30 * time.Second
	serverPayloadMax = 1 << 20 // bytes of one message with its headers, NATS's own default
)

// StartServer starts the server and waits until it takes connections. Keys that are missing are made.
func StartServer(config ServerConfig) (*Server, error) {
	if err := os.MkdirAll(config.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	s := &Server{config: config}
	options, err := s.options(config.Networks)
	if err != nil {
		return nil, err
	}
	if s.nats, err = server.NewServer(options); err != nil {
		return nil, fmt.Errorf("embedded NATS server: %w", err)
	}
	s.nats.SetLoggerV2(serverLog{config.Log}, false, false, false)
	s.nats.Start()
	if !s.nats.ReadyForConnections(serverStartMax) || !s.nats.JetStreamEnabled() {
		s.Shutdown()
		return nil, fmt.Errorf("embedded NATS server did not start: port %d may be taken or the files in %s in use by another process",
			config.Port, config.Folder)
	}
	if err := writeFileSync(filepath.Join(config.Folder, urlFile), []byte(s.URL()+"\n"), 0o600); err != nil {
		s.Shutdown()
		return nil, err
	}
	return s, nil
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
	options.Host, options.Port = "127.0.0.1", port
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

// Shutdown stops the server and waits until its files are closed.
func (s *Server) Shutdown() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

const urlFile = "nats.url"

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
