package mapping

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestAppendStringInAnyPlace puts each byte at each place of a text around the eight that are looked at together.
func TestAppendStringInAnyPlace(t *testing.T) {
	for c := range 256 {
		for at := range 18 {
			b := []byte(strings.Repeat("~", 18))
			b[at] = byte(c)
			var want bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			if err := e.Encode(string(b)); err != nil {
				t.Fatal(err)
			}
			if got := AppendString(nil, string(b)); string(got)+"\n" != want.String() {
				t.Fatalf("%q: got %s, want %s", b, got, want.String())
			}
		}
	}
}
