package worker

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// TokenPath of the bearer token by which a source sends over HTTP: <network>/<source>.token beside its key. A file that is
// there is used as it is; replace it to change the token, remove it to shut the source out.
func (k Keys) TokenPath(network, source string) string {
	return filepath.Join(string(k), network, source+".token")
}

// EnsureTokens makes the missing tokens of these sources: <network>.<source>.<256 random bits>.
func (k Keys) EnsureTokens(networks []NetworkSources) error {
	for _, n := range networks {
		for _, source := range n.Sources {
			path := k.TokenPath(n.Name, source)
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				if err != nil {
					return err
				}
				continue
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			secret := make([]byte, 32)
			_, _ = rand.Read(secret) // never fails
			token := n.Name + "." + source + "." + base64.RawURLEncoding.EncodeToString(secret)
			if err := writeFileSync(path, []byte(token+"\n"), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// tokenLeast is the least length of a token that is taken: 128 bits, written as base64, behind two names.
const tokenLeast = 26

// Bearer says whose token this is. The file is read each time, so that a change counts at once.
func (k Keys) Bearer(token string) (network, source string, ok bool) {
	parts := strings.SplitN(token, ".", 3)
	if len(parts) != 3 || len(token) < tokenLeast {
		return "", "", false
	}
	n := NetworkSources{Name: parts[0], Sources: parts[1:2]}
	if n.Validate() != nil {
		return "", "", false
	}
	want, err := os.ReadFile(k.TokenPath(parts[0], parts[1]))
	if err != nil {
		return "", "", false
	}
	have := strings.TrimSpace(string(want))
	return parts[0], parts[1], len(have) >= tokenLeast && subtle.ConstantTimeCompare([]byte(have), []byte(token)) == 1
}
