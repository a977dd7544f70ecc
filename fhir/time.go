package fhir

import (
	"strings"
	"time"
)

// instant is https://hl7.org/fhir/R4/datatypes.html#instant to the millisecond.
const instant = "2006-01-02T15:04:05.000Z07:00"

// Instant is t as an instant, which is a dateTime too, in t's own offset and to the millisecond.
func Instant(t time.Time) string { return t.Format(instant) }

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

// IsInstant reports whether s is an instant: a date and time with seconds and offset, as RFC 3339 has it.
func IsInstant(s string) bool {
	if len(s) < 20 || s[10] != 'T' || !IsDate(s[:10]) {
		return false
	}
	_, err := time.Parse(time.RFC3339, s)
	return err == nil
}

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
