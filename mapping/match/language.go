package match

import "github.com/convene-health/convene/mapping"

// language is the primary subtag of a BCP 47 tag, two or three letters, packed in base 27; 0 is none.
type language uint16

// languageOf is the language that mapping.LanguageTag reads: "es-MX" and "Spanish" are es.
func languageOf(s string) (l language) {
	for _, c := range []byte(mapping.LanguageTag(s)) {
		if c == '-' {
			break
		}
		l = l*27 + language(c|0x20-'a'+1)
	}
	return l
}

func (l language) append(b []byte) []byte {
	if l == 0 {
		return b
	}
	return append((l / 27).append(b), byte(l%27)+'a'-1)
}
