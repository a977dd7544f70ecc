package engine

import (
	"bytes"
	"sync"
)

// Messages are written one behind the other into slabs, which are used again once nobody reads the batch any more: half of
// the memory that an event takes is its messages.
const (
	slabBytes = 256 << 10
	// slabLeft is what a slab must have left for one more message; a larger one gets memory of its own.
	slabLeft = 32 << 10
)

type slab struct{ b []byte }

var slabs = sync.Pool{New: func() any { return &slab{make([]byte, 0, slabBytes)} }}

// pen is where one core writes its share of a batch's messages, and a request that goes into one.
type pen struct {
	used    []*slab // the last is written to
	request []byte
}

// write calls f with room to append one message to, and returns the message.
func (p *pen) write(f func(dst []byte) ([]byte, error)) ([]byte, error) {
	if n := len(p.used); n == 0 || slabBytes-len(p.used[n-1].b) < slabLeft {
		p.used = append(p.used, slabs.Get().(*slab))
	}
	s := p.used[len(p.used)-1]
	start := len(s.b)
	out, err := f(s.b)
	if err != nil {
		return nil, err
	}
	if len(out) > slabBytes {
		return bytes.Clone(out[start:]), nil // it did not fit
	}
	s.b = out
	return out[start:len(out):len(out)], nil
}

// Release gives the memory of the batch's messages back, once nobody reads them any more. A batch that is not released is
// the garbage collector's.
func (b *Batch) Release() {
	for _, s := range b.slabs {
		s.b = s.b[:0]
		slabs.Put(s)
	}
	b.slabs, b.Messages = nil, nil
}
