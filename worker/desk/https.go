package desk

import (
	"crypto/tls"
	"os"
	"sync"
	"time"
)

// certificate of the desk, read again when its file changes, so that a renewed one needs no restart.
type certificate struct {
	cert, key string

	mu      sync.Mutex
	changed time.Time
	current *tls.Certificate
}

// newCertificate reads it once, so that a wrong file is told at the start.
func newCertificate(cert, key string) (*tls.Config, error) {
	c := &certificate{cert: cert, key: key}
	if _, err := c.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// get the certificate. While a new one is only half written the one before serves.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.cert)
	if err == nil && (c.current == nil || !info.ModTime().Equal(c.changed)) {
		var next tls.Certificate
		if next, err = tls.LoadX509KeyPair(c.cert, c.key); err == nil {
			c.current, c.changed = &next, info.ModTime()
		}
	}
	if c.current != nil {
		return c.current, nil
	}
	return nil, err
}
