package deliver

import (
	"net/http"
	"time"

	"github.com/rs/zerolog"
)

// Config of a Deliverer. The zero value of each field but the first four has a meaning, said there.
type Config struct {
	// Network whose confirmations are delivered.
	Network string
	// Server is the FHIR base address, "https://fhir.example/r4".
	Server string
	// Message sends BSeR's messages to Server/$process-message, instead of transactions to Server.
	Message bool
	// HTTP carries the requests and adds what the server wants to know of us (see Login). It must not follow redirects.
	HTTP *http.Client
	// Folder keeps what the server refused, one file a placement, of mode 0600.
	Folder string

	// InFlight bundles are on their way at once; 0 is 8.
	InFlight int
	// Timeout of one request; 0 is 30 s.
	Timeout time.Duration
	// RetryFirst is the wait after a first failure, doubled after each further one up to RetryMost, each time half less to
	// half more. 0 is 500 ms and 1 minute.
	RetryFirst, RetryMost time.Duration
	// BreakAfter failures in a row the breaker opens, for BreakFor. 0 is 5 failures and 10 s.
	BreakAfter uint32
	BreakFor   time.Duration
	// Log gets keys, statuses and addresses; nothing of a patient.
	Log zerolog.Logger
}

const (
	refusedAfter   = 10               // answers 5xx to one bundle, while others go through, before it is refused
	conflictsMax   = 8                // reads and writes of one bundle that each meet another version
	retryAfterMax  = 15 * time.Minute // the longest that a server may ask us to wait
	responseMax    = 16 << 20         // bytes of a server's answer that are read
	outcomeMax     = 64 << 10         // bytes of an OperationOutcome that are kept
	heldBytesMax   = 256 << 20        // confirmations held in memory before no more are fetched
	fetchMost      = 256              // confirmations in one pull
	pullMax        = 20 * time.Second // one pull waits for; the server keeps its way back for 2 minutes
	acknowledgeMax = 5 * time.Second
	finishMax      = 5 * time.Second // for requests under way when all shall end
	rememberMost   = 50_000          // versions and creations remembered, at least; twice that at most
)

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, standard time.Duration) {
		if *d <= 0 {
			*d = standard
		}
	}
	set(&c.Timeout, 30*time.Second)
	set(&c.RetryFirst, 500*time.Millisecond)
	set(&c.RetryMost, time.Minute)
	set(&c.BreakFor, 10*time.Second)
	if c.InFlight <= 0 {
		c.InFlight = 8
	}
	if c.BreakAfter == 0 {
		c.BreakAfter = 5
	}
	return c
}
