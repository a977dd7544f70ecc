package roster

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/convene-health/convene/mapping"
)

// snapshotFormat changes whenever what a snapshot holds does; an older one is discarded, never converted.
const snapshotFormat = "convene-snapshot-5"

// SnapshotMark says what a snapshot is of. All of it must match the ledger, else the snapshot is discarded.
type SnapshotMark struct {
	Format, Engine, Network string
	// Head is the stream sequence of the last head folded, Chain its chain.
	Head  uint64
	Chain [32]byte
}

// snapshot is the state in canonical order: the same state always gives the same bytes.
type snapshot struct {
	Position Position
	Catalog  string
	Pending  *Pending
	Rows     []rowSnapshot
	Patients []patientSnapshot
	Known    []knownSnapshot
	Foretold []foretoldSnapshot
	Pairs    []pairSnapshot
	// Postponed in order of group.
	Postponed []postponedSnapshot
	// Live records as decisions write them.
	Live [][]byte
}

type rowSnapshot struct {
	Identity Hash
	Key      uint64
	Content  [8]byte
	Sent     int64
	Patient  uint32
	Source   string
	Status   uint8
	Erased   bool
	Older    []Hash
}

type patientSnapshot struct {
	Key          uint64
	Born, Family uint32
	Risks        []Risk
	Used         []Use
	Merged       uint32
}

type knownSnapshot struct {
	ID      Hash
	Patient uint32
}

type foretoldSnapshot struct {
	Identity Hash
	Sent, At int64
	Source   string
}

type postponedSnapshot struct {
	Group string
	Postponed
}

type pairSnapshot struct {
	A, B uint64
	Kind mapping.PairKind
}

func (s *State) snapshot() (*snapshot, error) {
	out := &snapshot{Position: s.Position, Catalog: s.Catalog, Pending: s.Pending, Rows: make([]rowSnapshot, len(s.rows))}
	for i, r := range s.rows {
		out.Rows[i] = rowSnapshot{Key: r.key, Content: r.content, Sent: r.sent, Patient: r.patient, Source: s.sourceName(r), Status: r.status, Erased: r.erased, Older: s.older[uint32(i)]}
	}
	for id, i := range s.rowOf {
		out.Rows[i].Identity = id
	}
	for i, p := range s.patients {
		more := s.special[uint32(i)]
		out.Patients = append(out.Patients, patientSnapshot{Key: p.key, Born: p.born, Family: p.family, Risks: more.risks, Used: more.used, Merged: more.merged})
	}
	for id, i := range s.patientOf {
		out.Known = append(out.Known, knownSnapshot{id, i})
	}
	slices.SortFunc(out.Known, func(a, b knownSnapshot) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for id, f := range s.foretold {
		out.Foretold = append(out.Foretold, foretoldSnapshot{id, f.sent, f.at, s.sources[f.source]})
	}
	slices.SortFunc(out.Foretold, func(a, b foretoldSnapshot) int { return bytes.Compare(a.Identity[:], b.Identity[:]) })
	for _, x := range slices.SortedFunc(maps.Keys(s.pairs), comparePairs) {
		out.Pairs = append(out.Pairs, pairSnapshot{x.a, x.b, x.kind})
	}
	for _, group := range slices.Sorted(maps.Keys(s.postponed)) {
		out.Postponed = append(out.Postponed, postponedSnapshot{group, s.postponed[group]})
	}
	for _, key := range s.LiveKeys() {
		rec := s.live[key]
		out.Live = append(out.Live, appendLive(nil, rec))
	}
	return out, nil
}

// appendLive writes what DecodeDecision reads of a record.
func appendLive(dst []byte, rec *Record) []byte {
	w := writer{dst}
	w.open('{').key("key", 'r', rec.Key)
	w.name("record").record(rec)
	w.name("patient").open('{').key("key", 'p', rec.Patient).close('}')
	return w.close('}').b
}

func (s *State) sourceName(r row) string {
	if !r.erased && int(r.source) < len(s.sources) {
		return s.sources[r.source]
	}
	return ""
}

// WriteSnapshot writes the state. Nothing of it names a person: identifiers are hashes.
func (s *State) WriteSnapshot(w io.Writer, mark SnapshotMark) error {
	mark.Format, mark.Engine = snapshotFormat, Engine
	snap, err := s.snapshot()
	if err != nil {
		return err
	}
	enc := gob.NewEncoder(w)
	return cmp.Or(enc.Encode(mark), enc.Encode(snap))
}

// ReadSnapshotMark reads what a snapshot is of.
func ReadSnapshotMark(r io.Reader) (SnapshotMark, *gob.Decoder, error) {
	dec := gob.NewDecoder(r)
	var mark SnapshotMark
	if err := dec.Decode(&mark); err != nil {
		return mark, nil, fmt.Errorf("snapshot: %w", err)
	}
	if mark.Format != snapshotFormat || mark.Engine != Engine {
		return mark, nil, fmt.Errorf("snapshot: format %s of engine %s, not %s of engine %s", mark.Format, mark.Engine, snapshotFormat, Engine)
	}
	return mark, dec, nil
}

// ReadSnapshot reads the state that follows a mark.
func ReadSnapshot(dec *gob.Decoder) (*State, error) {
	var snap snapshot
	if err := dec.Decode(&snap); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	s := New()
	s.Position, s.Catalog, s.Pending = snap.Position, snap.Catalog, snap.Pending
	s.rowOf, s.patientOf = make(map[Hash]uint32, len(snap.Rows)), make(map[Hash]uint32, len(snap.Known))
	s.rows, s.patients = make([]row, 0, len(snap.Rows)), make([]patientRow, 0, len(snap.Patients))
	for i, r := range snap.Rows {
		s.rows = append(s.rows, row{r.Key, r.Content, r.Sent, r.Patient, s.sourceIndex(r.Source), r.Status, r.Erased})
		if !r.Identity.IsZero() {
			s.rowOf[r.Identity] = uint32(i)
		}
		if r.Older != nil {
			s.older[uint32(i)] = r.Older
		}
	}
	for i, p := range snap.Patients {
		s.patients = append(s.patients, patientRow{p.Key, p.Born, p.Family})
		if p.Risks != nil || p.Used != nil || p.Merged != 0 {
			s.special[uint32(i)] = patientMore{p.Risks, p.Used, p.Merged}
		}
	}
	for _, k := range snap.Known {
		s.patientOf[k.ID] = k.Patient
	}
	for _, f := range snap.Foretold {
		s.foretold[f.Identity] = foretold{f.Sent, f.At, s.sourceIndex(f.Source)}
	}
	for _, x := range snap.Pairs {
		s.pairs[pair{x.A, x.B, x.Kind}] = true
	}
	for _, x := range snap.Postponed {
		s.postponed[x.Group] = x.Postponed
	}
	return s, s.readLive(snap.Live)
}

func (s *State) readLive(live [][]byte) error {
	records, err := decodeLive(live)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	for _, rec := range records {
		s.intern(rec)
		s.live[rec.Key] = rec
		s.list(rec)
		s.relate(nil, rec)
		s.expect(rec, nil)
	}
	for p := range s.patients {
		if len(s.lives.of(uint32(p))) > 0 {
			s.tally(s.patients[p].key, +1)
		}
	}
	return nil
}

// decodeLive reads records on all cores.
func decodeLive(live [][]byte) ([]*Record, error) {
	records, errs := make([]*Record, len(live)), make([]error, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for part := range errs {
		all.Go(func() {
			for i := part; i < len(live); i += len(errs) {
				stored, err := DecodeDecision(live[i])
				if err != nil {
					errs[part] = err
					return
				}
				records[i] = stored.Record
			}
		})
	}
	all.Wait()
	return records, errors.Join(errs...)
}

// Digest is a hash of the whole state: two states with the same digest decide alike.
func (s *State) Digest() ([32]byte, error) {
	snap, err := s.snapshot()
	if err != nil {
		return [32]byte{}, err
	}
	h := sha256.New()
	err = gob.NewEncoder(h).Encode(snap)
	return [32]byte(h.Sum(nil)), err
}
