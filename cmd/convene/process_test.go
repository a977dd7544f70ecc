package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/generate"
)

// End-to-end tests run convene as it is used: as processes, which testscript.Main puts on the PATH.

// process is a convene command that runs until it is stopped or killed.
type process struct {
	cmd  *exec.Cmd
	ops  string // address of /metrics
	logs *logFile
	done chan struct{} // closed once it has ended
}

// logFile keeps what a process writes. Safe for concurrent use.
type logFile struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logFile) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// startupMax is how long a worker may take to read its ledger.
const startupMax = time.Minute

// startWorker runs `convene run` and waits until it works its networks.
func startWorker(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command("convene", append([]string{"run", "--log", "info", "--ops", "127.0.0.1:0", "--desk="}, args...)...),
		logs: &logFile{}, done: make(chan struct{})}
	p.cmd.Stderr = p.logs
	out, err := p.cmd.StdoutPipe()
	must(t, err)
	must(t, p.cmd.Start())
	working := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, rest, ok := strings.Cut(lines.Text(), "health and metrics at http://"); ok {
				p.ops, _, _ = strings.Cut(rest, "/")
			}
			if strings.Contains(lines.Text(), "Ctrl-C") {
				working <- true
			}
		}
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	select {
	case <-working:
	case <-p.done:
		t.Fatalf("convene run ended: %v\n%s", p.cmd.ProcessState, tail(p.logs.String()))
	case <-time.After(startupMax):
		t.Fatalf("convene run did not start within %s\n%s", startupMax, tail(p.logs.String()))
	}
	return p
}

// kill ends the process as a power switch would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop asks the process to end and waits until it has finished the batch in hand.
func (p *process) stop(t testing.TB) {
	t.Helper()
	must(t, p.cmd.Process.Signal(os.Interrupt))
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("convene run exits %d after Ctrl-C\n%s", code, tail(p.logs.String()))
	}
}

// convene runs a command to its end, which must be exit code 0, and returns its stdout.
func convene(t testing.TB, args ...string) string {
	t.Helper()
	out, text, code := conveneExit(args...)
	if code != 0 {
		t.Fatalf("convene %s exits %d:\n%s%s", strings.Join(args, " "), code, tail(out), tail(text))
	}
	return out
}

// conveneExit runs a command to its end.
func conveneExit(args ...string) (stdout, stderr string, code int) {
	cmd := exec.Command("convene", args...)
	var out, text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &text
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		return "", err.Error(), -1
	}
	return out.String(), text.String(), code
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeEvents writes generated events around now into a file, for the catalogs of the recorded week.
func makeEvents(t testing.TB, path string, o generate.Options) {
	t.Helper()
	lines, err := generate.Generate(o)
	must(t, err)
	file, err := os.Create(path)
	must(t, err)
	defer file.Close()
	w := bufio.NewWriter(file)
	for l, err := range worker.ShiftRecorded(recordedLines(lines), time.Now()) {
		must(t, err)
		must(t, worker.WriteRecorded(w, l))
	}
	must(t, w.Flush())
}

func recordedLines(lines func(func(generate.Line) bool)) func(func(worker.Recorded, error) bool) {
	return func(yield func(worker.Recorded, error) bool) {
		for l := range lines {
			r := worker.RecordInput(l.Input, l.Input.Stored)
			if l.Catalog != nil {
				r = worker.RecordCatalog(l.Network, l.Catalog)
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// follower reads a network's ledger as the admin of the server whose files are in folder.
type follower struct {
	conn    *worker.Conn
	network string
}

func follow(t testing.TB, folder, network string) *follower {
	t.Helper()
	url, err := worker.FolderURL(folder)
	must(t, err)
	conn, err := worker.Connect(worker.UserDial(url, worker.FolderKeys(folder), worker.User{Role: worker.RoleAdmin}))
	must(t, err)
	t.Cleanup(conn.Close)
	return &follower{conn, network}
}

// lastInput stored.
func (f *follower) lastInput(t testing.TB) uint64 {
	t.Helper()
	in, err := worker.OpenIntake(f.conn, f.network)
	must(t, err)
	defer in.Close()
	last, err := in.Last(t.Context())
	must(t, err)
	return last
}

// confirmations waits until an input is decided and returns all confirmations up to then, one a line.
func (f *follower) confirmations(t testing.TB, input uint64) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ledger, err := worker.OpenLedger(f.conn, f.network)
	must(t, err)
	defer ledger.Close()
	var out bytes.Buffer
	for m, err := range ledger.Follow(ctx, 0) {
		switch {
		case err != nil:
			continue // the server is away; reading goes on by itself
		case strings.HasPrefix(m.Subject, "placements."):
			out.Write(append(m.Data, '\n'))
		case m.Subject == worker.HeadSubject(f.network):
			head, err := roster.DecodeHead(m.Data)
			must(t, err)
			if head.Input >= input && !head.More {
				return out.Bytes()
			}
		}
	}
	t.Fatalf("input %d of %s is not decided in time", input, f.network)
	return nil
}

// metrics of a worker, as text.
func (p *process) metrics(t testing.TB) string { return p.get(t, "/metrics") }

// get asks a worker's operations address.
func (p *process) get(t testing.TB, path string) string {
	t.Helper()
	answer, err := http.Get("http://" + p.ops + path)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(text)
}

// ready reads a worker's /readyz.
func (p *process) ready(t testing.TB) map[string]worker.Standing {
	t.Helper()
	var standings map[string]worker.Standing
	must(t, json.Unmarshal([]byte(p.get(t, "/readyz")), &standings))
	return standings
}

// networkOfCatalog that loads.
func networkOfCatalog(t testing.TB, yaml []byte) string {
	t.Helper()
	cat, problems := program.Load(yaml)
	must(t, problems.Err())
	return cat.Network
}
