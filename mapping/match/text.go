package match

// screenText is filled in by the phrase matcher.
func screenText(hits []Hit, text, prefix string, i int, suffix string) []Hit { return hits }
