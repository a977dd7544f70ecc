package desk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/convene-health/convene/mapping"
)

// Filter says which confirmations a list shows. An empty field takes all.
type Filter struct {
	Network  string           `json:"network,omitempty"`
	Status   mapping.Status   `json:"status,omitempty"`
	Program  string           `json:"program,omitempty"`
	Priority mapping.Priority `json:"priority,omitempty"`
	Source   string           `json:"source,omitempty"`
	// Text is looked for in key, program, group, reasons and, where names show, the name.
	Text string `json:"-"`
}

// textMax is how much of a text is looked for.
const textMax = 80

// takes reports whether a list shows a confirmation.
func (f *Filter) takes(e *Entry, names bool) bool {
	d := &e.Data
	return (f.Network == "" || f.Network == e.Network) &&
		(f.Status == "" || f.Status == d.Status) &&
		(f.Program == "" || f.Program == d.Program.ID) &&
		(f.Priority == "" || f.Priority == d.Priority) &&
		(f.Source == "" || f.Source == d.Referral.Source) &&
		(f.Text == "" || e.matches(f.Text, names))
}

// Any reports whether it leaves anything out.
func (f Filter) Any() bool { return f != Filter{} }

// query is the filter as it stands in an address. The text may be a name, so it is sealed.
func (f *Filter) query(s *sealer) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"network": f.Network, "status": string(f.Status), "program": f.Program, "priority": string(f.Priority), "source": f.Source,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.Text != "" {
		v.Set("text", s.seal(f.Text))
	}
	return v
}

// filterOf reads a filter from a form or an address; in an address the text is sealed.
func filterOf(r *http.Request, s *sealer) Filter {
	f := Filter{
		Network: r.FormValue("network"), Status: mapping.Status(r.FormValue("status")), Program: r.FormValue("program"),
		Priority: mapping.Priority(r.FormValue("priority")), Source: r.FormValue("source"),
	}
	if r.Method == http.MethodPost {
		f.Text = r.PostFormValue("text")
	} else {
		f.Text = s.open(r.FormValue("text"))
	}
	if len(f.Text) > textMax {
		f.Text = f.Text[:textMax]
	}
	return f
}

// sealer hides texts in addresses, which browsers and proxies keep, by AES-GCM.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (*sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{aead}, err
}

func (s *sealer) seal(text string) string {
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(text), nil))
}

// open gives nothing for what seal did not write.
func (s *sealer) open(sealed string) string {
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return ""
	}
	text, err := s.aead.Open(nil, nil, data, nil)
	if err != nil {
		return ""
	}
	return string(text)
}

// newKey is 32 random bytes.
func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}
