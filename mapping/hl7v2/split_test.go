package hl7v2

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		name, data string
		want       []string
	}{
		{"one", "MSH|^~\\&|A\rPID|1\r", []string{"MSH|^~\\&|A\rPID|1\r"}},
		{"one with its frame", "\vMSH|^~\\&|A\r\x1c\r", []string{"\vMSH|^~\\&|A\r\x1c\r"}},
		{"two", "MSH|^~\\&|A\r\nPID|1\r\nMSH*%$!@*B\nPID*2", []string{"MSH|^~\\&|A\r\nPID|1\r\n", "MSH*%$!@*B\nPID*2"}},
		{"batch of one", "BHS|^~\\&\rMSH|^~\\&|A\rZZ1|x\rBTS|1\r", []string{"MSH|^~\\&|A\rZZ1|x\r"}},
		{"file", "FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rBTS|1\rBHS|^~\\&\rMSH|^~\\&|B\rBTS|1\rFTS|2\r", []string{"MSH|^~\\&|A\r", "MSH|^~\\&|B\r"}},
		{"empty batch", "BHS|^~\\&\rBTS|0\r", nil},
		{"none", "hello", []string{"hello"}},
	} {
		var got []string
		for _, m := range Split([]byte(test.data)) {
			got = append(got, string(m))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
	wide := append([]byte("MSH|^~\\&|A|||||||||||||||BIG-5\rNTE|||"), 0xb3, 0x5c, '\r')
	if got := Split(wide); len(got) != 1 || !bytes.Equal(got[0], wide) {
		t.Errorf("%q", got)
	}
}
