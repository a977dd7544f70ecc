//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/testdata/week"
	"github.com/convene-health/convene/worker"
	"github.com/convene-health/convene/worker/generate"
)

// The crash test: a NATS server and two workers on one network, each a process, killed at random under load.
//
//	CONVENE_SEED   the seed to do again what a failed run did; else by the clock
//	CONVENE_CRASH  how long the load lasts; 60s
const (
	crashRate       = 300 // messages a second, duplicates included
	crashDuplicates = 0.05
	crashTakeOver   = 2 * time.Second // of `convene run`
)

func init() {
	if at := os.Getenv("CONVENE_TEST_SERVER"); at != "" {
		serveUntilKilled(at)
	}
}

// serveUntilKilled is the NATS server under test: "<port> <catalog file> <folder>". It ends with its standard input.
func serveUntilKilled(at string) {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	parts := strings.SplitN(at, " ", 3)
	port, err := strconv.Atoi(parts[0])
	fail(err)
	yaml, err := os.ReadFile(parts[1])
	fail(err)
	cat, problems := program.Load(yaml)
	fail(problems.Err())
	n := worker.NetworkSources{Name: cat.Network}
	for _, s := range cat.Sources {
		n.Sources = append(n.Sources, s.Name)
	}
	server, err := worker.StartServer(worker.ServerConfig{Folder: parts[2], Port: port, Networks: []worker.NetworkSources{n}, Log: zerolog.New(os.Stderr)})
	fail(err)
	admin, err := worker.Connect(worker.UserDial(server.URL(), server.Keys(), worker.User{Role: worker.RoleAdmin}))
	fail(err)
	fail(worker.EnsureStreams(context.Background(), admin.JS, n, 1))
	fmt.Println("ready", server.URL())
	_, _ = bufio.NewReader(os.Stdin).ReadString(0)
	os.Exit(0)
}

func TestCrash(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CONVENE_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		must(t, err)
	}
	load := time.Minute
	if s := os.Getenv("CONVENE_CRASH"); s != "" {
		var err error
		load, err = time.ParseDuration(s)
		must(t, err)
	}
	t.Logf("seed: CONVENE_SEED=%d", seed)
	c := newCrash(t, seed, load)
	c.startServer(t)
	convene(t, c.admin("catalog", "apply", c.catalog)...)
	c.workers[0].process, c.workers[1].process = c.startWorker(t, 0), c.startWorker(t, 1)
	c.acts = append(c.acts, time.Now()) // one of them has to take over first
	sender := c.send(t)
	c.havoc(t)
	sender.wait(t)
	c.judge(t, sender)
}

// crash is one run.
type crash struct {
	folder, data, catalog string
	port                  int
	seed                  uint64
	load                  time.Duration
	events                []worker.Recorded
	rand                  *rand.Rand
	server                *exec.Cmd
	serverIn              interface{ Close() error }
	workers               [2]struct {
		*process
		logs []*logFile // of all its lives
	}
	acts []time.Time // when something was killed, stopped or started
}

func newCrash(t *testing.T, seed uint64, load time.Duration) *crash {
	folder := t.TempDir()
	c := &crash{folder: folder, data: filepath.Join(folder, "server"), catalog: filepath.Join(folder, "riverside.yaml"), seed: seed, load: load,
		rand: rand.New(rand.NewPCG(seed, 1))}
	path := filepath.Join(folder, "events.ndjson")
	count := int(crashRate * load.Seconds())
	makeEvents(t, path, generate.Options{Seed: seed, Count: count, Rate: crashRate, Start: time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC), Catalogs: week.Catalogs()[:1]})
	for l, err := range worker.ReadEventFile(path) {
		must(t, err)
		_, source := l.Address()
		switch {
		case l.IsCatalog():
			must(t, os.WriteFile(c.catalog, l.Data, 0o600))
		case !strings.HasPrefix(source, "_"):
			c.events = append(c.events, l)
		}
	}
	return c
}

// admin's arguments to a command.
func (c *crash) admin(args ...string) []string {
	return append(args, "--nats", c.url(), "--nkey", worker.FolderKeys(c.data).Path(worker.User{Role: worker.RoleAdmin}), "--inbox", "_INBOX_admin")
}

func (c *crash) url() string { return "nats://127.0.0.1:" + strconv.Itoa(c.port) }

// startServer starts the server, on the port it had before.
func (c *crash) startServer(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	c.server = exec.Command(self)
	c.server.Env = append(os.Environ(), fmt.Sprintf("CONVENE_TEST_SERVER=%d %s %s", c.port, c.catalog, c.data))
	c.server.Stderr = os.Stderr
	c.serverIn, err = c.server.StdinPipe()
	must(t, err)
	out, err := c.server.StdoutPipe()
	must(t, err)
	must(t, c.server.Start())
	t.Cleanup(c.killServer)
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	_, at, _ := strings.Cut(strings.TrimSpace(line), "127.0.0.1:")
	c.port, err = strconv.Atoi(at)
	must(t, err)
}

func (c *crash) killServer() {
	_ = c.server.Process.Kill()
	_ = c.server.Wait()
}

func (c *crash) startWorker(t *testing.T, i int) *process {
	t.Helper()
	p := startWorker(t, "--nats", c.url(), "--network", "riverside", "--data", filepath.Join(c.folder, "worker"+strconv.Itoa(i)),
		"--nkey", worker.FolderKeys(c.data).Path(worker.User{Role: worker.RoleWorker}), "--inbox", "_INBOX_worker")
	c.workers[i].logs = append(c.workers[i].logs, p.logs)
	return p
}

// sender publishes the events at their rate, some twice, each until it is told that it is stored.
type sender struct {
	mu     sync.Mutex
	acked  map[uint64][32]byte // by sequence, the hash of what was sent
	again  int
	done   chan struct{}
	failed error
}

// ackMax is how long the sender tries to get one message stored.
const ackMax = time.Minute

func (c *crash) send(t *testing.T) *sender {
	s := &sender{acked: map[uint64][32]byte{}, done: make(chan struct{})}
	dice := rand.New(rand.NewPCG(c.seed, 2))
	conn := follow(t, c.data, "riverside").conn
	go func() {
		defer close(s.done)
		var under sync.WaitGroup
		defer under.Wait()
		tick := time.NewTicker(time.Second / crashRate)
		defer tick.Stop()
		end := time.After(c.load)
		for next := 0; next < len(c.events); {
			event := c.events[next]
			if next > 0 && dice.Float64() < crashDuplicates {
				event = c.events[dice.IntN(next)]
				s.again++
			} else {
				next++
			}
			under.Go(func() { s.publish(conn, event) })
			select {
			case <-tick.C:
			case <-end:
				return
			}
		}
	}()
	return s
}

// publish tries until the message is stored: it may then be stored twice.
func (s *sender) publish(conn *worker.Conn, r worker.Recorded) {
	ctx, cancel := context.WithTimeout(context.Background(), ackMax)
	defer cancel()
	var err error
	for ctx.Err() == nil {
		m := &nats.Msg{Subject: r.Subject, Data: r.Data, Header: nats.Header{}}
		for name, value := range r.Headers {
			m.Header.Set(name, value)
		}
		ack, failed := conn.Publish(ctx, m)
		s.mu.Lock()
		if failed == nil {
			s.acked[ack.Sequence] = sha256.Sum256(r.Data)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		err = failed
		pause(ctx, 100*time.Millisecond)
	}
	s.mu.Lock()
	s.failed = fmt.Errorf("never acknowledged: %w", err)
	s.mu.Unlock()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (s *sender) wait(t *testing.T) {
	t.Helper()
	<-s.done
	must(t, s.failed)
}

// havoc kills and restarts until the load ends; then all run.
func (c *crash) havoc(t *testing.T) {
	counts := map[string]int{}
	for end := time.Now().Add(c.load); time.Now().Before(end); {
		c.let(t, time.Second, 5*time.Second)
		i := c.rand.IntN(2)
		act := []string{"kill worker", "kill worker", "kill server", "kill both", "freeze worker"}[c.rand.IntN(5)]
		counts[act]++
		c.acts = append(c.acts, time.Now())
		if act == "freeze worker" {
			c.freeze(t, i)
			continue
		}
		if act != "kill server" {
			c.workers[i].kill()
		}
		if act != "kill worker" {
			c.killServer()
			c.let(t, 0, 2*time.Second)
			c.startServer(t)
		}
		if act != "kill server" {
			c.let(t, 0, 3*time.Second)
			c.workers[i].process = c.startWorker(t, i)
		}
		c.acts = append(c.acts, time.Now())
	}
	t.Logf("havoc: %v", counts)
}

// freeze stops a worker for longer than it takes the other to take over.
func (c *crash) freeze(t *testing.T, i int) {
	must(t, c.workers[i].cmd.Process.Signal(syscall.SIGSTOP))
	c.let(t, crashTakeOver, 3*crashTakeOver)
	must(t, c.workers[i].cmd.Process.Signal(syscall.SIGCONT))
	c.acts = append(c.acts, time.Now())
}

// let it go on for a while; a worker that ends by itself fails the test.
func (c *crash) let(t *testing.T, least, most time.Duration) {
	t.Helper()
	timer := time.NewTimer(least + time.Duration(c.rand.Int64N(int64(most-least))))
	defer timer.Stop()
	for i := range c.workers {
		select {
		case <-c.workers[i].done:
			if c.workers[i].cmd.ProcessState.Exited() {
				t.Fatalf("worker %d ended by itself: %s\n%s", i, c.workers[i].cmd.ProcessState, tail(c.workers[i].process.logs.String()))
			}
		default:
		}
	}
	<-timer.C
}

// judge waits until all is decided and holds the ledger against what was acknowledged.
func (c *crash) judge(t *testing.T, s *sender) {
	f := follow(t, c.data, "riverside")
	last := f.lastInput(t)
	began := time.Now()
	confirmations := f.confirmations(t, last)
	caughtUp := time.Since(began)
	var report worker.Report
	must(t, json.Unmarshal([]byte(convene(t, c.admin("verify", "--json", "--network", "riverside")...)), &report))
	if len(report.Faults) > 0 || report.Pending > 0 || report.Decided < last {
		t.Errorf("verify: %+v", report)
	}
	if lost := s.lost(t, f); lost > 0 {
		t.Errorf("%d acknowledged messages are not where they were stored", lost)
	}
	all, settled := c.conflicts(t)
	t.Logf("%d messages acknowledged (%d sent twice), %d stored, all decided %s after the load: %d batches, %d confirmations, %d waiting; %d conflicts, %d of them outside take-overs",
		len(s.acked), s.again, last, caughtUp.Round(time.Millisecond), report.Batches, bytes.Count(confirmations, []byte("\n")), report.Counts.Waiting, all, settled)
	if settled*100 >= report.Batches {
		t.Errorf("%d conflicts outside take-overs in %d batches, want under 1 in 100", settled, report.Batches)
	}
	c.replay(t, confirmations)
}

// lost counts the acknowledged messages that are not at their sequence.
func (s *sender) lost(t *testing.T, f *follower) int {
	in, err := worker.OpenIntake(f.conn, f.network)
	must(t, err)
	defer in.Close()
	rest := len(s.acked)
	for after := uint64(0); ; {
		chunk, err := in.Read(t.Context(), after, 1000)
		must(t, err)
		if len(chunk.Inputs) == 0 {
			return rest
		}
		for _, i := range chunk.Inputs {
			if want, ok := s.acked[i.Sequence]; ok && want == sha256.Sum256(i.Data) {
				rest--
			}
			after = i.Sequence
		}
	}
}

// conflicts in the workers' logs: all, and those that no kill, freeze or start shortly before explains.
func (c *crash) conflicts(t *testing.T) (all, settled int) {
	for i := range c.workers {
		for _, log := range c.workers[i].logs {
			for line := range strings.Lines(log.String()) {
				var l struct {
					Level, Message, Error string
					Time                  time.Time
				}
				if json.Unmarshal([]byte(line), &l) != nil || l.Message != "batch" || !strings.Contains(l.Error, worker.ErrConflict.Error()) {
					continue
				}
				all++
				if !c.takeOver(l.Time) {
					settled++
					t.Logf("worker %d: %s", i, line)
				}
			}
		}
	}
	return all, settled
}

// takeOver reports whether a worker may have taken over at that time. Logs tell whole seconds.
func (c *crash) takeOver(at time.Time) bool {
	for _, act := range c.acts {
		if after := at.Sub(act); after > -2*time.Second && after < 3*crashTakeOver {
			return true
		}
	}
	return false
}

// replay expects the record of all this to give the same confirmations.
func (c *crash) replay(t *testing.T, confirmations []byte) {
	expect, recorded := filepath.Join(c.folder, "expect.ndjson"), filepath.Join(c.folder, "recorded.ndjson")
	must(t, os.WriteFile(expect, confirmations, 0o600))
	convene(t, c.admin("record", "--network", "riverside", "-o", recorded)...)
	t.Log(convene(t, "replay", "--expect", expect, recorded))
}
