package worker

import (
	"bytes"
	"iter"
	"regexp"
	"time"
)

// ShiftRecorded moves the dates of recorded lines by whole days, so that the first input falls in the 24 hours before
// now: the lines' own times, the dates inside events and catalogs, and with them the catalogs' hashes. Times of day,
// weekdays apart, stay as they are. Dates further than three years from the first input stay too: dates of birth, old
// diagnoses.
func ShiftRecorded(lines iter.Seq2[Recorded, error], now time.Time) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		var s *shift
		var waiting []Recorded // catalogs before the first input
		for line, err := range lines {
			if err != nil {
				yield(Recorded{}, err)
				return
			}
			if s == nil && (line.IsCatalog() || line.Time.IsZero()) {
				waiting = append(waiting, line)
				continue
			}
			if s == nil {
				s = newShift(line.Time, now)
			}
			for _, w := range append(waiting, line) {
				if !yield(s.line(w), nil) {
					return
				}
			}
			waiting = nil
		}
		for _, w := range waiting { // nothing tells when it was
			if !yield(w, nil) {
				return
			}
		}
	}
}

type shift struct {
	first  time.Time
	days   int
	hashes map[string]string // of catalogs, before and after
}

const day = 24 * time.Hour

func newShift(first, now time.Time) *shift {
	days := now.Sub(first) / day
	if first.Add(days * day).After(now) {
		days--
	}
	return &shift{first: first, days: int(days), hashes: map[string]string{}}
}

func (s *shift) line(r Recorded) Recorded {
	if !r.Time.IsZero() {
		r.Time = r.Time.AddDate(0, 0, s.days)
	}
	r.Data = s.data(r.Data)
	if r.IsCatalog() {
		hash := CatalogHash(r.Data)
		s.hashes[r.Catalog], r.Catalog = hash, hash
	}
	if r.Headers["ce-time"] != "" {
		headers := map[string]string{}
		for name, value := range r.Headers {
			headers[name] = value
		}
		headers["ce-time"] = string(s.data([]byte(headers["ce-time"])))
		r.Headers = headers
	}
	return r
}

var (
	isoDate = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)
	hl7Date = regexp.MustCompile(`[|^~&]\d{8}`)
)

// data with its dates moved. A date is told from a part of an identifier by what stands around it.
func (s *shift) data(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("MSH")) {
		return s.replace(data, hl7Date, "20060102", 1, func(_, after byte) bool { return after != '-' })
	}
	data = s.replace(data, isoDate, time.DateOnly, 0, func(before, after byte) bool {
		return !wordByte(before) && (after == 'T' || !wordByte(after))
	})
	for old, hash := range s.hashes {
		data = bytes.ReplaceAll(data, []byte(old), []byte(hash))
	}
	return data
}

func wordByte(b byte) bool {
	return b == '-' || b == '_' || b == '/' || b == '.' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

// nearMax is how far from the first input a date is still one of the week's.
const nearMax = 3 * 365 * day

func (s *shift) replace(data []byte, pattern *regexp.Regexp, layout string, lead int, is func(before, after byte) bool) []byte {
	moved := bytes.Clone(data)
	for _, at := range pattern.FindAllIndex(data, -1) {
		from, to := at[0]+lead, at[1]
		var before, after byte
		if from > 0 {
			before = data[from-1]
		}
		if to < len(data) {
			after = data[to]
		}
		date, err := time.Parse(layout, string(data[from:to]))
		if err != nil || !is(before, after) || date.Sub(s.first).Abs() > nearMax {
			continue
		}
		copy(moved[from:to], date.AddDate(0, 0, s.days).Format(layout))
	}
	return moved
}
