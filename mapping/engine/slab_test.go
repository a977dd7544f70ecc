package engine

import (
	"bytes"
	"errors"
	"testing"
)

// Messages stand side by side and never in one another, whatever their sizes; a failed one leaves nothing.
func TestPenKeepsMessagesApart(t *testing.T) {
	var p pen
	var got [][]byte
	for i := range 400 {
		size := i * i * 7 % (slabLeft * 2)
		if i == 200 {
			size = slabBytes * 2
		}
		data, err := p.write(func(dst []byte) ([]byte, error) { return append(dst, bytes.Repeat([]byte{byte(i)}, size)...), nil })
		if err != nil || len(data) != size {
			t.Fatalf("message %d: %d bytes of %d, %v", i, len(data), size, err)
		}
		got = append(got, data)
		if _, err := p.write(func(dst []byte) ([]byte, error) { return append(dst, "half"...), errors.New("no") }); err == nil {
			t.Fatal("a failed message is written")
		}
	}
	for i, data := range got {
		if bytes.Count(data, []byte{byte(i)}) != len(data) {
			t.Fatalf("message %d was written over", i)
		}
		if _ = append(data, "next"...); i+1 < len(got) && bytes.Contains(got[i+1], []byte("next")) {
			t.Fatalf("appending to message %d changes the next", i)
		}
	}
	if len(p.used) < 2 {
		t.Error("one slab held it all")
	}
}

// A released batch's memory serves another; its messages are gone with it.
func TestReleaseEmptiesSlabs(t *testing.T) {
	var p pen
	if _, err := p.write(func(dst []byte) ([]byte, error) { return append(dst, "message"...), nil }); err != nil {
		t.Fatal(err)
	}
	b := &Batch{slabs: p.used, Messages: make([]Message, 1)}
	b.Release()
	if s := p.used[0]; len(s.b) != 0 || b.slabs != nil || b.Messages != nil {
		t.Errorf("after Release a slab holds %d bytes, the batch %d messages", len(s.b), len(b.Messages))
	}
}
