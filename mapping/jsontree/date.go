package jsontree

import "time"

// Date reads a FHIR date: YYYY, YYYY-MM or YYYY-MM-DD, a day of the calendar
// (https://hl7.org/fhir/R4/datatypes.html#date).
func (c Cursor) Date() string {
	s := c.Text(dateTimeMax)
	if s != "" && !validDate(s) {
		c.Fail(InvalidDate, "expected a date of the calendar: YYYY, YYYY-MM or YYYY-MM-DD")
		return ""
	}
	return s
}

// DateTime reads a FHIR dateTime: a date, or a date and time with seconds and offset as in RFC 3339
// (https://hl7.org/fhir/R4/datatypes.html#dateTime). Leap seconds are not accepted.
func (c Cursor) DateTime() string {
	s := c.Text(dateTimeMax)
	if s != "" && !validDate(s) && !validInstant(s) {
		c.Fail(InvalidDate, "expected YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with Z or an offset")
		return ""
	}
	return s
}

// Time reads an RFC 3339 time with offset, as UTC.
func (c Cursor) Time() time.Time {
	s := c.Text(dateTimeMax)
	if s == "" {
		return time.Time{}
	}
	t, ok := ParseTime(s)
	if !ok {
		c.Fail(InvalidDate, "expected an RFC 3339 time: YYYY-MM-DDThh:mm:ss with Z or an offset")
	}
	return t
}

// ParseTime reads an RFC 3339 time with offset, as UTC.
func ParseTime(s string) (time.Time, bool) {
	if !validInstant(s) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, false
	}
	return t, true
}

// dateTimeMax characters are enough for nanoseconds and an offset.
const dateTimeMax = 40

// validDate reports whether s is YYYY, YYYY-MM or YYYY-MM-DD of a year from 1 to 9999.
func validDate(s string) bool {
	year, ok := digits(s, 0, 4)
	if !ok || year == 0 {
		return false
	}
	if len(s) == 4 {
		return true
	}
	month, ok := digits(s, 5, 7)
	if !ok || s[4] != '-' || month < 1 || month > 12 {
		return false
	}
	if len(s) == 7 {
		return true
	}
	day, ok := digits(s, 8, 10)
	return ok && len(s) == 10 && s[7] == '-' && day >= 1 && day <= daysIn(year, month)
}

func daysIn(year, month int) int {
	switch {
	case month == 2 && (year%4 == 0 && year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

// validInstant reports whether s is YYYY-MM-DDThh:mm:ss[.fraction](Z|+hh:mm|-hh:mm), offset at most 14:00.
func validInstant(s string) bool {
	if len(s) < len("2006-01-02T15:04:05Z") || !validDate(s[:10]) || s[10] != 'T' || !validClock(s[11:19], 23) {
		return false
	}
	zone := s[19:]
	if zone[0] == '.' {
		end := 1
		for end < len(zone) && '0' <= zone[end] && zone[end] <= '9' {
			end++
		}
		if end == 1 {
			return false
		}
		zone = zone[end:]
	}
	if zone == "Z" {
		return true
	}
	return len(zone) == 6 && (zone[0] == '+' || zone[0] == '-') && validClock(zone[1:]+":00", 13) || zone == "+14:00" || zone == "-14:00"
}

// validClock reports whether s is hh:mm:ss with hours up to hourMax.
func validClock(s string, hourMax int) bool {
	hour, ok1 := digits(s, 0, 2)
	minute, ok2 := digits(s, 3, 5)
	second, ok3 := digits(s, 6, 8)
	return ok1 && ok2 && ok3 && s[2] == ':' && s[5] == ':' && hour <= hourMax && minute <= 59 && second <= 59
}

// digits reads s[from:to] as a number; ok is false when s is shorter or holds anything else there.
func digits(s string, from, to int) (n int, ok bool) {
	if len(s) < to {
		return 0, false
	}
	for i := from; i < to; i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}
