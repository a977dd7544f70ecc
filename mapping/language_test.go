package mapping

import "testing"

func TestLanguageTag(t *testing.T) {
	for said, want := range map[string]string{
		"es": "es", "ES": "es", "Es-MX": "es-MX", "eN": "en", "es-MX": "es-MX", "es_MX": "es-MX", "spa": "es", "SPA": "es", "spa-MX": "es-MX", "Spanish": "es", " español ": "es",
		"Haitian Creole": "ht", "yue": "yue", "hmn": "hmn", "zh-Hans": "zh-Hans",
		"": "", "s": "", "SP": "", "ESP": "", "und": "", "mul": "", "zz-MX": "", "Martian": "", "e1": "", "é": "", "123": "", "es MX": "",
	} {
		if got := LanguageTag(said); got != want {
			t.Errorf("%q is %q, not %q", said, got, want)
		}
	}
}

func BenchmarkLanguageTag(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		LanguageTag("es-MX")
	}
}
