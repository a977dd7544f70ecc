package worker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

// Dial says where and as whom to connect. Of NKey and Creds at most one is set; neither connects without credentials.
type Dial struct {
	URL   string // nats://host:port, tls://host:port; several by comma
	NKey  string // file with an nkey seed
	Creds string // file with a user JWT and its seed
	// Inbox prefix of answers; empty: _INBOX. Users of Convene's own accounts have theirs (User.Inbox).
	Inbox string
	// CA certificates, and certificate and key of the client, PEM files. All optional.
	CA, Cert, Key string
	// Name of the connection in the server's lists.
	Name string
	// Log gets disconnects and refused requests; subjects and codes only.
	Log zerolog.Logger
}

// Conn is a connection with its JetStream context. It reconnects for ever and is safe for concurrent use.
type Conn struct {
	*nats.Conn
	JS jetstream.JetStream

	mu     sync.Mutex
	denied map[string]chan struct{} // by subject being published on, closed when the server refuses it
}

// ErrDenied marks a request that the server's permissions do not allow.
var ErrDenied = errors.New("permission denied")

const (
	connectMax = 5 * time.Second // to connect first
	requestMax = 5 * time.Second // for an answer of JetStream
	deniedMax  = 1000            // subjects remembered
)

// UserDial connects as a user whose key is in a folder of keys.
func UserDial(url string, keys Keys, u User) Dial {
	return Dial{URL: url, NKey: keys.Path(u), Inbox: u.Inbox(), Name: "convene " + u.String()}
}

// Connect connects once, or fails within 5 s; later breaks are mended in the background.
func Connect(d Dial) (*Conn, error) {
	c := &Conn{denied: map[string]chan struct{}{}}
	options, err := d.options(c)
	if err != nil {
		return nil, err
	}
	if c.Conn, err = nats.Connect(d.URL, options...); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", d.URL, err)
	}
	if c.JS, err = jetstream.New(c.Conn, jetstream.WithDefaultTimeout(requestMax)); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (d Dial) options(c *Conn) ([]nats.Option, error) {
	options := []nats.Option{
		nats.Name(d.Name), nats.Timeout(connectMax), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			c.noteDenied(err)
			d.Log.Warn().Err(err).Msg("nats")
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				d.Log.Warn().Err(err).Msg("nats: disconnected")
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { d.Log.Info().Msg("nats: reconnected") }),
	}
	if d.Inbox != "" {
		options = append(options, nats.CustomInboxPrefix(d.Inbox))
	}
	switch {
	case d.NKey != "" && d.Creds != "":
		return nil, errors.New("give an nkey file or a credentials file, not both")
	case d.NKey != "":
		nkey, err := nats.NkeyOptionFromSeed(d.NKey)
		if err != nil {
			return nil, fmt.Errorf("nkey file %s: %w", d.NKey, err)
		}
		options = append(options, nkey)
	case d.Creds != "":
		options = append(options, nats.UserCredentials(d.Creds))
	}
	config, err := d.tls()
	if err != nil {
		return nil, err
	}
	if config != nil {
		options = append(options, nats.Secure(config))
	}
	return options, nil
}

func (d Dial) tls() (*tls.Config, error) {
	if d.CA == "" && d.Cert == "" && d.Key == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.CA != "" {
		pem, err := os.ReadFile(d.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no PEM certificate", d.CA)
		}
	}
	if d.Cert != "" || d.Key != "" {
		pair, err := tls.LoadX509KeyPair(d.Cert, d.Key)
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// violation is how the server words a refusal; it comes unasked, after the publish.
var violation = regexp.MustCompile(`(?i)permissions violation for (?:publish|subscription) to "([^"]+)"`)

func (c *Conn) noteDenied(err error) {
	m := violation.FindStringSubmatch(err.Error())
	if m == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if refused := c.denied[m[1]]; refused != nil && !isClosed(refused) {
		close(refused)
	}
}

// refused is closed as soon as the server refuses what is published on the subject from now on.
func (c *Conn) refused(subject string) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	refused := c.denied[subject]
	if refused == nil || isClosed(refused) {
		if len(c.denied) >= deniedMax {
			c.denied = map[string]chan struct{}{}
		}
		refused = make(chan struct{})
		c.denied[subject] = refused
	}
	return refused
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Publish stores one message and returns its place. The errors: ErrDenied, at once and not after a timeout;
// jetstream.ErrNoStreamResponse where no stream takes the subject; nats.ErrMaxPayload.
func (c *Conn) Publish(ctx context.Context, m *nats.Msg) (*jetstream.PubAck, error) {
	stored, err := c.PublishAsync(m)
	if err != nil {
		return nil, err
	}
	return stored(ctx)
}

// PublishAsync sends one message. The function it returns waits for the message to be stored, with Publish's errors.
func (c *Conn) PublishAsync(m *nats.Msg) (func(context.Context) (*jetstream.PubAck, error), error) {
	refused := c.refused(m.Subject)
	future, err := c.JS.PublishMsgAsync(m, jetstream.WithRetryAttempts(0))
	if err != nil {
		return nil, fmt.Errorf("publish to %s: %w", m.Subject, err)
	}
	return func(ctx context.Context) (*jetstream.PubAck, error) {
		ctx, cancel := context.WithTimeout(ctx, requestMax)
		defer cancel()
		select {
		case ack := <-future.Ok():
			return ack, nil
		case err := <-future.Err():
			return nil, fmt.Errorf("publish to %s: %w", m.Subject, err)
		case <-refused:
			return nil, fmt.Errorf("publish to %s: %w", m.Subject, ErrDenied)
		case <-ctx.Done():
			return nil, fmt.Errorf("publish to %s: not told whether it is stored: %w", m.Subject, ctx.Err())
		}
	}, nil
}
