package engine_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// What keeps two people, or a person and a leader, apart is in no confirmation and no bundle of the stories about it.
func TestWhyPeopleAreKeptApartIsNotTold(t *testing.T) {
	told := 0
	for _, path := range stories(t) {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(archive.Comment, []byte("S15")) && !bytes.HasPrefix(archive.Comment, []byte("S16")) && !bytes.HasPrefix(archive.Comment, []byte("S17")) {
			continue
		}
		files := filesOf(archive)
		for _, c := range confirmationsOf(t, catalogOf(t, files), laterCatalogs(files, files["events.ndjson"].Data)) {
			told++
			for _, secret := range []string{"protective order", "conflict", `"relative"`, "Relatives", "household", `"therapist"`, "apart"} {
				if strings.Contains(string(c), secret) {
					t.Errorf("%s tells of %q: %s", filepath.Base(path), secret, c)
				}
			}
		}
	}
	if told < 40 {
		t.Errorf("only %d confirmations looked at", told)
	}
}
