package generate

import (
	"sort"
	"time"
)

// calendar turns positions 0 to length-1 into times, so that even positions give the uneven days of an office.
type calendar struct {
	start  time.Time
	length int64
	slots  []slot // none: positions are milliseconds after start
}

// slot is an hour into which weight times as many positions fall as into one of weight 1.
type slot struct {
	at     time.Time
	first  int64
	weight int64
}

const hour = int64(time.Hour / time.Millisecond)

// Weights of the hours from 7 to 18 o'clock of a working day, with a peak before and after lunch. source: assumption
var officeHours = [...]int64{2, 6, 10, 12, 11, 5, 7, 11, 10, 8, 4, 2}

// officeDays covers whole days from the date of start in its own zone. Of a holiday and a weekend little is worked.
func officeDays(start time.Time, days int, holiday func(time.Time) bool) *calendar {
	c := &calendar{start: start}
	for day := range days {
		for i, weight := range officeHours {
			at := time.Date(start.Year(), start.Month(), start.Day()+day, 7+i, 0, 0, 0, start.Location())
			share := int64(20)
			switch {
			case at.Weekday() == time.Sunday:
				share = 1
			case at.Weekday() == time.Saturday:
				share = 3
			case holiday(at):
				share = 6
			}
			c.slots = append(c.slots, slot{at, c.length, weight * share})
			c.length += weight * share * hour
		}
	}
	return c
}

// steady spreads n events over n/rate seconds.
func steady(start time.Time, n int, rate float64) *calendar {
	return &calendar{start: start, length: max(1, int64(float64(n)/rate*1000))}
}

// at is the time of a position, to the millisecond, UTC.
func (c *calendar) at(position int64) time.Time {
	if c.slots == nil {
		return c.start.Add(time.Duration(position) * time.Millisecond).UTC()
	}
	i := sort.Search(len(c.slots), func(i int) bool { return c.slots[i].first > position }) - 1
	s := c.slots[i]
	return s.at.Add(time.Duration((position-s.first)/s.weight) * time.Millisecond).UTC()
}
