package desk

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/convene-health/convene/mapping/program"
)

// change is something that a supervisor may change of the catalog at the desk. It gives the catalog's YAML as it would be;
// whether that is a good catalog is for the check of all catalogs to say.
type change func(yaml []byte, cat *program.Catalog, form url.Values, now time.Time) ([]byte, error)

// changes there are, by name.
var changes = map[string]change{
	"add":      addGroup,
	"change":   changeGroup,
	"postpone": postponeGroup,
	"move":     moveSession,
	"session":  skipSession,
	"cancel":   cancelGroup,
	"program":  itemKindNamed("program").change,
	"leader":   itemKindNamed("leader").change,
	"site":     itemKindNamed("site").change,
}

// What is asked of a form. Each is a message of the desk.
var (
	errNothing    = errors.New("edit.nothing")
	errNumber     = errors.New("edit.number")
	errDate       = errors.New("edit.date")
	errNoSession  = errors.New("edit.no-session")
	errLast       = errors.New("edit.last")
	errPutOff     = errors.New("edit.put-off")
	errPast       = errors.New("edit.past")
	errTaken      = errors.New("edit.taken")
	errUneditable = errors.New("edit.uneditable")
)

// groupOfForm is the group that a form is about.
func groupOfForm(cat *program.Catalog, form url.Values) (*program.Group, error) {
	g, ok := cat.Group(form.Get("group"))
	if !ok {
		return nil, program.ErrNoGroup
	}
	return g, nil
}

// changeGroup writes leader, seats and time of day, where they are others than before.
func changeGroup(yaml []byte, cat *program.Catalog, form url.Values, _ time.Time) ([]byte, error) {
	g, err := groupOfForm(cat, form)
	if err != nil {
		return nil, err
	}
	var min, max int
	for name, n := range map[string]*int{"min": &min, "max": &max} {
		if *n, err = strconv.Atoi(or(form.Get(name), "0")); err != nil {
			return nil, errNumber
		}
	}
	out := yaml
	for _, w := range []struct {
		path    string
		was, is any
	}{
		{"leader", g.Leader, form.Get("leader")}, {"seats.min", g.Seats.Min, min}, {"seats.max", g.Seats.Max, max}, {"sessions.time", g.Sessions.Time, form.Get("time")},
	} {
		if w.was == w.is {
			continue
		}
		if out, err = program.SetGroup(out, g.ID, w.path, w.is); err != nil {
			return nil, err
		}
	}
	if string(out) == string(yaml) {
		return nil, errNothing
	}
	return out, nil
}

func cancelGroup(yaml []byte, cat *program.Catalog, form url.Values, _ time.Time) ([]byte, error) {
	g, err := groupOfForm(cat, form)
	if err != nil {
		return nil, err
	}
	if g.Cancelled {
		return nil, errNothing
	}
	return program.SetGroup(yaml, g.ID, "cancelled", true)
}

// addGroup writes one more group.
func addGroup(yaml []byte, _ *program.Catalog, form url.Values, _ time.Time) ([]byte, error) {
	g := &program.Group{
		ID: strings.TrimSpace(form.Get("id")), Name: strings.TrimSpace(form.Get("name")), Program: form.Get("program"), Leader: form.Get("leader"),
		Enrolment: form.Get("enrolment"), Mode: form.Get("mode"), Site: form.Get("site"), Link: strings.TrimSpace(form.Get("link")),
		Sessions: program.Sessions{Start: form.Get("start"), Time: form.Get("time"), Every: form.Get("every")},
	}
	if form.Get("languages") != "" {
		g.Languages = strings.Fields(strings.ReplaceAll(form.Get("languages"), ",", " "))
	}
	for name, n := range map[string]*int{"min": &g.Seats.Min, "max": &g.Seats.Max, "count": &g.Sessions.Count, "minutes": &g.Sessions.Minutes} {
		var err error
		if *n, err = strconv.Atoi(or(form.Get(name), "0")); err != nil {
			return nil, errNumber
		}
	}
	return program.AddGroup(yaml, g)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// line of a catalog that an edit takes out or puts in.
type line struct {
	New    bool
	Number int // from 1; in the new catalog where it is new
	Text   string
}

// linesChanged compares two texts that have the same beginning and the same end.
func linesChanged(before, after []byte) (out []line) {
	a, b := strings.Split(string(before), "\n"), strings.Split(string(after), "\n")
	from := 0
	for from < len(a) && from < len(b) && a[from] == b[from] {
		from++
	}
	for len(a) > from && len(b) > from && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	for i, text := range a[from:] {
		out = append(out, line{false, from + i + 1, text})
	}
	for i, text := range b[from:] {
		out = append(out, line{true, from + i + 1, text})
	}
	return out
}
