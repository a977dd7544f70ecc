package worker

import (
	"errors"
	"fmt"
	"time"

	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/engine"
	"github.com/convene-health/convene/mapping/program"
)

// Replay decides recorded files and plain event files offline. Recorded lines have their own sequence and time; plain
// files are numbered from 1 in the order given and take their network from the catalog.
type Replay struct {
	*engine.Replay
	// At is t of everything that has no recorded time; zero: the event's own, else the one before, else validFrom.
	At time.Time

	network string // of the configured catalog
	floor   time.Time
	last    map[string]position
}

// position of a network in a replay.
type position struct {
	sequence uint64
	time     time.Time
}

// ErrNetwork: an event file does not say of which network it is.
var ErrNetwork = errors.New("no network: give a catalog with --catalog, or a recorded file")

// FileSource is the source of events that come from a plain file.
const FileSource = "file"

// NewReplay starts a replay. catalog may be nil: recorded files bring their own.
func NewReplay(catalog []byte) (*Replay, error) {
	r := &Replay{Replay: engine.NewReplay(), last: map[string]position{}}
	if catalog == nil {
		return r, nil
	}
	cat, problems := program.Load(catalog)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	r.network = cat.Network
	r.floor, _ = time.ParseInLocation(time.DateOnly, cat.ValidFrom, cat.Location)
	return r, r.Catalog(cat.Network, cat.Hash, catalog)
}

// Line decides one line, or takes in a catalog. It returns every message the line caused.
func (r *Replay) Line(line Recorded) ([]engine.Message, error) {
	if line.IsCatalog() {
		return nil, r.Catalog(line.Network, line.Catalog, line.Data)
	}
	in, err := r.input(line)
	if err != nil {
		return nil, err
	}
	r.last[in.Network] = position{in.Sequence, in.Stored}
	return r.Input(in)
}

// Preview says what a line would cause after those before it, and when; it is not decided. Its own sequence does not count.
func (r *Replay) Preview(line Recorded) (*engine.Preview, mapping.Input, error) {
	line.Sequence = 0
	in, err := r.input(line)
	if err != nil {
		return nil, in, err
	}
	found, err := r.Replay.Preview(in)
	return found, in, err
}

// input of a line, with network, source, sequence and time.
func (r *Replay) input(line Recorded) (mapping.Input, error) {
	in := line.Input()
	if in.Network == "" {
		in.Network = r.network
	}
	if in.Source == "" {
		in.Source = FileSource
	}
	if in.Network == "" {
		return in, ErrNetwork
	}
	before := r.last[in.Network]
	if in.Sequence == 0 {
		in.Sequence = before.sequence + 1
	}
	if in.Sequence <= before.sequence {
		return in, fmt.Errorf("network %s: sequence %d comes after %d; a recorded file goes on from where it began", in.Network, in.Sequence, before.sequence)
	}
	if in.Stored.IsZero() {
		in.Stored = r.timeOf(engine.Decode(in), before)
	}
	return in, nil
}

// timeOf is t of an event without a recorded one. It is never now.
func (r *Replay) timeOf(read engine.Read, before position) time.Time {
	switch {
	case !r.At.IsZero():
		return r.At
	case read.Event != nil && !read.Event.Sent.IsZero():
		return read.Event.Sent
	case !before.time.IsZero():
		return before.time
	}
	return r.floor
}
