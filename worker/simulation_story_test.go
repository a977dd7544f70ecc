package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// trialsMax is how often fewer inputs are tried before a story is written.
const trialsMax = 300

// story writes what a failing seed was about as a story, in $ARTEFACTS or the folder for temporary files, and says where. Where
// the inputs alone bring the fault about, without crashes, as few of them as a quick search finds.
func (w *world) story(seed uint64) string {
	inputs := w.recorded()
	how := "The inputs alone do not bring it about: it needs the crashes and conflicts of the seed."
	if quiet := w.quietly(inputs); len(quiet) > 0 {
		how = "Without crashes or conflicts: " + strings.Join(quiet, "; ") + "."
		inputs = w.fewer(inputs)
	}
	folder := os.Getenv("ARTEFACTS")
	if folder == "" {
		folder = os.TempDir()
	}
	path := filepath.Join(folder, fmt.Sprintf("simulation_seed_%d.txtar", seed))
	comment := fmt.Sprintf("Seed %d of the simulation: %s.\n%s\nThe confirmations are what a replay gives.\n\n", seed, strings.Join(w.faults, "; "), how)
	if err := os.WriteFile(path, w.archive(comment, inputs), 0o600); err != nil {
		return err.Error()
	}
	return "its story: " + path
}

// quietly decides inputs with one worker to whom nothing happens, and returns what the witness says.
func (w *world) quietly(inputs []Recorded) []string {
	q := newWorld(0, w.folder)
	q.catalogs, q.reads, q.ledger = w.catalogs, nil, newMemory(simulated)
	q.people.outbox = nil
	q.witness = newWitness(q.catalogs, q.input)
	for _, line := range inputs {
		q.now = line.Time
		q.keep(line.Input())
	}
	q.hosts = q.hosts[:1]
	_ = os.Remove(q.hosts[0].Snapshot)
	q.open(q.hosts[0])
	h := q.hosts[0]
	for h.fold.state.Position.Input < uint64(len(q.reads)) || h.fold.state.Position.More {
		if q.feed(h, 1); len(h.queue) == 0 {
			break
		}
		err := h.decide(context.Background())
		if err == nil {
			err = h.land()
		}
		if err != nil {
			return append(q.faults, err.Error())
		}
		if q.check(); len(q.faults) > 0 {
			break
		}
	}
	return q.faults
}

// fewer leaves out what the fault does not need: halves first, then less, as long as trials last.
func (w *world) fewer(inputs []Recorded) []Recorded {
	trials := 0
	for size := len(inputs) / 2; size > 0; size /= 2 {
		for from := 0; from+size <= len(inputs) && trials < trialsMax; trials++ {
			if less := slices.Delete(slices.Clone(inputs), from, from+size); len(less) > 0 && len(w.quietly(renumbered(less))) > 0 {
				inputs = less
			} else {
				from += size
			}
		}
	}
	return renumbered(inputs)
}

func renumbered(inputs []Recorded) []Recorded {
	for i := range inputs {
		inputs[i].Sequence = uint64(i + 1)
	}
	return inputs
}

// archive is a story as testdata/story has them: catalogs as files that the events name.
func (w *world) archive(comment string, inputs []Recorded) []byte {
	a := &txtar.Archive{Comment: []byte(comment), Files: []txtar.File{{Name: "catalog.yaml", Data: w.catalogs.first()}}}
	var events, confirmations bytes.Buffer
	for _, line := range inputs {
		if named := w.catalogs.named(line.Data); named != nil {
			name := fmt.Sprintf("catalog-%d.yaml", slices.IndexFunc(w.catalogs.data, func(c []byte) bool { return bytes.Equal(c, named) })+1)
			if !slices.ContainsFunc(a.Files, func(f txtar.File) bool { return f.Name == name }) {
				a.Files = append(a.Files, txtar.File{Name: name, Data: named})
			}
			line.Data = bytes.ReplaceAll(line.Data, []byte(CatalogHash(named)), []byte("hash of "+name))
		}
		_ = WriteRecorded(&events, line)
	}
	again, err := replayOf(w.catalogs, inputs)
	if err != nil {
		fmt.Fprintf(&confirmations, "%q\n", err.Error())
	}
	for _, c := range again {
		confirmations.Write(withoutBundle(c))
	}
	a.Files = append(a.Files, txtar.File{Name: "events.ndjson", Data: events.Bytes()}, txtar.File{Name: "confirmations.ndjson", Data: confirmations.Bytes()})
	return txtar.Format(a)
}

// withoutBundle is a confirmation as stories show it.
func withoutBundle(confirmation []byte) []byte {
	var c struct {
		ID   string         `json:"id"`
		Type string         `json:"type"`
		Time time.Time      `json:"time"`
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal(confirmation, &c); err != nil {
		return confirmation
	}
	delete(c.Data, "bundle")
	delete(c.Data, "catalog")
	out, _ := json.Marshal(c)
	return append(out, '\n')
}
