package roster

import "slices"

// keyLists holds a list of referral keys for each of many, in ascending order. Nearly all lists have one key, and that
// is kept without a list.
type keyLists[K comparable] struct {
	one  map[K]uint64
	more map[K][]uint64 // of two and more
}

func newKeyLists[K comparable]() keyLists[K] {
	return keyLists[K]{map[K]uint64{}, map[K][]uint64{}}
}

// of gives the list of k. It must not be changed, and stays right until the next add or remove.
func (l *keyLists[K]) of(k K) []uint64 {
	if key, ok := l.one[k]; ok {
		return []uint64{key}
	}
	return l.more[k]
}

func (l *keyLists[K]) add(k K, key uint64) {
	list := l.of(k)
	if len(list) == 0 {
		l.one[k] = key
		return
	}
	delete(l.one, k)
	at, _ := slices.BinarySearch(list, key)
	l.more[k] = slices.Insert(list, at, key)
}

func (l *keyLists[K]) remove(k K, key uint64) {
	if only, ok := l.one[k]; ok && only == key {
		delete(l.one, k)
		return
	}
	list := l.more[k]
	at, found := slices.BinarySearch(list, key)
	switch {
	case !found:
	case len(list) == 2:
		l.one[k] = list[1-at]
		delete(l.more, k)
	default:
		l.more[k] = slices.Delete(list, at, at+1)
	}
}

// trim gives back the memory of what was once held.
func (l *keyLists[K]) trim() { l.one, l.more = smaller(l.one), smaller(l.more) }

// smaller is a copy of a map that has room for no more than it holds: a map itself never shrinks.
func smaller[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
