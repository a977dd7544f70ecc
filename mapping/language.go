package mapping

import (
	"strings"

	"golang.org/x/text/language"
)

// LanguageTag reads a language as senders write it: a tag whose primary subtag is of ISO 639 ("es-MX", and "es_MX" and "spa"
// as well), or the name of a language in English or its own ("Spanish", "español"). It gives the tag by BCP 47, with a primary
// subtag of two small letters where there is one; empty for what names no language.
func LanguageTag(s string) string {
	if len(s) == 2 || len(s) > 2 && s[2] == '-' {
		if !iso639.has(s[0]|0x20, s[1]|0x20) {
			return ""
		}
		if s[0]&s[1]&0x20 == 0 {
			return strings.ToLower(s[:2]) + s[2:]
		}
		return s
	}
	return languageNamed(s)
}

// languageNamed is for what is rarer than a tag that begins with two letters and a hyphen.
func languageNamed(s string) string {
	s = strings.TrimSpace(s)
	if tag := languageNames[strings.ToLower(s)]; tag != "" {
		return tag
	}
	tag := strings.ReplaceAll(s, "_", "-")
	primary, rest, more := strings.Cut(tag, "-")
	if len(primary) == 2 && more {
		return LanguageTag(tag)
	}
	base, err := language.ParseBase(primary)
	if len(primary) != 3 || err != nil || noLanguage[strings.ToLower(primary)] {
		return ""
	}
	if more {
		return base.String() + "-" + rest
	}
	return base.String()
}

// noLanguage are codes of ISO 639-2 that name no language: undetermined, several, uncoded, no linguistic content.
var noLanguage = map[string]bool{"und": true, "mul": true, "mis": true, "zxx": true}

// letterPairs is a set of words of two lower-case letters: for each first letter the bits of the second ones.
type letterPairs [26]uint32

func (p *letterPairs) has(first, second byte) bool {
	first, second = first-'a', second-'a'
	return first < 26 && second < 26 && p[first]&(1<<second) != 0
}

// iso639 are the codes of ISO 639-1.
var iso639 = func() (p letterPairs) {
	for _, code := range strings.Fields(`aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
		dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu
		ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng
		nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw
		ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu`) {
		p[code[0]-'a'] |= 1 << (code[1] - 'a')
	}
	return p
}()

// languageNames are the languages most spoken at home in the United States (American Community Survey), by their English
// name, and by their own where it is often written.
var languageNames = map[string]string{
	"english": "en", "spanish": "es", "español": "es", "espanol": "es", "castellano": "es", "spanish; castilian": "es",
	"chinese": "zh", "mandarin": "zh", "cantonese": "yue", "tagalog": "tl", "filipino": "tl", "vietnamese": "vi", "arabic": "ar",
	"french": "fr", "français": "fr", "korean": "ko", "russian": "ru", "portuguese": "pt", "português": "pt", "german": "de",
	"haitian": "ht", "haitian creole": "ht", "hindi": "hi", "polish": "pl", "italian": "it", "urdu": "ur",
	"persian": "fa", "farsi": "fa", "dari": "fa", "japanese": "ja", "gujarati": "gu", "telugu": "te", "bengali": "bn", "tamil": "ta",
	"punjabi": "pa", "panjabi": "pa", "nepali": "ne", "somali": "so", "amharic": "am", "tigrinya": "ti", "swahili": "sw", "yoruba": "yo",
	"igbo": "ig", "twi": "tw", "burmese": "my", "khmer": "km", "cambodian": "km", "lao": "lo", "laotian": "lo", "hmong": "hmn", "thai": "th",
	"ukrainian": "uk", "greek": "el", "hebrew": "he", "yiddish": "yi", "armenian": "hy", "albanian": "sq", "serbian": "sr", "croatian": "hr",
	"bosnian": "bs", "romanian": "ro", "turkish": "tr", "pashto": "ps", "kurdish": "ku", "navajo": "nv", "samoan": "sm", "hawaiian": "haw",
	"american sign language": "ase", "asl": "ase", "sign language": "sgn", "cape verdean": "kea", "cape verdean creole": "kea",
}
