package mapping

import (
	"testing"
	"time"
)

func TestMinor(t *testing.T) {
	on := time.Date(2026, 11, 9, 14, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		birth string
		on    time.Time
		want  bool
	}{
		{"2008-11-10", on, true}, {"2008-11-09", on, false}, {"1961-05-05", on, false},
		{"2012", on, false}, {"", on, false}, {"2012-01-01", time.Time{}, false},
	} {
		if got := Minor(c.birth, c.on); got != c.want {
			t.Errorf("born %q, on %v: %v", c.birth, c.on, got)
		}
	}
}
