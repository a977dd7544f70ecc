package confirm

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/convene-health/convene/mapping"
)

// view is what the tests look at of a bundle: resources by type, in order.
type view map[string][]map[string]any

func viewOf(t *testing.T, w *Writer, n *mapping.Notice) view {
	t.Helper()
	b, err := w.Append(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Entry []struct{ Resource, Request map[string]any }
	}
	if err := json.Unmarshal(bundleOf(t, b), &bundle); err != nil {
		t.Fatal(err)
	}
	v := view{}
	for _, e := range bundle.Entry {
		kind := e.Resource["resourceType"].(string)
		e.Resource["request"] = e.Request
		v[kind] = append(v[kind], e.Resource)
	}
	return v
}

// at reads a path like "businessStatus.coding.0.code" of the first resource of a type; "" where there is nothing.
func (v view) at(path string) string {
	kind, rest, _ := strings.Cut(path, ".")
	if len(v[kind]) == 0 {
		return ""
	}
	var x any = v[kind][0]
	for _, step := range strings.Split(rest, ".") {
		switch y := x.(type) {
		case map[string]any:
			x = y[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(y) {
				return ""
			}
			x = y[i]
		}
	}
	if x == nil {
		return ""
	}
	return fmt.Sprint(x)
}

func TestStatusTable(t *testing.T) {
	const base, bser = 0, 1
	rows := []struct {
		status   mapping.Status
		task     [2]string // base and sdoh, bser
		business string
		request  string
		reason   bool
	}{
		{mapping.Review, [2]string{"requested", "received"}, "2.0", "active", true},
		{mapping.NeedsInfo, [2]string{"requested", "received"}, "2.0", "active", true},
		{mapping.Waitlisted, [2]string{"accepted", "accepted"}, "3.0", "active", true},
		{mapping.Offered, [2]string{"accepted", "accepted"}, "3.0", "active", false},
		{mapping.Placed, [2]string{"accepted", "accepted"}, "3.0", "active", false},
		{mapping.Enrolled, [2]string{"in-progress", "in-progress"}, "5.1.1", "active", false},
		{mapping.Cancelled, [2]string{"cancelled", "cancelled"}, "6.0", "revoked", true},
		{mapping.Rejected, [2]string{"rejected", "rejected"}, "4.0", "revoked", true},
		{mapping.Closed, [2]string{"cancelled", "rejected"}, "4.0", "revoked", true},
		{mapping.DroppedOut, [2]string{"failed", "rejected"}, "4.0", "revoked", true},
		{mapping.Completed, [2]string{"completed", "completed"}, "7.0", "completed", false},
		{mapping.EnteredInError, [2]string{"entered-in-error", "cancelled"}, "6.0", "revoked", true},
	}
	for profile, column := range map[string]int{"": base, "base": base, "sdoh": base, "bser": bser} {
		w := New(catalog(t, profile))
		for _, r := range rows {
			for _, reasons := range [][]mapping.Reason{nil, {{Code: "because", Text: "So it is."}, {Code: "also", Text: "And so."}}} {
				n := placed()
				n.Status, n.Reasons = r.status, reasons
				v := viewOf(t, w, n)
				for path, want := range map[string]string{
					"Task.status":                       r.task[column],
					"Task.businessStatus.coding.0.code": r.business,
					"Task.businessStatus.coding.1.code": string(r.status),
					"ServiceRequest.status":             r.request,
				} {
					if got := v.at(path); got != want {
						t.Errorf("%q %s: %s is %s, want %s", profile, r.status, path, got, want)
					}
				}
				reason := v.at("Task.statusReason.text")
				if (reason != "") != r.reason || r.reason && reasons != nil && reason != "So it is. And so." {
					t.Errorf("%q %s: statusReason %q", profile, r.status, reason)
				}
			}
		}
	}
}

func TestBSeRCancelsInTwoSteps(t *testing.T) {
	n := placed()
	n.Status, n.Previous, n.CancelRequested = mapping.Cancelled, mapping.Placed, true
	v := viewOf(t, New(catalog(t, "bser")), n)
	got := []string{v.at("Task.status"), v.at("Task.businessStatus.coding.0.code"), v.at("Task.businessStatus.coding.1.code"), v.at("ServiceRequest.status")}
	if want := "[in-progress 5.2 cancelled active]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestAlertOfOneWhoIsPlacedIsSaid(t *testing.T) {
	n := placed()
	n.Reasons = []mapping.Reason{{Code: "alert-safety-stop", Text: "A clinician must see this."}}
	if got := viewOf(t, New(catalog(t, "")), n).at("Task.statusReason.text"); got != "A clinician must see this." {
		t.Errorf("statusReason %q", got)
	}
}

func TestOrder(t *testing.T) {
	v := viewOf(t, New(catalog(t, "")), placed())
	for path, want := range map[string]string{
		"ServiceRequest.id":                              "riverside-r1042-1",
		"ServiceRequest.intent":                          "order",
		"ServiceRequest.identifier.0.type.coding.0.code": "PLAC",
		"ServiceRequest.identifier.0.value":              "ORD-7781",
		"ServiceRequest.identifier.1.type.coding.0.code": "FILL",
		"ServiceRequest.identifier.1.value":              "r1042-1",
		"ServiceRequest.basedOn.0.identifier.value":      "ORD-7781",
		"ServiceRequest.category.0.coding.0.code":        "409063005",
		"ServiceRequest.code.coding.0.code":              "228557008",
		"ServiceRequest.code.coding.2.code":              "G0410",
		"ServiceRequest.orderDetail.0.coding.0.code":     "HQ",
		"ServiceRequest.occurrencePeriod.start":          "2026-11-17T18:00:00.000-05:00",
		"ServiceRequest.authoredOn":                      "2026-11-11T09:30:00-05:00",
		"ServiceRequest.reasonCode":                      "", // the Condition says it
		"Condition.code.coding.0.display":                "Chronic pain",
		"Condition.code.text":                            "",
		"Appointment.id":                                 "riverside-r1042-1-20261117T2300",
		"Appointment.status":                             "booked",
		"Appointment.start":                              "2026-11-17T18:00:00.000-05:00",
		"Appointment.end":                                "2026-11-17T19:00:00.000-05:00",
		"Appointment.participant.0.status":               "accepted",
		"Appointment.participant.2":                      "",
		"Patient.meta.profile.0":                         "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
		"ServiceRequest.request.url":                     "ServiceRequest/riverside-r1042-1",
		"Task.description":                               "CBT for chronic pain, Tuesdays",
		"Task.code.coding.0.code":                        "fulfill",
		"Task.lastModified":                              "2026-11-12T15:04:05.678Z",
		"Patient.request.ifNoneExist":                    "identifier=urn:oid:2.16.840.1.113883.19.5%7C000123",
		"Provenance.id":                                  "riverside-1042-1",
		"Condition.clinicalStatus.coding.0.code":         "active",
		"Condition.verificationStatus.coding.0.code":     "", // nobody vouched for it
	} {
		if got := v.at(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func TestPerformerAndOwner(t *testing.T) {
	url := func(v view, kind string, i int) string {
		return v[kind][i]["request"].(map[string]any)["ifNoneExist"].(string)
	}
	for _, c := range []struct {
		profile string
		status  mapping.Status
		peers   bool // the Task is the provider's
	}{{"", mapping.Waitlisted, false}, {"", mapping.Offered, false}, {"", mapping.Placed, true}, {"bser", mapping.Completed, true}, {"bser", mapping.Review, false}} {
		n := placed()
		n.Status, n.Program, n.Group = c.status, "peer", "peer-wed"
		w := New(catalog(t, c.profile))
		v := viewOf(t, w, n)
		provider := w.programs["peer"].provider.url
		owner := w.owner.url
		if c.peers {
			owner = provider
		}
		if got := v.at("Task.owner.reference"); got != owner {
			t.Errorf("%q %s: owner %s, want %s", c.profile, c.status, got, owner)
		}
		performer := w.programs["peer"].service.url
		if c.profile == "bser" {
			performer = provider
		}
		if got := v.at("ServiceRequest.performer.0.reference"); got != performer {
			t.Errorf("%q %s: performer %s, want %s", c.profile, c.status, got, performer)
		}
		if got := url(v, "Organization", 2); got != "identifier=https://convene.health/fhir/riverside/organization%7CDover%20Peers" {
			t.Errorf("provider is created unless %s", got)
		}
	}
	n := placed()
	n.Program, n.Group, n.FirstSession, n.Status = "", "", time.Time{}, mapping.Review
	v := viewOf(t, New(catalog(t, "")), n)
	if v.at("ServiceRequest.performer") != "" || v.at("ServiceRequest.code.coding.0.code") != "3457005" {
		t.Errorf("without a program the order reads %v", v["ServiceRequest"])
	}
}

// TestJoinedPlacementHasItsOwnOrder: two referrals of one placement write two orders, whatever either joins.
func TestJoinedPlacementHasItsOwnOrder(t *testing.T) {
	w, n := New(catalog(t, "")), placed()
	n.Key = "r1050"
	v := viewOf(t, w, n)
	if got := v.at("ServiceRequest.id") + " " + v.at("Task.id"); got != "riverside-r1050-r1042-1 riverside-r1050-r1042-1" {
		t.Errorf("ids are %s", got)
	}
}

func TestReferralWithoutRequester(t *testing.T) {
	n := placed()
	n.Request.Requester = mapping.Requester{}
	v := viewOf(t, New(catalog(t, "")), n)
	if len(v["Practitioner"]) != 0 || v["Organization"][1]["name"] != "north-ehr" {
		t.Errorf("requester: %v, %v", v["Practitioner"], v["Organization"])
	}
}

// TestRequesterIsTheNetwork: an organization that is two things at once stands in the bundle once.
func TestRequesterIsTheNetwork(t *testing.T) {
	n := placed()
	n.Request.Requester.Organization = mapping.Party{Identifier: mapping.Identifier{System: mapping.SystemNPI, Value: "1999999992"}, Name: "Riverside"}
	if v := viewOf(t, New(catalog(t, "")), n); len(v["Organization"]) != 1 {
		t.Errorf("organizations: %v", v["Organization"])
	}
}

// TestOddReferral: what FHIR cannot hold is left out or made to fit, never passed on.
func TestOddReferral(t *testing.T) {
	n := placed()
	n.Request, n.Identifier = odd(), mapping.Identifier{}
	v := viewOf(t, New(catalog(t, "")), n)
	p := v["Patient"][0]
	for name, got := range map[string]any{"birthDate": p["birthDate"], "conditions": len(v["Condition"]), "identifiers": len(p["identifier"].([]any))} {
		if want := map[string]any{"birthDate": nil, "conditions": 4, "identifiers": 3}[name]; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	text := fmt.Sprint(v)
	for _, never := range []string{"999-00-1111", "was wrong", "\x00", "bare"} {
		if strings.Contains(text, never) {
			t.Errorf("%q is passed on in %s", never, text)
		}
	}
	for path, want := range map[string]string{
		"Patient.identifier.1.system":        "https://convene.health/fhir/riverside/source/north-ehr/mrn",
		"Patient.identifier.2.system":        "urn:oid:2.16.840.1.113883.19.7",
		"Patient.gender":                     "unknown",
		"Patient.request.ifNoneExist":        "identifier=https://convene.health/fhir/riverside/patient%7Cp1042",
		"ServiceRequest.identifier.0.system": "https://convene.health/fhir/riverside/source/north-ehr/orders%20%26%20more",
		"ServiceRequest.authoredOn":          "2026-11-12T15:04:05.678Z",
		"Condition.code.text":                "low mood",
	} {
		if got := v.at(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func TestDecidedByAPerson(t *testing.T) {
	n := placed()
	n.DecidedBy = "m.reyes"
	v := viewOf(t, New(catalog(t, "")), n)
	if got := v.at("Provenance.agent.0.who.identifier.value"); got != "m.reyes" || v.at("Provenance.agent.0.onBehalfOf.reference") == "" {
		t.Errorf("agent %v", v["Provenance"][0]["agent"])
	}
}

func TestTooLarge(t *testing.T) {
	n := placed()
	for i := range mapping.ConditionsMax {
		n.Request.Conditions = append(n.Request.Conditions, mapping.Condition{Text: fmt.Sprint(i, strings.Repeat("x", 4000))})
	}
	b, err := New(catalog(t, "")).Append([]byte("before"), n)
	var issues mapping.Issues
	if !errors.As(err, &issues) || issues[0].Code != "too-large" || string(b) != "before" {
		t.Errorf("got %v and %d bytes", err, len(b))
	}
}

// What is taken in while waiting can be confirmed when it is placed, which says more.
func TestWaitingLeavesRoomForPlacing(t *testing.T) {
	w, n := New(catalog(t, "")), placed()
	n.Previous = mapping.Waitlisted
	short := n.Request.Conditions[0].Text + ":"
	grow := func(by int) { n.Request.Conditions[0].Text = short + strings.Repeat("x", by) }
	grow(0)
	whole, err := w.Append(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	grow(mapping.ConfirmationBytes - len(whole))
	if _, err := w.Append(nil, n); err != nil {
		t.Errorf("placed after waiting: %v", err)
	}
	n.Status, n.Previous = mapping.Waitlisted, ""
	if b, err := w.Append(nil, n); err == nil {
		t.Errorf("%d bytes taken in to wait leave no room", len(b))
	}
}

func TestStatusThatIsNone(t *testing.T) {
	n := placed()
	n.Status = "seated"
	if b, err := New(catalog(t, "")).Append(nil, n); err == nil {
		t.Errorf("got %s", b)
	}
}
