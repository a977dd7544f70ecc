package worker

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// testNetworks: two networks, so that whatever is told apart by network can be mixed up.
var testNetworks = []NetworkSources{
	{Name: "north", Sources: []string{"clinic", "hospital"}},
	{Name: "south", Sources: []string{"clinic"}},
}

// startTest starts an embedded server with the streams of testNetworks.
func startTest(t testing.TB) *Server {
	t.Helper()
	s, err := StartServer(ServerConfig{Folder: t.TempDir(), Networks: testNetworks, Log: zerolog.New(zerolog.NewTestWriter(t))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	admin := connectTest(t, s, User{Role: RoleAdmin})
	for _, n := range testNetworks {
		if err := EnsureStreams(t.Context(), admin.JS, n, 1); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// connectTest connects as a user for the length of the test.
func connectTest(t testing.TB, s *Server, u User) *Conn {
	t.Helper()
	c, err := Connect(UserDial(s.URL(), s.Keys(), u))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// inputs of a network stored by the admin.
func storeInputs(t testing.TB, c *Conn, network, source string, data ...string) {
	t.Helper()
	for _, d := range data {
		if _, err := c.JS.Publish(t.Context(), InputSubject(network, source), []byte(d)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServerKeepsKeysAndMessagesOverRestart(t *testing.T) {
	config := ServerConfig{Folder: t.TempDir(), Networks: testNetworks, Log: zerolog.Nop()}
	first, err := StartServer(config)
	if err != nil {
		t.Fatal(err)
	}
	source := User{Role: RoleSource, Network: "north", Source: "clinic"}
	key, err := first.Keys().Public(source)
	if err != nil {
		t.Fatal(err)
	}
	c := connectTest(t, first, User{Role: RoleAdmin})
	if err := EnsureStreams(t.Context(), c.JS, testNetworks[0], 1); err != nil {
		t.Fatal(err)
	}
	storeInputs(t, c, "north", "clinic", "kept")
	first.Shutdown()

	second, err := StartServer(config)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Shutdown()
	if again, _ := second.Keys().Public(source); again != key {
		t.Errorf("key of %s changed from %s to %s", source, key, again)
	}
	in, err := OpenIntake(connectTest(t, second, User{Role: RoleWorker}), "north")
	if err != nil {
		t.Fatal(err)
	}
	if chunk, err := in.Read(t.Context(), 0, 10); err != nil || len(chunk.Inputs) != 1 || string(chunk.Inputs[0].Data) != "kept" {
		t.Errorf("after a restart read %v, %v", chunk, err)
	}
}

func TestServerFilesAndAddress(t *testing.T) {
	s := startTest(t)
	host, _, err := net.SplitHostPort(s.nats.Addr().String())
	if err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("listens on %s, want loopback", host)
	}
	for _, u := range Users(testNetworks) {
		info, err := os.Stat(s.Keys().Path(u))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("key of %s: %v, %v", u, info, err)
		}
	}
	if url, err := FolderURL(filepath.Dir(string(s.Keys()))); err != nil || url != s.URL() {
		t.Errorf("URL in the folder is %q, %v", url, err)
	}
	if o, err := s.options(testNetworks); err != nil || !o.SyncAlways {
		t.Errorf("SyncAlways is off: %v", err)
	}
}

func TestServerRefusesKeyOthersCanRead(t *testing.T) {
	s := startTest(t)
	if err := os.Chmod(s.Keys().Path(User{Role: RoleWorker}), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Allow(testNetworks); err == nil {
		t.Error("a key file of mode 0644 was used")
	}
}

func TestAllowAddsASource(t *testing.T) {
	s := startTest(t)
	clinic := connectTest(t, s, User{Role: RoleSource, Network: "north", Source: "clinic"})
	more := []NetworkSources{{Name: "north", Sources: []string{"clinic", "hospital", "school"}}, testNetworks[1]}
	if err := s.Allow(more); err != nil {
		t.Fatal(err)
	}
	if err := EnsureStreams(t.Context(), connectTest(t, s, User{Role: RoleAdmin}).JS, more[0], 1); err != nil {
		t.Fatal(err)
	}
	for c, source := range map[*Conn]string{
		connectTest(t, s, User{Role: RoleSource, Network: "north", Source: "school"}): "school",
		clinic: "clinic",
	} {
		if _, err := c.Publish(context.Background(), message(InputSubject("north", source), "x")); err != nil {
			t.Errorf("%s after the change: %v", source, err)
		}
	}
}

func TestNamesThatCannotBeTokens(t *testing.T) {
	for _, n := range []NetworkSources{{Name: ""}, {Name: "North"}, {Name: "a.b"}, {Name: "a b"}, {Name: "_x"}, {Name: "a>"}, {Name: "-a"},
		{Name: "north", Sources: []string{"_admin"}}, {Name: "north", Sources: []string{"a", "a"}}, {Name: "north", Sources: []string{"../x"}}} {
		if n.Validate() == nil {
			t.Errorf("%+v is taken", n)
		}
	}
}

func TestServerKeepsToItsFolderAndPort(t *testing.T) {
	config := ServerConfig{Folder: t.TempDir(), Networks: testNetworks, Log: zerolog.Nop()}
	first, err := StartServer(config)
	if err != nil {
		t.Fatal(err)
	}
	var busy *BusyError
	if _, err := StartServer(config); !errors.As(err, &busy) || !strings.Contains(err.Error(), config.Folder) {
		t.Errorf("a second server on one folder: %v", err)
	}
	if url, err := FolderURL(config.Folder); err != nil || url != first.URL() {
		t.Errorf("the folder names %s, %v; want the first server, %s", url, err, first.URL())
	}
	port := first.nats.Addr().(*net.TCPAddr).Port
	if _, err := StartServer(ServerConfig{Folder: t.TempDir(), Port: port, Networks: testNetworks, Log: zerolog.Nop()}); !errors.As(err, &busy) {
		t.Errorf("a second server on one port: %v", err)
	}
	first.Shutdown()
	again, err := StartServer(config)
	if err != nil {
		t.Fatalf("the folder of a server that has ended: %v", err)
	}
	again.Shutdown()
}
