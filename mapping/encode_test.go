package mapping

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// fill draws every field of v, however deep: a field added to a type is drawn, and so compared, without
// a word here. Lists may be nil, empty or not.
func fill(t *rapid.T, v reflect.Value, text *rapid.Generator[string]) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), text)
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 3).Draw(t, "length"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(t, v.Index(i), text)
			}
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "given") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), text)
		}
	case reflect.String:
		if rapid.Bool().Draw(t, "given") {
			v.SetString(text.Draw(t, "text"))
		}
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "flag"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }).Draw(t, "number"))
	default:
		t.Fatalf("no way to draw a %s", v.Type())
	}
}

func standard(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// anyText draws what may be in a Go string: control characters, line separators and bytes that are not UTF-8 too.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"<a&b>", "\u2028\u2029", "\x00\b\f\n\r\t\x1f\x7f", `"\`, "\uFFFD", "é日😀", "\xe2\x80"}),
	)
}

func TestAppendReferralEqualsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var r Referral
		fill(rt, reflect.ValueOf(&r).Elem(), anyText())
		if got, want := AppendReferral(nil, &r), standard(t, &r); !bytes.Equal(got, want) {
			rt.Fatalf("\n got %s\nwant %s", got, want)
		}
	})
}

func TestAppendTargetEqualsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var target Target
		fill(rt, reflect.ValueOf(&target).Elem(), anyText())
		if got, want := AppendTarget(nil, &target), standard(t, &target); !bytes.Equal(got, want) {
			rt.Fatalf("\n got %s\nwant %s", got, want)
		}
	})
}

func TestAppendStringEqualsEncodingJSON(t *testing.T) {
	for b := range 256 {
		s := "a" + string([]byte{byte(b)}) + "z"
		if got, want := AppendString(nil, s), standard(t, s); !bytes.Equal(got, want) {
			t.Errorf("byte %d: got %s, want %s", b, got, want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := anyText().Draw(rt, "text")
		if got, want := AppendString([]byte("x"), s), append([]byte("x"), standard(t, s)...); !bytes.Equal(got, want) {
			rt.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestAppendFloatEqualsEncodingJSON(t *testing.T) {
	for _, f := range []float64{0, math.Copysign(0, -1), 1e-6, 9.99e-7, 1e-9, 1e-10, 1e20, 1e21, 1e100, 27, 0.1, math.MaxFloat64, 5e-324} {
		if got, want := appendFloat(nil, f), standard(t, f); !bytes.Equal(got, want) {
			t.Errorf("%g: got %s, want %s", f, got, want)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := string(appendFloat(nil, f)); got != "null" {
			t.Errorf("%g: got %s, want null", f, got)
		}
	}
}

func BenchmarkAppendReferral(b *testing.B) {
	r := typical()
	var room []byte
	b.ReportAllocs()
	for b.Loop() {
		room = AppendReferral(room[:0], &r)
	}
	b.SetBytes(int64(len(room)))
}

func BenchmarkContentHash(b *testing.B) {
	r := typical()
	b.ReportAllocs()
	for b.Loop() {
		ContentHash(&r)
	}
}
