package mapping

// plainPrefix is how many bytes at the start of s a JSON string holds as they are, rounded down to a multiple
// of eight: ASCII but controls, quote and backslash. Most text is all plain, and eight bytes at a time find it
// so several times faster than one.
func plainPrefix(s string) int {
	i := 0
	for ; len(s)-i >= 8; i += 8 {
		w := s[i : i+8]
		x := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
			uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		const ones, highs = 0x0101010101010101, 0x8080808080808080
		control := x - ' '*ones // borrows into the high bit of a byte below the space
		quote := (x ^ '"'*ones) - ones
		slash := (x ^ '\\'*ones) - ones
		if (x|control|quote|slash)&highs != 0 {
			break
		}
	}
	return i
}
