package engine

import (
	"bytes"
	"sync"
)

// Messages are written one behind the other into slabs, which are used again once their batch is stored or taken back: half
// of the time that allocating for each message takes is the collector's.
const (
	slabBytes = 256 << 10
	// slabLeft is what a slab must have left for one more message; a larger one gets memory of its own.
	slabLeft = 32 << 10
)

var slabs = sync.Pool{New: func() any { return make([]byte, 0, slabBytes) }}

// desk is where one core writes its share of a batch.
type desk struct {
	slab []byte
	used [][]byte
}

// write calls f with room to append one message to, and returns the message.
func (d *desk) write(f func(dst []byte) ([]byte, error)) ([]byte, error) {
	if cap(d.slab)-len(d.slab) < slabLeft {
		d.slab = slabs.Get().([]byte)[:0]
		d.used = append(d.used, d.slab)
	}
	start := len(d.slab)
	out, err := f(d.slab)
	if err != nil {
		return nil, err
	}
	if cap(out) != cap(d.slab) {
		return bytes.Clone(out[start:]), nil // it did not fit
	}
	d.slab = out
	return out[start:len(out):len(out)], nil
}
