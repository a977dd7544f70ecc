package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	json "github.com/goccy/go-json"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Report is what Verify found.
type Report struct {
	Network string
	// Inputs stored, Decided of them, Unchanged of those decided, Gone from the log since.
	Inputs, Decided, Unchanged, Gone  uint64
	Batches, Decisions, Confirmations int
	// Erased messages, gone by a recorded erasure.
	Erased int
	// Pending inputs are stored and not decided yet.
	Pending uint64
	Counts  roster.Counts
	// Faults: what must never be. None: the ledger checks out.
	Faults []string
}

// faultsMax bounds what a report lists.
const faultsMax = 100

// verifier walks a ledger.
type verifier struct {
	*folder
	report  *Report
	catalog func(hash string) (*program.Catalog, error)
	// confirmations since the last head; the folder keeps the decisions.
	open     []Stored
	causes   map[uint64]int // notices so far of inputs in the open batch
	limits   map[string]int // seats of each group by the catalog limitsOf
	limitsOf string
	missing  map[string]bool // keys of confirmations that are not there
	holes    bool            // some message of the open batch is not there
}

// Verify walks the ledger of a network: chain, counts and hashes of every batch, seats, patients, every input accounted
// for and no confirmation twice. An error means that it could not be read; what it says is in the report.
func Verify(ctx context.Context, conn *Conn, network string, progress func(sequence uint64)) (*Report, error) {
	ledger, err := OpenLedger(conn, network)
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	intake, err := OpenIntake(conn, network)
	if err != nil {
		return nil, err
	}
	defer intake.Close()
	v := &verifier{folder: newFolder(network), report: &Report{Network: network}, causes: map[uint64]int{}, missing: map[string]bool{}}
	v.catalog = func(hash string) (*program.Catalog, error) { return loadCatalog(ctx, conn, network, hash) }
	for m, err := range ledger.All(ctx, 1) {
		if err != nil {
			return nil, fmt.Errorf("ledger of %s: %w", network, err)
		}
		if progress != nil {
			progress(m.Sequence)
		}
		if err := v.take(m); err != nil {
			v.fault("%v", err)
			return v.report, nil
		}
	}
	v.finish()
	return v.report, v.inputs(ctx, intake)
}

func loadCatalog(ctx context.Context, conn *Conn, network, hash string) (*program.Catalog, error) {
	data, err := GetCatalog(ctx, conn, network, hash)
	if err != nil {
		return nil, err
	}
	cat, problems := program.Load(data)
	return cat, problems.Err()
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.report.Faults) < faultsMax {
		v.report.Faults = append(v.report.Faults, fmt.Sprintf(format, args...))
	}
}

// take checks the next message of the ledger.
func (v *verifier) take(m Stored) error {
	switch {
	case m.Subject == HeadSubject(v.network):
		return v.batch(m)
	case strings.HasPrefix(m.Subject, "decisions."):
		v.report.Decisions++
		return v.add(m)
	default:
		v.report.Confirmations++
		v.open = append(v.open, m)
		return nil
	}
}

// batch checks what a head says of the messages before it.
func (v *verifier) batch(m Stored) error {
	head, err := roster.DecodeHead(m.Data)
	if err != nil {
		return err
	}
	before := v.state.Position
	caused := map[uint64]bool{}
	for _, d := range v.folder.open {
		if input, _, err := roster.CauseOf(d.Data); err == nil {
			caused[input] = true
		}
	}
	if err := v.seats(head.Catalog); err != nil {
		v.fault("catalog %s: %v", head.Catalog, err)
	}
	v.postponed(head)
	v.holes = false
	v.confirmations(head, caused)
	gone := len(v.gone)
	if err := v.add(m); err != nil {
		return err
	}
	v.holes = v.holes || len(v.gone) > gone
	v.report.Batches++
	v.account(head, before, caused)
	v.invariants(head)
	v.open = v.open[:0]
	return nil
}

// confirmations holds those stored since the last head against its list.
func (v *verifier) confirmations(head *roster.Head, caused map[uint64]bool) {
	rest := v.open
	for _, e := range head.Messages {
		if e.Decision {
			continue
		}
		if len(rest) == 0 || rest[0].Subject != roster.SubjectOf(v.network, e) || roster.HashBytes(rest[0].Data) != e.Hash {
			v.missing[e.Key], v.holes = true, true
			v.report.Erased++
			continue
		}
		v.once(rest[0], caused)
		rest = rest[1:]
	}
	for _, m := range rest {
		v.fault("%s at sequence %d is in no head's list", m.Subject, m.Sequence)
	}
}

// once checks that a confirmation is the next of its input: none twice, none left out.
func (v *verifier) once(m Stored, caused map[uint64]bool) {
	input, n, err := confirmationID(m.Data, v.network)
	if err != nil {
		v.fault("confirmation at sequence %d: %v", m.Sequence, err)
		return
	}
	caused[input] = true
	if v.causes[input]++; v.causes[input] != n && !v.holes {
		v.fault("confirmation %s-%d-%d at sequence %d is doubled or out of order", v.network, input, n, m.Sequence)
	}
}

// account checks that every input the head covers caused a message or is named unchanged.
func (v *verifier) account(head *roster.Head, before roster.Position, caused map[uint64]bool) {
	for _, u := range head.Unchanged {
		caused[u.Input] = true
		v.report.Unchanged++
	}
	first := before.Input + 1
	if head.Input < before.Input || head.Input == before.Input && !before.More {
		v.fault("the head goes from input %d to %d", before.Input, head.Input)
	}
	for input := first; input <= head.Input; input++ {
		if !caused[input] && !v.holes && !(input == head.Input && head.More) {
			v.fault("input %d is lost: it caused nothing and is not named unchanged", input)
		}
	}
	for input := range v.causes {
		if input < head.Input || !head.More {
			delete(v.causes, input)
		}
	}
	v.report.Decided = head.Input
}

// invariants checks seats and patients of the referrals that the batch touched.
func (v *verifier) invariants(head *roster.Head) {
	var keys []uint64
	for _, e := range head.Messages {
		if key, err := roster.ParseKey('r', e.Key); err == nil && e.Decision {
			keys = append(keys, key)
		}
	}
	for _, text := range v.state.Check(keys, func(group string) int { return v.limits[group] }) {
		v.fault("after input %d: %s", head.Input, text)
	}
}

// postponed checks that no group is put off twice, and each to a later day.
func (v *verifier) postponed(head *roster.Head) {
	seen := map[string]bool{}
	for _, c := range head.Changes {
		if c.Type != roster.ChangePostponed {
			continue
		}
		if _, before := v.state.PutOff(c.Group); before || seen[c.Group] {
			v.fault("after input %d: group %s is put off a second time", head.Input, c.Group)
		}
		if seen[c.Group] = true; c.To <= c.From {
			v.fault("after input %d: group %s is put off from %s to %s", head.Input, c.Group, c.From, c.To)
		}
	}
}

// seats reads the limits of a catalog newly in force. A group whose limit was lowered below what is held keeps its members:
// called before the batch that brings the catalog is folded.
func (v *verifier) seats(hash string) error {
	if hash == "" || hash == v.limitsOf {
		return nil
	}
	cat, err := v.catalog(hash)
	if err != nil {
		return err
	}
	v.limitsOf, v.limits = hash, map[string]int{}
	for i := range cat.Groups {
		if g := &cat.Groups[i]; g.Seats.Max > 0 {
			v.limits[g.ID] = max(g.Seats.Max, v.state.Taken(g.ID))
		}
	}
	return nil
}

// finish checks what only the end of the ledger can tell.
func (v *verifier) finish() {
	if err := v.settled(); err != nil {
		v.fault("%v", err)
	}
	for key := range v.missing {
		if !v.erased[key] {
			v.fault("a confirmation of %s is missing or altered and %s was never erased", key, key)
		}
	}
	if len(v.open) > 0 || len(v.folder.open) > 0 {
		v.fault("%d messages after the last head", len(v.open)+len(v.folder.open))
	}
	v.report.Counts = v.state.Count()
}

// inputs compares the input log with the head.
func (v *verifier) inputs(ctx context.Context, intake *Intake) error {
	last, err := intake.Last(ctx)
	if err != nil {
		return fmt.Errorf("inputs of %s: %w", v.network, err)
	}
	v.report.Inputs = last
	if last < v.report.Decided {
		v.fault("the head is at input %d but the log ends at %d: the two streams are not of one time", v.report.Decided, last)
		return nil
	}
	v.report.Pending = last - v.report.Decided
	return nil
}

// confirmationID reads "<network>-<input>-<n>" from a confirmation.
func confirmationID(data []byte, network string) (input uint64, n int, err error) {
	var w struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return 0, 0, err
	}
	rest, ok := bytes.CutPrefix([]byte(w.ID), []byte(network+"-"))
	a, b, ok2 := strings.Cut(string(rest), "-")
	input, err = strconv.ParseUint(a, 10, 64)
	n, err2 := strconv.Atoi(b)
	if !ok || !ok2 || err != nil || err2 != nil {
		return 0, 0, errors.New("its id " + w.ID + " is not <network>-<input>-<n>")
	}
	return input, n, nil
}
