package worker

import (
	"errors"
	"fmt"
	"testing"
)

// A follower folds while another worker appends: it must never see a head without the decisions before it.
func TestFoldDuringAppendsSeesWholeBatches(t *testing.T) {
	s := startTest(t)
	writer, reader := connectTest(t, s, User{Role: RoleWorker}), connectTest(t, s, User{Role: RoleWorker})
	ledger, err := OpenLedger(reader, "north")
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	const batches = 200
	written := make(chan error, 1)
	go func() {
		head := uint64(0)
		for i := range batches {
			key := fmt.Sprintf("r%d", i+1)
			var err error
			head, err = Append(t.Context(), writer.JS, []Msg{
				{Subject: DecisionSubject("north", key), Data: []byte(key)},
				{Subject: ConfirmationSubject("north", "clinic", key), Data: []byte(key)},
				{Subject: HeadSubject("north"), Data: []byte(key)},
			}, HeadSubject("north"), head)
			if err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for seen, after := 0, uint64(0); seen < batches; {
		select {
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
			written <- nil
		default:
		}
		decision := ""
		for m, err := range ledger.Fold(t.Context(), after+1) {
			if err != nil {
				t.Fatal(errors.Join(err, fmt.Errorf("after %d", after)))
			}
			if m.Subject != HeadSubject("north") {
				decision = string(m.Data)
				continue
			}
			if decision != string(m.Data) {
				t.Fatalf("head of %s at %d follows the decision %q", m.Data, m.Sequence, decision)
			}
			after, decision = m.Sequence, ""
			seen++
		}
	}
}
