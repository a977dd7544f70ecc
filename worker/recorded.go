package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/convene-health/convene/mapping"
)

// Recorded is one line of a recorded file (NDJSON): an input as a stream stored it, or a catalog.
//
//	{"subject":"referrals.north.clinic","headers":{"content-type":"..."},"sequence":7,"time":"2026-11-09T08:00:00Z","data":{...}}
//	{"network":"north","catalog":"sha256-<64 hex digits>","data":"<YAML>"}
//
// data that is a JSON string stands for the bytes of that string; any other value stands for its own text, byte for
// byte. What is not UTF-8 is in data_base64. A catalog comes before the first input that names it.
type Recorded struct {
	Subject  string // of an input; empty in plain files until it is known who sends
	Headers  map[string]string
	Sequence uint64    // 0: not recorded
	Time     time.Time // t; zero: not recorded

	Network string // of a catalog
	Catalog string // its hash; empty: this is an input

	Data []byte
}

// RecordedLineMax is how long a line may be: room for a catalog of 10,000 groups.
const RecordedLineMax = 32 << 20

// IsCatalog reports whether this is a catalog and not an input.
func (r Recorded) IsCatalog() bool { return r.Catalog != "" }

// Address splits the subject of an input into network and source, empty where it has none.
func (r Recorded) Address() (network, source string) {
	if parts := strings.Split(r.Subject, "."); len(parts) == 3 {
		return parts[1], parts[2]
	}
	return r.Network, ""
}

// Input as the intake gives it: the same headers, by lower-case name.
func (r Recorded) Input() mapping.Input {
	network, source := r.Address()
	headers := make(map[string][]string, len(r.Headers))
	for name, value := range r.Headers {
		headers[name] = []string{value}
	}
	return mapping.Input{Network: network, Source: source, Sequence: r.Sequence, Stored: r.Time, Header: InputHeader(headers), Data: r.Data}
}

// RecordInput is the line of an input, recorded at t.
func RecordInput(in mapping.Input, t time.Time) Recorded {
	return Recorded{Subject: InputSubject(in.Network, in.Source), Headers: in.Header, Sequence: in.Sequence, Time: t, Data: in.Data}
}

// RecordCatalog is the line of a catalog.
func RecordCatalog(network string, yaml []byte) Recorded {
	return Recorded{Network: network, Catalog: CatalogHash(yaml), Data: yaml}
}

// recordedLine is the line as JSON has it, in the order it is written.
type recordedLine struct {
	Network  string            `json:"network,omitempty"`
	Catalog  string            `json:"catalog,omitempty"`
	Subject  string            `json:"subject,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Sequence uint64            `json:"sequence,omitempty"`
	Time     *time.Time        `json:"time,omitempty"`
	Data     json.RawMessage   `json:"data,omitempty"`
	Base64   []byte            `json:"data_base64,omitempty"`
}

// WriteRecorded writes one line. Equal values give equal bytes.
func WriteRecorded(w io.Writer, r Recorded) error {
	line := recordedLine{Network: r.Network, Catalog: r.Catalog, Subject: r.Subject, Headers: r.Headers, Sequence: r.Sequence}
	if !r.Time.IsZero() {
		t := r.Time.UTC()
		line.Time = &t
	}
	switch {
	case !utf8.Valid(r.Data):
		line.Base64 = r.Data
	case !r.IsCatalog() && isCompactObject(r.Data):
		line.Data = r.Data // readable, and the same bytes when read back
	default:
		text, err := encodeJSON(string(r.Data))
		if err != nil {
			return err
		}
		line.Data = bytes.TrimSuffix(text, []byte("\n"))
	}
	b, err := encodeJSON(line)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// encodeJSON writes < > & as they are, so that a payload passes unchanged.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// isCompactObject reports whether the bytes are a JSON object that a JSON encoder leaves as it is.
func isCompactObject(data []byte) bool {
	if len(data) == 0 || data[0] != '{' {
		return false
	}
	var compact bytes.Buffer
	return json.Compact(&compact, data) == nil && bytes.Equal(compact.Bytes(), data)
}

// ReadRecorded reads the lines of a recorded file. An error names the line and ends the reading.
func ReadRecorded(r io.Reader) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, RecordedLineMax)
		for n := 1; lines.Scan(); n++ {
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			one, err := decodeRecorded(lines.Bytes())
			if err != nil {
				yield(Recorded{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(one, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Recorded{}, err)
		}
	}
}

func decodeRecorded(text []byte) (Recorded, error) {
	var line recordedLine
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&line); err != nil {
		return Recorded{}, fmt.Errorf("no recorded line: %w", err)
	}
	r := Recorded{Subject: line.Subject, Headers: line.Headers, Sequence: line.Sequence, Network: line.Network, Catalog: line.Catalog}
	if line.Time != nil {
		r.Time = line.Time.UTC()
	}
	var err error
	if r.Data, err = line.data(); err != nil {
		return Recorded{}, err
	}
	if r.IsCatalog() {
		if hash := CatalogHash(r.Data); hash != r.Catalog || r.Network == "" {
			return Recorded{}, fmt.Errorf("catalog %s of network %q: the data's hash is %s", r.Catalog, r.Network, hash)
		}
		return r, nil
	}
	if parts := strings.Split(r.Subject, "."); len(parts) != 3 || parts[0] != "referrals" || parts[1] == "" || parts[2] == "" {
		return Recorded{}, fmt.Errorf("subject %q is not referrals.<network>.<source>", r.Subject)
	}
	return r, nil
}

func (l recordedLine) data() ([]byte, error) {
	switch {
	case l.Data != nil && l.Base64 != nil:
		return nil, errors.New("data and data_base64 exclude one another")
	case l.Base64 != nil:
		return l.Base64, nil
	case l.Data == nil:
		return nil, errors.New("data is missing")
	case l.Data[0] != '"':
		return l.Data, nil
	}
	var text string
	err := json.Unmarshal(l.Data, &text)
	return []byte(text), err
}
