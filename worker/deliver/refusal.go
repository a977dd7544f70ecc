package deliver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Refusal is a confirmation that the server would not take. One is kept for each placement: the last.
type Refusal struct {
	Key      string    `json:"key"`      // of the referral, "r1042"
	Task     string    `json:"task"`     // "Task/riverside-r1042-1"; empty if there was no bundle to send
	Sequence uint64    `json:"sequence"` // of the confirmation in the ledger
	Time     time.Time `json:"time"`     // when it was refused
	Status   int       `json:"status"`   // of HTTP; 0: it was not sent
	Problem  string    `json:"problem"`  // in words
	// Outcome is the server's OperationOutcome, absent if it gave none. It may name people.
	Outcome json.RawMessage `json:"outcome,omitempty"`
}

// Refusals are kept in a folder, one file of mode 0600 each. A later confirmation of the same placement that goes
// through takes its file away. Safe for concurrent use by one process.
type Refusals struct {
	folder string

	mu   sync.Mutex
	kept map[string]uint64 // sequence by file name
}

// OpenRefusals reads a folder, which need not be there yet.
func OpenRefusals(folder string) (*Refusals, error) {
	r := &Refusals{folder: folder, kept: map[string]uint64{}}
	all, err := r.All()
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		r.kept[one.file()] = one.Sequence
	}
	return r, nil
}

// Folder they are kept in.
func (r *Refusals) Folder() string { return r.folder }

// Count of those kept.
func (r *Refusals) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.kept)
}

// All that are kept, by sequence.
func (r *Refusals) All() ([]Refusal, error) {
	files, err := os.ReadDir(r.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []Refusal
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".json") {
			continue
		}
		path := filepath.Join(r.folder, f.Name())
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away just now
		}
		if err != nil {
			return nil, err
		}
		var one Refusal
		if err := json.Unmarshal(data, &one); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Refusal) int {
		if a.Sequence < b.Sequence {
			return -1
		}
		return 1
	})
	return all, nil
}

// file name of a refusal: the Task's id, or the sequence where there is none.
func (r Refusal) file() string {
	if _, id, ok := strings.Cut(r.Task, "/"); ok {
		return filepath.Base(id) + ".json"
	}
	return fmt.Sprintf("%s-%d.json", r.Key, r.Sequence)
}

// keep a refusal, on disk when it returns.
func (r *Refusals) keep(it *item, task string, status int, outcome json.RawMessage, problem string) error {
	one := Refusal{it.key, task, it.sequence, time.Now().UTC().Truncate(time.Second), status, problem, outcome}
	data, err := json.MarshalIndent(one, "", "  ")
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := os.MkdirAll(r.folder, 0o700); err != nil {
		return err
	}
	if err := writeSync(filepath.Join(r.folder, one.file()), data); err != nil {
		return fmt.Errorf("the refusal of %s cannot be kept: %w", it.key, err)
	}
	r.kept[one.file()] = one.Sequence
	return nil
}

// supersede takes away what was refused of a placement up to a sequence that went through.
func (r *Refusals) supersede(task string, sequence uint64) error {
	one := Refusal{Task: task}
	r.mu.Lock()
	kept, ok := r.kept[one.file()]
	r.mu.Unlock()
	if !ok || kept > sequence {
		return nil
	}
	return r.remove(one)
}

// Forget what is kept of a referral, whose key is "r1042".
func (r *Refusals) Forget(key string) error {
	all, err := r.All()
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Key == key {
			if err := r.remove(one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Refusals) remove(one Refusal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.kept, one.file())
	if err := os.Remove(filepath.Join(r.folder, one.file())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeSync writes a whole new file or none.
func writeSync(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".refused-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(data, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
