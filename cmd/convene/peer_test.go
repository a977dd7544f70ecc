//go:build e2e

package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/convene-health/convene/mapping/hl7v2"
)

// TestPeers speaks with software that is not ours, over real sockets: mllp_send of Debian's python3-hl7 and the client and server of
// npm's @medplum/hl7, which CONVENE_MEDPLUM names the folder of (where node_modules is).
func TestPeers(t *testing.T) {
	medplum := os.Getenv("CONVENE_MEDPLUM")
	if medplum == "" {
		t.Fatal("CONVENE_MEDPLUM is not set: the folder in which `npm install @medplum/core @medplum/hl7` was run")
	}
	answers := freeAddress(t)
	r := newHL7Run(t, "--mllp-to", "meadow/orchard="+answers)
	_, to, err := net.SplitHostPort(r.address)
	must(t, err)
	_, from, err := net.SplitHostPort(answers)
	must(t, err)

	// python3-hl7: original mode, then enhanced; what it prints is the acknowledgement. Its own answers wait for medplum.
	original := bytes.Replace(referralMessage(1), []byte("|AL|AL"), nil, 1)
	for _, test := range []struct {
		message []byte
		want    string
	}{{original, "MSA|AA|M-1"}, {referralMessage(2), "MSA|CA|M-2"}, {bytes.Replace(original, []byte("19600202"), []byte("19601302"), 1), "MSA|AE|M-1"}} {
		file := filepath.Join(r.folder, "message.hl7")
		must(t, os.WriteFile(file, append(append([]byte{0x0b}, test.message...), 0x1c, '\r'), 0o600))
		out, err := exec.Command("mllp_send", "--port", to, "--file", file, "127.0.0.1").CombinedOutput()
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("mllp_send: %v\n%q, want %s", err, out, test.want)
		}
	}

	// medplum: two new referrals and a cancellation. Answers: to M-1, M-2, the refused one, and its own.
	script, err := os.ReadFile("testdata/peer/medplum.mjs")
	must(t, err)
	own := filepath.Join(medplum, "convene-peer.mjs")
	must(t, os.WriteFile(own, script, 0o600))
	t.Cleanup(func() { os.Remove(own) })
	file := filepath.Join(r.folder, "messages.txt")
	cancel := "MSH|^~\\&|ORCHARD|ORCHARD CLINIC|CONVENE|MEADOW|20261109091000-0500||REF^I14^REF_I14|M-5|P|2.5.1|||AL|AL\rRF1||||||O-3^ORCHARD\r"
	text := string(referralMessage(3)) + "\r" + string(referralMessage(4)) + "\r" + cancel
	must(t, os.WriteFile(file, []byte(strings.ReplaceAll(text, "\r", "\n")), 0o600))
	out, err := exec.Command("node", own, to, from, file, "6").CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s\n%s", err, out, tail(r.process.logs.String()))
	}
	for _, want := range []string{
		"acknowledged CA M-3", "acknowledged CA M-4", "acknowledged CA M-5",
		"heard RRI^I12^RRI_I12 AA M-1 A^Accepted^HL70283", "heard RRI^I12^RRI_I12 AA M-2 A^Accepted", "heard ACK^I12^ACK AE M-1",
		"heard RRI^I12^RRI_I12 AA M-3 A^Accepted", "heard RRI^I12^RRI_I12 AA M-4 A^Accepted", "heard RRI^I14^RRI_I12 AA M-5 R^Rejected",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the peer never says %q:\n%s", want, out)
		}
	}
	f := follow(t, r.data, "meadow")
	stream, err := f.conn.JS.Stream(t.Context(), "OUTBOUND-meadow")
	must(t, err)
	last, err := stream.GetLastMsgForSubject(t.Context(), "outbound.meadow.orchard.>")
	must(t, err)
	if m, issues := hl7v2.Parse(last.Data); issues != nil || m.First("MSH") == nil {
		t.Errorf("the last answer is no sound message: %v", issues)
	}
	r.process.stop(t)
}
