package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rs/zerolog"

	"github.com/convene-health/convene/worker"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"convene": main})
}

// TestScripts runs testdata/script/*.txtar. Beside testscript's commands they have:
//
//	exits CODE convene ARG...        runs it and compares the exit code; stdout and stderr can be matched afterwards
//	server NETWORK.SOURCE...         an embedded server with its streams in $WORK/convene-data; sets $NATS, and $TAKEN to its address
//	decide NETWORK SOURCE KEY FILE   appends the file as a confirmation, with a head
//	watching NETWORK SOURCE KEY FILE OUT   starts convene watch, decides once it is watching, and keeps its line in OUT
//	stored NETWORK FILE              writes what the network's inputs hold: source, a tab, data
//	large FILE BYTES                 makes a file of that size
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "server": startServer, "decide": decide, "watching": watchOne, "stored": stored, "large": large,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if (code == want) == neg {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func large(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat("x", size)), 0o600))
}

func startServer(ts *testscript.TestScript, _ bool, args []string) {
	var networks []worker.NetworkSources
	for _, arg := range args {
		network, source, _ := strings.Cut(arg, ".")
		if n := len(networks); n == 0 || networks[n-1].Name != network {
			networks = append(networks, worker.NetworkSources{Name: network})
		}
		networks[len(networks)-1].Sources = append(networks[len(networks)-1].Sources, source)
	}
	server, err := worker.StartServer(worker.ServerConfig{Folder: ts.MkAbs("convene-data"), Networks: networks, Log: zerolog.Nop()})
	ts.Check(err)
	ts.Defer(server.Shutdown)
	ts.Setenv("NATS", server.URL())
	ts.Setenv("TAKEN", strings.TrimPrefix(server.URL(), "nats://"))
	admin := connect(ts, worker.User{Role: worker.RoleAdmin})
	defer admin.Close()
	for _, n := range networks {
		ts.Check(worker.EnsureStreams(context.Background(), admin.JS, n, 1))
	}
}

func connect(ts *testscript.TestScript, u worker.User) *worker.Conn {
	conn, err := worker.Connect(worker.UserDial(ts.Getenv("NATS"), worker.FolderKeys(ts.MkAbs("convene-data")), u))
	ts.Check(err)
	return conn
}

func decide(ts *testscript.TestScript, _ bool, args []string) {
	network, source, key := args[0], args[1], args[2]
	conn := connect(ts, worker.User{Role: worker.RoleWorker})
	defer conn.Close()
	ledger, err := worker.OpenLedger(conn, network)
	ts.Check(err)
	end, err := ledger.End(context.Background())
	ts.Check(err)
	head := worker.HeadSubject(network)
	_, err = worker.Append(context.Background(), conn.JS, []worker.Msg{
		{Subject: worker.ConfirmationSubject(network, source, key), Data: []byte(ts.ReadFile(args[3]))},
		{Subject: head},
	}, head, end)
	ts.Check(err)
}

func watchOne(ts *testscript.TestScript, _ bool, args []string) {
	watch := exec.Command("convene", "watch", "--network", args[0], "--count", "1")
	watch.Dir = ts.MkAbs(".")
	var out strings.Builder
	watch.Stdout = &out
	told, err := watch.StderrPipe()
	ts.Check(err)
	ts.Check(watch.Start())
	if line, err := bufio.NewReader(told).ReadString('\n'); err != nil || !strings.HasPrefix(line, "watching") {
		ts.Fatalf("watch said %q, %v", line, err)
	}
	decide(ts, false, args[:4])
	ts.Check(watch.Wait())
	ts.Check(os.WriteFile(ts.MkAbs(args[4]), []byte(out.String()), 0o600))
}

func stored(ts *testscript.TestScript, _ bool, args []string) {
	conn := connect(ts, worker.User{Role: worker.RoleWorker})
	defer conn.Close()
	intake, err := worker.OpenIntake(conn, args[0])
	ts.Check(err)
	chunk, err := intake.Read(context.Background(), 0, 1000)
	ts.Check(err)
	var text strings.Builder
	for _, in := range chunk.Inputs {
		fmt.Fprintf(&text, "%s\t%s\n", in.Source, strings.ReplaceAll(string(in.Data), "\r", "\n"))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text.String()), 0o600))
}
