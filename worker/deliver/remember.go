package deliver

import "sync"

// memory remembers at least the last rememberMost keys, and at most twice as many: when the young are that many, they
// become the old and the old are forgotten. Safe for concurrent use.
type memory[T any] struct {
	mu         sync.Mutex
	young, old map[string]T
}

func (m *memory[T]) get(key string) (T, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, known := m.young[key]
	if !known {
		value, known = m.old[key]
	}
	return value, known
}

func (m *memory[T]) set(key string, value T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.young) >= rememberMost {
		m.old, m.young = m.young, nil
	}
	if m.young == nil {
		m.young = map[string]T{}
	}
	m.young[key] = value
}

func (m *memory[T]) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.young, key)
	delete(m.old, key)
}
