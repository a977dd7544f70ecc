package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/convene-health/convene/worker"
)

// doorTest is a door on an embedded server, with the sources harbor of meadow and clinic of south.
type doorTest struct {
	testing.TB
	server *worker.Server
	url    string
	mu     sync.Mutex
	seen   []string
}

func startDoor(t testing.TB) *doorTest {
	t.Helper()
	networks := []worker.NetworkSources{{Name: "meadow", Sources: []string{"harbor"}}, {Name: "south", Sources: []string{"clinic"}}}
	s, err := worker.StartServer(worker.ServerConfig{Folder: t.TempDir(), Networks: networks, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	d := &doorTest{TB: t, server: s}
	admin := d.connect(worker.User{Role: worker.RoleAdmin})
	for _, n := range networks {
		if err := worker.EnsureStreams(t.Context(), admin.JS, n, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Keys().EnsureTokens(networks); err != nil {
		t.Fatal(err)
	}
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door := &Door{Keys: s.Keys(), Networks: func() []string { return []string{"meadow", "south", "gone"} }, Log: zerolog.Nop(),
		Connect: func(network, source string) (*worker.Conn, error) {
			return worker.Connect(worker.UserDial(s.URL(), s.Keys(), worker.User{Role: worker.RoleSource, Network: network, Source: source}))
		},
		Observe: func(network, source string, status int) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.seen = append(d.seen, fmt.Sprintf("%s.%s %d", network, source, status))
		},
		Asked: func(w http.ResponseWriter, r *http.Request, network, source string) {
			fmt.Fprintf(w, `{"asked":%q}`, network+"."+source+" "+r.URL.Path)
		}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- door.Serve(ctx, on) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	d.url = "http://" + on.Addr().String()
	return d
}

func (d *doorTest) connect(u worker.User) *worker.Conn {
	d.Helper()
	c, err := worker.Connect(worker.UserDial(d.server.URL(), d.server.Keys(), u))
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(c.Close)
	return c
}

func (d *doorTest) token(network, source string) string {
	d.Helper()
	token, err := os.ReadFile(d.server.Keys().TokenPath(network, source))
	if err != nil {
		d.Fatal(err)
	}
	return strings.TrimSpace(string(token))
}

// post sends a body and returns the status and the answer.
func (d *doorTest) post(path, token, kind, body string, headers ...string) (int, map[string]any, http.Header) {
	d.Helper()
	r, err := http.NewRequest("POST", d.url+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer answer.Body.Close()
	var said map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil && answer.StatusCode != http.StatusMethodNotAllowed {
		d.Fatal(err)
	}
	return answer.StatusCode, said, answer.Header
}

const message = "MSH|^~\\&|HARBOR|CLINIC|CONVENE|MEADOW|20261110083000-0500||REF^I14^REF_I14|HB-2|P|2.5.1\rRF1||||||R-77^HARBOR\r"

// What parses as a message is stored, as it came, under the name of its format; what is not stored is told so.
func TestDoor(t *testing.T) {
	d := startDoor(t)
	token := d.token("meadow", "harbor")
	for _, test := range []struct {
		name, path, token, kind, body string
		status                        int
		stored                        []string // Content-Type and data
	}{
		{"native", "/referrals/meadow", token, "application/cloudevents+json", `{"a":1}`, 202, []string{`application/cloudevents+json {"a":1}`}},
		{"FHIR", "/referrals/meadow", token, "application/fhir+json; charset=utf-8", `{"resourceType":"Task"}`, 202, []string{`application/fhir+json {"resourceType":"Task"}`}},
		{"HL7 v2", "/referrals/meadow", token, "application/hl7-v2", message, 202, []string{"x-application/hl7-v2+er7 " + message}},
		{"told by its beginning", "/referrals/meadow", token, "", message, 202, []string{"x-application/hl7-v2+er7 " + message}},
		{"JSON without a name", "/referrals/meadow", token, "", `[]`, 202, []string{` []`}},
		{"a batch", "/referrals/meadow", token, "", "FHS|^~\\&\rBHS|^~\\&\r" + message + message + "BTS|2\rFTS|1\r", 202,
			[]string{"x-application/hl7-v2+er7 " + message, "x-application/hl7-v2+er7 " + message}},
		{"no JSON", "/referrals/meadow", token, "application/json", `{"a":`, 400, nil},
		{"neither", "/referrals/meadow", token, "", `hello`, 400, nil},
		{"no HL7 v2", "/referrals/meadow", token, "application/hl7-v2", `hello`, 400, nil},
		{"another format", "/referrals/meadow", token, "text/csv", `a,b`, 415, nil},
		{"no format", "/referrals/meadow", token, ";;", `{}`, 415, nil},
		{"too large", "/referrals/meadow", token, "", `"` + strings.Repeat("x", 1<<20) + `"`, 413, nil},
		{"too many", "/referrals/meadow", token, "", strings.Repeat("MSH|^~\\&\r", messagesMax+1), 413, nil},
		{"no token", "/referrals/meadow", "", "", `{}`, 401, nil},
		{"a wrong token", "/referrals/meadow", token[:len(token)-1] + "_", "", `{}`, 401, nil},
		{"half a token", "/referrals/meadow", "meadow.harbor.", "", `{}`, 401, nil},
		{"a path for a token", "/referrals/meadow", "../../etc.passwd.aaaaaaaaaaaaaaaaaaaaaaaaaaa", "", `{}`, 401, nil},
		{"a network of others", "/referrals/south", token, "", `{}`, 403, nil},
		{"an unknown network", "/referrals/nowhere", token, "", `{}`, 404, nil},
		{"another path", "/referrals", token, "", `{}`, 404, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := d.inputs()
			status, said, header := d.post2(test.path, test.token, test.kind, test.body)
			after := d.inputs()[len(before):]
			if status != test.status || strings.Join(after, "\n") != strings.Join(test.stored, "\n") {
				t.Errorf("%d %v, stored %q", status, said, after)
			}
			switch {
			case len(test.stored) == 1 && (said["stream"] != "REFERRALS-meadow" || said["sequence"] != float64(len(before)+1)):
				t.Errorf("the answer is %v", said)
			case len(test.stored) == 2 && len(said["sequences"].([]any)) != 2:
				t.Errorf("the answer is %v", said)
			case status == 401 && header.Get("WWW-Authenticate") == "":
				t.Error("it does not say how to authenticate")
			case status >= 400 && test.path != "/referrals" && said["error"] == "":
				t.Error("it does not say why")
			}
		})
	}
	if d.seen[0] != "meadow.harbor 202" || d.seen[len(d.seen)-1] != "meadow.harbor 404" {
		t.Errorf("observed %q", d.seen)
	}
	if status, _, _ := d.post("/referrals/meadow", token, "application/json", `{}`, "Ce-Type", "convene.clock", "X-Other", "no"); status != 202 {
		t.Error(status)
	}
	if all := d.inputs(); all[len(all)-1] != "application/json ce-type=convene.clock {}" {
		t.Errorf("binary mode is stored as %q", all[len(all)-1])
	}
}

// post2 is post for answers that may have no body of ours.
func (d *doorTest) post2(path, token, kind, body string) (int, map[string]any, http.Header) {
	if path == "/referrals" {
		r, _ := http.NewRequest("POST", d.url+path, strings.NewReader(body))
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			d.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode, nil, answer.Header
	}
	return d.post(path, token, kind, body)
}

// inputs of meadow: format, attributes, data.
func (d *doorTest) inputs() (all []string) {
	d.Helper()
	in, err := worker.OpenIntake(d.connect(worker.User{Role: worker.RoleAdmin}), "meadow")
	if err != nil {
		d.Fatal(err)
	}
	defer in.Close()
	chunk, err := in.Read(context.Background(), 0, 1000)
	if err != nil {
		d.Fatal(err)
	}
	for _, i := range chunk.Inputs {
		line := i.Header["content-type"] + " "
		if kind := i.Header["ce-type"]; kind != "" {
			line += "ce-type=" + kind + " "
		}
		all = append(all, line+string(i.Data))
	}
	return all
}

// A token that is changed counts no more, at once; NATS down is 503 and told to be tried again.
func TestDoorWithoutTokenOrNATS(t *testing.T) {
	d := startDoor(t)
	token := d.token("meadow", "harbor")
	if status, _, _ := d.post("/referrals/meadow", token, "", `{}`); status != 202 {
		t.Fatal(status)
	}
	path := d.server.Keys().TokenPath("meadow", "harbor")
	if err := os.WriteFile(path, bytes.Replace([]byte(token), []byte("harbor."), []byte("harbor.A"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := d.post("/referrals/meadow", token, "", `{}`); status != 401 {
		t.Errorf("the old token: %d", status)
	}
	if status, _, _ := d.post("/referrals/meadow", d.token("meadow", "harbor"), "", `{}`); status != 202 {
		t.Errorf("the new token: %d", status)
	}
	if err := d.server.Keys().EnsureTokens([]worker.NetworkSources{{Name: "meadow", Sources: []string{"harbor"}}}); err != nil || !strings.Contains(d.token("meadow", "harbor"), "harbor.A") {
		t.Errorf("the token is not kept: %v", err)
	}
	south := d.token("south", "clinic") // has no connection yet
	d.server.Shutdown()
	for network, token := range map[string]string{"meadow": d.token("meadow", "harbor"), "south": south} {
		if status, said, header := d.post("/referrals/"+network, token, "", `{}`); status != 503 || header.Get("Retry-After") == "" || said["sequence"] != nil {
			t.Errorf("without NATS: %d %v", status, said)
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if status, _, _ := d.post("/referrals/meadow", token, "", `{}`); status != 401 {
		t.Errorf("without a token file: %d", status)
	}
}

// A source with its token may ask, by GET; nobody else, and nothing else.
func TestAsking(t *testing.T) {
	d := startDoor(t)
	for _, test := range []struct {
		method, token, says string
		status              int
	}{
		{http.MethodGet, d.token("meadow", "harbor"), `{"asked":"meadow.harbor /fhir/Task/a"}`, 200},
		{http.MethodGet, "", "give the source's token", 401},
		{http.MethodGet, "meadow.harbor.aaaaaaaaaaaaaaaaaaaaaaaaaa", "give the source's token", 401},
		{http.MethodPost, d.token("meadow", "harbor"), "Method Not Allowed", 405},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, d.url+"/fhir/Task/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+test.token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != test.status || !strings.Contains(string(body), test.says) {
			t.Errorf("%s with token %q: %d %s, %v", test.method, test.token, answer.StatusCode, body, err)
		}
	}
}
