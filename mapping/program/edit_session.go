package program

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// SkipSession adds a date (YYYY-MM-DD) to those on which a group does not meet.
func SkipSession(data []byte, id, date string) ([]byte, error) {
	s, err := sessionsOf(data, id)
	if err != nil {
		return nil, err
	}
	skip := append(slices.Clone(s.Skip), date)
	return edit(data, listGroups, id, "sessions.skip", skip, func(doc []byte, in ast.Node, key string) ([]byte, bool) {
		for _, e := range entriesOf(in) {
			if e.Key.GetToken().Value == key {
				return appendItem(doc, e.Value, date)
			}
		}
		return insertEntry(doc, in, key+": ["+date+"]")
	})
}

// MoveSession lets one session of a group be held at another time. One that was moved before is moved again; then both its
// new date and its time are written.
func MoveSession(data []byte, id string, m Moved) ([]byte, error) {
	s, err := sessionsOf(data, id)
	if err != nil {
		return nil, err
	}
	moved := slices.Clone(s.Moved)
	if i := slices.IndexFunc(moved, func(x Moved) bool { return x.Date == m.Date }); i >= 0 {
		return moveAgain(data, id, moved, i, m)
	}
	text, err := yaml.MarshalWithOptions(m, yaml.Flow(true))
	if err != nil {
		return nil, err
	}
	item := strings.TrimSpace(string(text))
	return edit(data, listGroups, id, "sessions.moved", append(moved, m), func(doc []byte, in ast.Node, key string) ([]byte, bool) {
		if list := valueOf(in, key); list != nil {
			return appendItem(doc, list, item)
		}
		return insertEntry(doc, in, key+": ["+item+"]")
	})
}

// moveAgain writes the new day, then the new time of an entry.
func moveAgain(data []byte, id string, moved []Moved, i int, m Moved) ([]byte, error) {
	for _, set := range []struct {
		key, value string
		field      *string
	}{{"to", m.To, &moved[i].To}, {"time", m.Time, &moved[i].Time}} {
		if *set.field == set.value {
			continue
		}
		*set.field = set.value
		text, err := scalarText(set.value)
		if err != nil {
			return nil, err
		}
		data, err = edit(data, listGroups, id, "sessions.moved", slices.Clone(moved), func(doc []byte, in ast.Node, key string) ([]byte, bool) {
			list, ok := valueOf(in, key).(*ast.SequenceNode)
			if !ok || i >= len(list.Values) {
				return nil, false
			}
			return setEntry(doc, list.Values[i], set.key, text)
		})
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}

// sessionsOf a group, as written.
func sessionsOf(data []byte, id string) (*Sessions, error) {
	c, err := Written(data)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.Groups, func(g Group) bool { return g.ID == id })
	if i < 0 {
		return nil, ErrNoGroup
	}
	return &c.Groups[i].Sessions, nil
}
