package engine

import (
	"bytes"
	"errors"
	"testing"
)

// Messages stand side by side and never in one another, whatever their sizes; a failed one leaves nothing.
func TestDesk(t *testing.T) {
	var d desk
	var got [][]byte
	for i := range 400 {
		size := i * i * 7 % (slabLeft * 2)
		if i == 200 {
			size = slabBytes * 2
		}
		data, err := d.write(func(dst []byte) ([]byte, error) { return append(dst, bytes.Repeat([]byte{byte(i)}, size)...), nil })
		if err != nil || len(data) != size {
			t.Fatalf("message %d: %d bytes of %d, %v", i, len(data), size, err)
		}
		got = append(got, data)
		if _, err := d.write(func(dst []byte) ([]byte, error) { return append(dst, "half"...), errors.New("no") }); err == nil {
			t.Fatal("a failed message is written")
		}
	}
	for i, data := range got {
		if bytes.Count(data, []byte{byte(i)}) != len(data) {
			t.Fatalf("message %d was written over", i)
		}
		if cap(data) != len(data) {
			t.Fatalf("appending to message %d would change the next", i)
		}
	}
	if len(d.used) < 2 {
		t.Error("one slab held it all")
	}
}
