package fhir

import (
	"strings"
	"time"
)

// Instant is t as an instant (https://hl7.org/fhir/R4/datatypes.html#instant), which is a dateTime too, in t's
// own offset and to the millisecond.
func Instant(t time.Time) string {
	const second = len("2006-01-02T15:04:05")
	var space [40]byte
	b := t.AppendFormat(space[:0], time.RFC3339) // which package time writes without reading the layout
	ms := t.Nanosecond() / 1_000_000
	b = append(b, ".000"...)
	copy(b[second+4:], b[second:])
	b[second], b[second+1], b[second+2], b[second+3] = '.', '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10)
	return string(b)
}

// IsDate reports whether s is a date (https://hl7.org/fhir/R4/datatypes.html#date): YYYY, YYYY-MM or
// YYYY-MM-DD, of a day that exists.
func IsDate(s string) bool {
	switch len(s) {
	case 4:
		return number(s) > 0
	case 7:
		return number(s[:4]) > 0 && s[4] == '-' && month(s[5:])
	case 10:
		return number(s[:4]) > 0 && s[4] == '-' && month(s[5:7]) && s[7] == '-' && day(s)
	}
	return false
}

// IsDateTime reports whether s is a dateTime (https://hl7.org/fhir/R4/datatypes.html#dateTime): a date, or a
// full date and time with seconds and offset.
func IsDateTime(s string) bool { return IsDate(s) || IsInstant(s) }

// IsInstant reports whether s is an instant: a date and time with seconds and offset, as RFC 3339 has it. Leap
// seconds, which FHIR allows and most software does not, are none here.
func IsInstant(s string) bool {
	if len(s) < 20 || s[10] != 'T' || s[13] != ':' || s[16] != ':' || !IsDate(s[:10]) ||
		!upTo(s[11:13], 23) || !upTo(s[14:16], 59) || !upTo(s[17:19], 59) {
		return false
	}
	s = s[19:]
	if s[0] == '.' {
		digits := 1
		for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
			digits++
		}
		if digits == 1 {
			return false
		}
		s = s[digits:]
	}
	return s == "Z" || len(s) == 6 && (s[0] == '+' || s[0] == '-') && s[3] == ':' && (upTo(s[1:3], 13) && upTo(s[4:], 59) || s[1:] == "14:00")
}

// upTo reports whether s is a number of at most n.
func upTo(s string, n int) bool { v := number(s); return 0 <= v && v <= n }

// later reports whether instant a is after b, where both are in UTC, as Convene writes them.
func later(a, b string) bool {
	return len(a) == len(b) && strings.HasSuffix(a, "Z") && strings.HasSuffix(b, "Z") && a > b
}

func month(s string) bool { n := number(s); return 1 <= n && n <= 12 }

// day reports whether YYYY-MM-DD, of digits up to the month, names a day of that month.
func day(s string) bool {
	year, m, d := number(s[:4]), time.Month(number(s[5:7])), number(s[8:])
	last := time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return 1 <= d && d <= last
}

// number is the value of a string of digits, -1 for any other string.
func number(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = 10*n + int(s[i]-'0')
	}
	return n
}
