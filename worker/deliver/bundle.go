package deliver

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tagSystem of the tag whose code is the ledger sequence of the confirmation last written. Servers keep old tags
// beside new ones (https://hl7.org/fhir/R4/resource.html#tag-updates), so the highest counts.
const tagSystem = "https://convene.health/fhir/sequence"

// bundle is a transaction Bundle (https://hl7.org/fhir/R4/bundle.html) with the parts that Convene writes.
type bundle struct {
	ResourceType string          `json:"resourceType"`
	ID           string          `json:"id,omitempty"`
	Meta         json.RawMessage `json:"meta,omitempty"`
	Type         string          `json:"type"`
	Timestamp    string          `json:"timestamp,omitempty"`
	Entry        []entry         `json:"entry"`
}

type entry struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Request  request         `json:"request"`
}

type request struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	IfNoneMatch string `json:"ifNoneMatch,omitempty"`
	IfMatch     string `json:"ifMatch,omitempty"`
	IfNoneExist string `json:"ifNoneExist,omitempty"`
}

// parcel is the bundle of one confirmation, ready to be sent: its Task carries the tag.
type parcel struct {
	bundle *bundle
	own    []int    // entries that replace a version, and say which
	task   string   // "Task/riverside-r1042-1": the placement, as the server knows it
	news   []string // conditional creations, sorted, each once
	first  bool     // the referral is the first of its person: nobody created a Patient before
	person int      // the entry of the Patient, if wide is not empty
	wide   string   // its condition, or the patient has Convene's own key; narrow is the condition as the bundle has it
	narrow string
	// message is sent as it is in place of all that.
	message []byte
}

var errNoTransaction = errors.New("the bundle is no transaction of a ServiceRequest and its Task")

// pack takes a confirmation's bundle and tags its Task. One tag is enough, as a transaction is written whole or not at all.
// Convene's own is every resource under an id of ours but Provenance, which is another one for each confirmation and says
// the same however often it is written.
func pack(b *bundle, key string, sequence uint64) (*parcel, error) {
	p := &parcel{bundle: b}
	for i := range p.bundle.Entry {
		e := &p.bundle.Entry[i]
		kind, _, _ := strings.Cut(e.Request.URL, "/")
		switch {
		case e.Request.IfNoneExist != "":
			p.news = append(p.news, kind+"?"+e.Request.IfNoneExist)
			if kind != "Patient" {
				continue
			}
			if own := ownKey(e.Resource); own != "" && !strings.Contains(e.Request.IfNoneExist, own) {
				p.person, p.narrow, p.wide = i, e.Request.IfNoneExist, e.Request.IfNoneExist+","+own
				p.first = isFirst(own, key)
			}
		case e.Request.Method == "PUT" && kind != "Provenance":
			p.own = append(p.own, i)
			if kind != "Task" || p.task != "" {
				continue
			}
			var err error
			if e.Resource, err = tag(e.Resource, sequence); err != nil {
				return nil, fmt.Errorf("%w: %s: %v", errNoTransaction, e.Request.URL, err)
			}
			p.task = e.Request.URL
		}
	}
	if p.bundle.Type != "transaction" || p.task == "" {
		return nil, errNoTransaction
	}
	slices.Sort(p.news)
	p.news = slices.Compact(p.news)
	return p, nil
}

// find says by what the Patient is looked for before it is created. Referrals of one person may know different identifiers; the
// key that Convene gave the person finds whom an earlier one created (a comma is "or", R4 search). Where that finds two, the
// EHR's own and one of ours, the bundle's condition alone decides.
func (p *parcel) find(wide bool) {
	switch {
	case p.wide == "":
	case wide:
		p.bundle.Entry[p.person].Request.IfNoneExist = p.wide
	default:
		p.bundle.Entry[p.person].Request.IfNoneExist = p.narrow
	}
}

// isFirst reports whether a patient, whose key ends a search, is named by the input that named the referral: p1042 by r1042.
func isFirst(own, key string) bool {
	number, ok := strings.CutPrefix(key, "r")
	return ok && strings.HasSuffix(own, "%7Cp"+number)
}

// ownKey is the identifier that Convene gave a patient, as it stands in a query; empty if there is none.
func ownKey(patient []byte) string {
	var p struct {
		Identifier []struct{ System, Value string }
	}
	if json.Unmarshal(patient, &p) != nil {
		return ""
	}
	for _, id := range p.Identifier {
		if strings.HasPrefix(id.System, "https://convene.health/fhir/") && strings.HasSuffix(id.System, "/patient") {
			return id.System + "%7C" + id.Value
		}
	}
	return ""
}

// personOf a confirmation: the key that Convene gave its patient; empty if it names none.
func personOf(data []byte) string {
	var c struct {
		Data struct {
			Bundle struct{ Entry []entry }
		}
	}
	if json.Unmarshal(data, &c) != nil {
		return ""
	}
	for _, e := range c.Data.Bundle.Entry {
		if e.Request.URL == "Patient" {
			return ownKey(e.Resource)
		}
	}
	return ""
}

// tag adds the sequence to the tags of a resource. The resource type and id stay in front, for readers.
func tag(resource []byte, sequence uint64) ([]byte, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(resource, &fields); err != nil {
		return nil, err
	}
	meta := map[string]json.RawMessage{}
	if m := fields["meta"]; m != nil {
		if err := json.Unmarshal(m, &meta); err != nil {
			return nil, err
		}
	}
	var tags []json.RawMessage
	if t := meta["tag"]; t != nil {
		if err := json.Unmarshal(t, &tags); err != nil {
			return nil, err
		}
	}
	own := fmt.Sprintf(`{"system":%q,"code":"%d"}`, tagSystem, sequence)
	meta["tag"], _ = json.Marshal(append(tags, json.RawMessage(own)))
	fields["meta"], _ = json.Marshal(meta)

	b := []byte{'{'}
	for _, name := range []string{"resourceType", "id", "meta"} {
		if value := fields[name]; value != nil {
			b = append(append(strconv.AppendQuote(b, name), ':'), value...)
			b = append(b, ',')
			delete(fields, name)
		}
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		b[len(b)-1] = '}'
		return b, nil
	}
	return append(b, rest[1:]...), nil
}

// standing of a resource on the server.
type standing struct {
	version  string // empty: the resource is not there
	sequence uint64 // highest tag, 0 without one
}

// absent is a version that no server gives: If-Match with it holds nowhere.
const absent = "0"

// guard says in each own entry which version it replaces. create is how to say that nothing must be there.
func (p *parcel) guard(at map[string]standing, create createGuard) {
	for _, i := range p.own {
		r := &p.bundle.Entry[i].Request
		r.IfMatch, r.IfNoneMatch = "", ""
		switch version := at[r.URL].version; {
		case version != "":
			r.IfMatch = etag(version)
		case create == createIfMatch:
			r.IfMatch = etag(absent)
		default:
			r.IfNoneMatch = "*"
		}
	}
}

// createGuard is how a write says that the resource must not be there yet.
type createGuard int32

const (
	createIfMatch     createGuard = iota // a version that cannot be: HAPI FHIR creates, once
	createIfNoneMatch                    // If-None-Match: *, of HTTP
)

func etag(version string) string { return `W/"` + version + `"` }

// versionOf an ETag, W/"3" or what servers make of it: "3", 3.
func versionOf(etag string) string { return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`) }

// encode the bundle as it is sent.
func (p *parcel) encode() ([]byte, error) { return json.Marshal(p.bundle) }
