package jsonscan

import (
	"fmt"
	"strings"
	"testing"
)

func TestScanner(t *testing.T) {
	s := New([]byte(` {"skip":{"a":["]",{"b":null}],"c":-1.5e3},"word":"a\"b","n":18446744073709551615,"neg":-7,"yes":true,"list":[1, 2],"no":false} `))
	var got []string
	s.Object(func(name []byte) {
		switch string(name) {
		case "word":
			got = append(got, string(s.Text()))
		case "n":
			got = append(got, fmt.Sprint(s.Uint(1<<64-1)))
		case "neg":
			got = append(got, fmt.Sprint(s.Int()))
		case "yes":
			got = append(got, fmt.Sprint(s.True()))
		case "list":
			s.Array(func() { got = append(got, fmt.Sprint(s.Uint(2))) })
		default:
			s.Skip()
		}
	})
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	if want := `a"b 18446744073709551615 -7 true 1 2`; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRaw(t *testing.T) {
	s := New([]byte(`[ {"a":"}"} , 12,"x" ]`))
	var got []string
	s.Array(func() { got = append(got, string(s.Raw())) })
	if want := `{"a":"}"} 12 "x"`; s.End() != nil || strings.Join(got, " ") != want {
		t.Errorf("got %q, %v", got, s.Err())
	}
}

func TestStop(t *testing.T) {
	s := New([]byte(`{"a":1,"b":`))
	s.Object(func([]byte) {
		s.Uint(9)
		s.Stop()
	})
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestFaults(t *testing.T) {
	for text, read := range map[string]func(*Scanner){
		``:            func(s *Scanner) { s.Object(nil) },
		`{"a"`:        func(s *Scanner) { s.Object(nil) },
		`{"a":1 "b":`: func(s *Scanner) { s.Object(func([]byte) { s.Uint(9) }) },
		`[1`:          func(s *Scanner) { s.Array(func() { s.Uint(9) }) },
		`"a`:          func(s *Scanner) { s.Text() },
		`"\x"`:        func(s *Scanner) { s.Text() },
		`256`:         func(s *Scanner) { s.Uint(255) },
		`-`:           func(s *Scanner) { s.Int() },
		`tru`:         func(s *Scanner) { s.True() },
		`{"a":[}`:     func(s *Scanner) { s.Skip(); s.End() },
		`1 2`:         func(s *Scanner) { s.Uint(9); s.End() },
	} {
		s := New([]byte(text))
		if read(s); s.Err() == nil {
			t.Errorf("%s is read without a fault", text)
		}
	}
}
