package roster

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	json "github.com/goccy/go-json"
)

// Engine names how this version decides; a ledger records it, and only the same engine replays to the same bytes.
const Engine = "1"

// Head is the last message of a batch: what of the input log the batch covers, what it holds, and how it follows from the
// head before. Decision and progress commit together because they are one batch.
type Head struct {
	Position
	// Messages of the batch in order, the head itself not among them.
	Messages []Entry
	// Previous is the stream sequence of the head before, 0 for the first.
	Previous uint64
	// Chain is the hash over the head before's chain and this head without its chain.
	Chain     [32]byte
	Engine    string
	Catalog   string
	Unchanged []Unchanged
	Changes   []Change
}

// Entry is one message of a batch: what it is about and the hash of its bytes.
type Entry struct {
	// Key is the last token of its subject: a referral's key, or an input's for a refusal.
	Key string
	// Decision: on decisions.<network>.<key>; else a confirmation, to Source.
	Decision bool
	Source   string
	Hash     Hash
}

// HashBytes is the hash by which a head names a message.
func HashBytes(data []byte) Hash {
	sum := sha256.Sum256(data)
	return Hash(sum[:16])
}

type headWire struct {
	Input     uint64      `json:"input"`
	Step      int         `json:"step"`
	More      bool        `json:"more,omitempty"`
	Notices   int         `json:"notices"`
	Time      int64       `json:"time"`
	Floor     int64       `json:"floor"`
	Timed     int64       `json:"timed"`
	Messages  int         `json:"messages"`
	Entries   []string    `json:"entries"`
	Previous  uint64      `json:"previous"`
	Engine    string      `json:"engine"`
	Catalog   string      `json:"catalog"`
	Unchanged []Unchanged `json:"unchanged"`
	Changes   []Change    `json:"changes"`
	Chain     string      `json:"chain,omitempty"`
}

// Seal computes the chain from the head before's and returns the bytes to store.
func (h *Head) Seal(before [32]byte) ([]byte, error) {
	body, err := h.encode(false)
	if err != nil {
		return nil, err
	}
	h.Chain = link(before, body)
	return h.encode(true)
}

// Follows checks that h is what was sealed after a head with chain before.
func (h *Head) Follows(before [32]byte) error {
	body, err := h.encode(false)
	if err != nil {
		return err
	}
	if link(before, body) != h.Chain {
		return fmt.Errorf("the hash chain is broken at the head of input %d", h.Input)
	}
	return nil
}

func link(before [32]byte, body []byte) [32]byte {
	sum := sha256.New()
	sum.Write(before[:])
	sum.Write(body)
	return [32]byte(sum.Sum(nil))
}

func (h *Head) encode(sealed bool) ([]byte, error) {
	w := headWire{
		Input: h.Input, Step: h.Step, More: h.More, Notices: h.Notices, Time: h.Time, Floor: h.Floor, Timed: h.Timed, Messages: len(h.Messages),
		Entries: make([]string, len(h.Messages)), Previous: h.Previous, Engine: h.Engine, Catalog: h.Catalog, Unchanged: h.Unchanged, Changes: h.Changes,
	}
	for i, e := range h.Messages {
		w.Entries[i] = e.encode()
	}
	if sealed {
		w.Chain = base64.RawStdEncoding.EncodeToString(h.Chain[:])
	}
	return json.MarshalWithOption(&w, json.DisableHTMLEscape())
}

// encode writes "d r1042 <hash>" for a decision and "c r1042 <hash> epic-main" for a confirmation.
func (e Entry) encode() string {
	hash := base64.RawStdEncoding.EncodeToString(e.Hash[:])
	if e.Decision {
		return "d " + e.Key + " " + hash
	}
	return "c " + e.Key + " " + hash + " " + e.Source
}

func decodeEntry(s string) (e Entry, err error) {
	kind, rest, _ := strings.Cut(s, " ")
	key, rest, _ := strings.Cut(rest, " ")
	hash, source, _ := strings.Cut(rest, " ")
	raw, err := base64.RawStdEncoding.DecodeString(hash)
	if err != nil || len(raw) != len(e.Hash) || key == "" || kind != "d" && kind != "c" {
		return e, fmt.Errorf("head: %q is not an entry", s)
	}
	e.Decision, e.Key, e.Source, e.Hash = kind == "d", key, source, Hash(raw)
	return e, nil
}

// DecodeHead reads a head. It does not check the chain; see Follows.
func DecodeHead(data []byte) (*Head, error) {
	var w headWire
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	h := &Head{
		Position: Position{w.Input, w.Step, w.More, w.Notices, w.Time, w.Floor, w.Timed},
		Messages: make([]Entry, len(w.Entries)), Previous: w.Previous, Engine: w.Engine, Catalog: w.Catalog, Unchanged: w.Unchanged, Changes: w.Changes,
	}
	for i, s := range w.Entries {
		e, err := decodeEntry(s)
		if err != nil {
			return nil, err
		}
		h.Messages[i] = e
	}
	chain, err := base64.RawStdEncoding.DecodeString(w.Chain)
	if err != nil || len(chain) != len(h.Chain) || w.Messages != len(w.Entries) {
		return nil, fmt.Errorf("head of input %d: chain or count cannot be read", w.Input)
	}
	copy(h.Chain[:], chain)
	return h, nil
}

// Subjects of a network's streams.
func SubjectOf(network string, e Entry) string {
	if e.Decision {
		return "decisions." + network + "." + e.Key
	}
	return "placements." + network + "." + e.Source + "." + e.Key
}

// HeadSubject is the literal subject that fences a network's ledger.
func HeadSubject(network string) string { return "ledger." + network + ".head" }
