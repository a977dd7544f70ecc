package desk

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"sync"
)

// endings are the sessions that people have signed out of and that would still be valid: a cookie that was copied is of no
// use after. They outlive a restart.
type endings struct {
	path string

	mu    sync.Mutex
	until map[string]int64 // Unix seconds, by id
}

func loadEndings(path string) (*endings, error) {
	e := &endings{path: path, until: map[string]int64{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &e.until)
	}
	return e, err
}

func (e *endings) has(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.until[id]
	return ok
}

// add one, and forget those that are over by now.
func (e *endings) add(id string, until, now int64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.until[id] = until
	maps.DeleteFunc(e.until, func(_ string, until int64) bool { return until <= now })
	data, err := json.Marshal(e.until)
	if err == nil {
		err = os.WriteFile(e.path+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(e.path+".new", e.path)
	}
	return err
}
