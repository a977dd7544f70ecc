//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// hapi is a HAPI FHIR JPA server (.ci/hapi), a process with its files in a folder.
type hapi struct {
	folder, port string
	cmd          *exec.Cmd
	done         chan struct{}
}

// hapiMax is how long HAPI may take to begin: it makes or checks some hundred tables.
const hapiMax = 3 * time.Minute

// startHAPI on a free port. CONVENE_HAPI is the folder that `mvn package` was run in.
func startHAPI(t testing.TB) *hapi {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, err := net.SplitHostPort(free.Addr().String())
	must(t, err)
	must(t, free.Close())
	h := &hapi{folder: t.TempDir(), port: port}
	h.start(t)
	t.Cleanup(func() { h.kill() })
	return h
}

func (h *hapi) start(t testing.TB) {
	t.Helper()
	built := filepath.Join(os.Getenv("CONVENE_HAPI"), "target")
	if _, err := os.Stat(filepath.Join(built, "classes", "Server.class")); err != nil {
		t.Fatalf("no HAPI server: %v (run mvn package in .ci/hapi and set CONVENE_HAPI to that folder)", err)
	}
	logs := &logFile{}
	h.cmd = exec.Command("java", "-Xmx2g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
		"-cp", filepath.Join(built, "lib", "*")+":"+filepath.Join(built, "classes"), "Server", h.port, h.folder)
	h.cmd.Stderr = logs
	out, err := h.cmd.StdoutPipe()
	must(t, err)
	must(t, h.cmd.Start())
	h.done = make(chan struct{})
	ready := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if lines.Text() == "ready" {
				close(ready)
			}
		}
		_ = h.cmd.Wait()
		close(h.done)
	}()
	select {
	case <-ready:
	case <-h.done:
		t.Fatalf("HAPI ended: %s", tail(logs.String()))
	case <-time.After(hapiMax):
		t.Fatalf("HAPI did not start within %s: %s", hapiMax, tail(logs.String()))
	}
}

// kill the server as a power switch would.
func (h *hapi) kill() {
	_ = h.cmd.Process.Kill()
	<-h.done
}

func (h *hapi) base() string { return "http://127.0.0.1:" + h.port + "/fhir" }

// get a resource or a search as JSON.
func (h *hapi) get(t testing.TB, path string, into any) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.base()+"/"+path, nil)
	must(t, err)
	q.Header.Set("Cache-Control", "no-cache")
	answer, err := http.DefaultClient.Do(q)
	must(t, err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %s", path, answer.Status, tail(string(data)))
	}
	must(t, json.Unmarshal(data, into))
}

// count what a search finds.
func (h *hapi) count(t testing.TB, search string) int {
	t.Helper()
	separator := "?"
	if strings.Contains(search, "?") {
		separator = "&"
	}
	var found struct{ Total int }
	h.get(t, search+separator+"_summary=count", &found)
	return found.Total
}

func (h *hapi) post(t testing.TB, path string, body []byte) {
	t.Helper()
	answer, err := http.Post(h.base()+"/"+path, "application/fhir+json", bytes.NewReader(body))
	must(t, err)
	defer answer.Body.Close()
	if data, _ := io.ReadAll(answer.Body); answer.StatusCode >= 300 {
		t.Fatalf("POST %s: %s: %s", path, answer.Status, tail(string(data)))
	}
}

// lateProxy stands before a FHIR server. Some transactions it keeps until the client has given up, and carries them out
// after the next one of the same placement; of some it carries out the transaction and loses the answer.
type lateProxy struct {
	*httptest.Server
	to string

	mu    sync.Mutex
	posts int
	kept  map[string][][]byte // by Task
	late  int                 // carried out late
	took  int                 // of those that the server took
	lost  int
}

const (
	keepEvery = 15 // transactions
	loseEvery = 22
)

var taskOf = regexp.MustCompile(`"url":"(Task/[^"]+)"`)

func startLateProxy(t testing.TB, to string) *lateProxy {
	p := &lateProxy{to: to, kept: map[string][][]byte{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *lateProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	task := ""
	if m := taskOf.FindSubmatch(body); m != nil {
		task = string(m[1])
	}
	keep, lose := p.plan(r.Method, task, body)
	if keep {
		<-r.Context().Done() // until the client has given up
		return
	}
	answer, err := p.forward(r.Method, strings.TrimPrefix(r.URL.Path, "/"), body)
	if err != nil || lose {
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
	if r.Method == http.MethodPost && answer.StatusCode == http.StatusOK {
		p.release(task)
	}
}

// plan what to do with a request.
func (p *lateProxy) plan(method, task string, body []byte) (keep, lose bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if method != http.MethodPost {
		return false, false
	}
	p.posts++
	keep, lose = p.posts%keepEvery == 0, p.posts%loseEvery == 0
	if keep {
		p.kept[task] = append(p.kept[task], body)
	} else if lose {
		p.lost++
	}
	return keep, lose && !keep
}

func (p *lateProxy) forward(method, path string, body []byte) (*http.Response, error) {
	q, err := http.NewRequest(method, p.to+"/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Content-Type", "application/fhir+json")
	return http.DefaultClient.Do(q)
}

// release what is kept of a placement, or of all.
func (p *lateProxy) release(task string) {
	p.mu.Lock()
	bodies := p.kept[task]
	delete(p.kept, task)
	p.mu.Unlock()
	for _, body := range bodies {
		answer, err := p.forward(http.MethodPost, "", body)
		if err != nil {
			continue
		}
		answer.Body.Close()
		p.mu.Lock()
		p.late++
		if answer.StatusCode == http.StatusOK {
			p.took++
		}
		p.mu.Unlock()
	}
}

func (p *lateProxy) releaseAll() {
	p.mu.Lock()
	var tasks []string
	for task := range p.kept {
		tasks = append(tasks, task)
	}
	p.mu.Unlock()
	for _, task := range tasks {
		p.release(task)
	}
}

func (p *lateProxy) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("%d transactions, %d carried out late (%d taken), %d answers lost", p.posts, p.late, p.took, p.lost)
}
