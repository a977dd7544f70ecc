package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/deliver"
)

type deliverCmd struct {
	connection
	FHIR    string        `name:"fhir" placeholder:"URL" help:"Base address of the FHIR R4 server."`
	Message bool          `help:"Send BSeR's messages, to URL/$process-message; for networks with profile bser."`
	Network string        `required:"" placeholder:"NAME" help:"Network whose confirmations are delivered."`
	Flight  int           `name:"in-flight" default:"8" help:"Bundles on their way at once (${default})."`
	Timeout time.Duration `default:"30s" help:"For one request (${default})."`

	Token    string `name:"token-file" placeholder:"FILE" help:"File with a token that the server takes as it is."`
	ClientID string `placeholder:"ID" help:"Log in by SMART Backend Services as this client."`
	JWK      string `name:"client-key" placeholder:"FILE" help:"Its private key, a JWK with a kid: RSA or P-384."`
	TokenURL string `placeholder:"URL" help:"Where to get tokens. Without it: as the server's .well-known/smart-configuration says."`
	Scope    string `default:"system/*.cruds" help:"To ask for (${default})."`
	FHIRCA   string `name:"fhir-ca" placeholder:"FILE" help:"Certificates (PEM) that sign the FHIR server's."`

	Retry   []string `placeholder:"KEY" help:"Send again what the server refused of this referral, and end."`
	Refused bool     `help:"List what the server refused, and end."`
	JSON    bool     `name:"json" help:"With --refused: as JSON, with the server's OperationOutcome, which may name people."`
	Ops     string   `default:"127.0.0.1:9465" placeholder:"ADDR" help:"Loopback address of /healthz, /readyz and /metrics; empty for none (${default})."`
}

func (c *deliverCmd) Run(ctx context.Context, say *speaker, g *globals) error {
	folder := filepath.Join(g.Data, "refused", c.Network)
	if c.Refused {
		return c.list(say, folder)
	}
	if c.FHIR == "" {
		return usage(deliverNeedsServer, "no FHIR server is given")
	}
	login, err := c.login()
	if err != nil {
		return err
	}
	client, err := login.Client(c.FHIR, c.Flight)
	if err != nil {
		return usage("give the https address of the server", "%v", err)
	}
	conn, err := c.connect(g, worker.User{Role: worker.RoleDelivery, Network: c.Network})
	if err != nil {
		return err
	}
	defer conn.Close()
	config := deliver.Config{Network: c.Network, Server: c.FHIR, Message: c.Message, HTTP: client, Folder: folder, InFlight: c.Flight, Timeout: c.Timeout, Log: g.logger()}
	if len(c.Retry) > 0 {
		return c.again(ctx, say, conn, config)
	}
	return c.deliver(ctx, say, conn, config)
}

// login as the flags say.
func (c *deliverCmd) login() (deliver.Login, error) {
	l := deliver.Login{ClientID: c.ClientID, TokenURL: c.TokenURL, Scope: c.Scope}
	if c.Token != "" && c.ClientID != "" || (c.ClientID == "") != (c.JWK == "") {
		return l, usage(deliverLoginHint, "--token-file, or --client-id and --client-key")
	}
	for path, use := range map[string]func([]byte) error{
		c.Token: func(data []byte) error { l.Token = strings.TrimSpace(string(data)); return nil },
		c.JWK:   func(data []byte) (err error) { l.Key, err = deliver.ParseKey(data); return err },
		c.FHIRCA: func(data []byte) error {
			l.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
			if !l.TLS.RootCAs.AppendCertsFromPEM(data) {
				return errors.New("it holds no PEM certificate")
			}
			return nil
		},
	} {
		if path == "" {
			continue
		}
		data, err := os.ReadFile(path)
		if err == nil {
			err = use(data)
		}
		if err != nil {
			return l, unreadable(path, err)
		}
	}
	return l, nil
}

// deliver until told to stop, with a line now and then.
func (c *deliverCmd) deliver(ctx context.Context, say *speaker, conn *worker.Conn, config deliver.Config) error {
	d, err := deliver.New(conn, config)
	if err != nil {
		return err
	}
	if c.Ops != "" {
		address, err := worker.ServeHealth(ctx, c.Ops, d.Metrics(), func(w http.ResponseWriter) { writeDelivery(w, d.Progress()) })
		if err != nil {
			return cannotServe(c.Ops, err)
		}
		say.line("%s", servingOps(address))
	}
	say.line("%s", delivering(c.Network, c.FHIR))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	tick := time.NewTicker(deliveryEvery)
	defer tick.Stop()
	for last := (deliver.Progress{}); ; {
		select {
		case err := <-ended:
			if err != nil {
				return deliveryFailed(c.Network, err)
			}
			say.line("%s", delivered(d.Progress()))
			return nil
		case <-tick.C:
			p := d.Progress()
			if p.Held > 0 || p.Written+p.Skipped+p.Refused != last.Written+last.Skipped+last.Refused {
				say.line("%s", delivered(p))
			}
			last = p
		}
	}
}

// deliveryEvery is how often the terminal hears of progress.
const deliveryEvery = 10 * time.Second

// writeDelivery answers 200 while the server takes bundles, else 503, with the progress.
func writeDelivery(w http.ResponseWriter, p deliver.Progress) {
	w.Header().Set("Content-Type", "application/json")
	if p.Open {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"written": p.Written, "skipped": p.Skipped, "refused": p.Refused,
		"held": p.Held, "lagSeconds": p.Lag.Seconds(), "serverFails": p.Open, "refusalsKept": p.Kept})
}

func (c *deliverCmd) again(ctx context.Context, say *speaker, conn *worker.Conn, config deliver.Config) error {
	refused := 0
	for _, key := range c.Retry {
		all, err := deliver.Retry(ctx, conn, config, key)
		if err != nil {
			return cannotRetry(key, config.Network, err)
		}
		for _, one := range all {
			say.line("%s", retried(one))
			if one.Outcome == deliver.Refused {
				refused++
			}
		}
	}
	if refused > 0 {
		return refusedAgain(refused)
	}
	return nil
}

func (c *deliverCmd) list(say *speaker, folder string) error {
	refusals, err := deliver.OpenRefusals(folder)
	if err != nil {
		return unreadable(folder, err)
	}
	all, err := refusals.All()
	if err != nil {
		return unreadable(folder, err)
	}
	if c.JSON {
		for _, r := range all {
			line, err := json.Marshal(r)
			if err != nil {
				return err
			}
			say.line("%s", line)
		}
		return nil
	}
	rows := make([][]string, len(all))
	for i, r := range all {
		rows[i] = []string{r.Key, r.Task, r.Time.Format(time.RFC3339), r.Problem}
	}
	say.columns(rows)
	say.line("%s", refusedSummary(len(all), folder))
	return nil
}
