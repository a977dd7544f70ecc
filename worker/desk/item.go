package desk

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/convene-health/convene/mapping/program"
)

// itemKind is a list of the catalog whose entries a supervisor adds and changes in a form. What each field takes is read
// from the catalog's schema, so that the form and the check agree.
type itemKind struct {
	Name   string // as addresses, messages and the schema's definitions have it
	List   string // as the catalog has it
	Fields []itemField
}

// itemField is one value, at a path of the catalog. Once: it is chosen with the entry and stays.
type itemField struct {
	Path string
	Once bool
}

// itemKinds there are. What is private of a leader or a site (who is kept apart, whose patients, the staff) has no field.
var itemKinds = []itemKind{
	{"program", "programs", []itemField{{"id", true}, {"from", true}, {"name", false}, {"acceptance", false}, {"criteria.ageFrom", false}, {"criteria.ageTo", false},
		{"attendance", false}, {"consent", false}, {"followUp", false}}},
	{"leader", "leaders", []itemField{{"id", true}, {"given", false}, {"family", false}, {"type", false}, {"npi", false}, {"languages", false}, {"licences", false}}},
	{"site", "sites", []itemField{{"id", true}, {"name", false}, {"phone", false}, {"address.line", false}, {"address.city", false}, {"address.state", false},
		{"address.postalCode", false}, {"access", false}}},
}

func itemKindNamed(name string) *itemKind {
	i := slices.IndexFunc(itemKinds, func(k itemKind) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return &itemKinds[i]
}

// rowsMore are empty rows below those of a list of things.
const rowsMore = 2

// formField is one input of a form, as the schema has it and with the value that the catalog has.
type formField struct {
	Name, Path string // of the input, of the message
	Type       string // text, date, number, check, select, many, rows
	Required   bool
	Pattern    string
	Min, Max   string
	Value      string
	Chosen     []string      // of many
	Options    []string      // of select and many
	Rows       [][]formField // of rows
}

// catalogSchema is the schema's definitions, by name.
var catalogSchema = sync.OnceValue(func() (defs map[string]shape) {
	var schema struct {
		Defs map[string]shape `json:"$defs"`
	}
	if err := json.Unmarshal(program.Schema(), &schema); err != nil {
		panic("desk: the catalog's schema: " + err.Error()) // embedded
	}
	return schema.Defs
})

// shape of a value in the schema.
type shape struct {
	Ref        string           `json:"$ref"`
	Type       string           `json:"type"`
	Format     string           `json:"format"`
	Pattern    string           `json:"pattern"`
	Enum       []string         `json:"enum"`
	Minimum    *int             `json:"minimum"`
	Maximum    *int             `json:"maximum"`
	Required   []string         `json:"required"`
	Properties map[string]shape `json:"properties"`
	Items      *shape           `json:"items"`
}

func (s shape) resolved() shape {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return catalogSchema()[name]
	}
	return s
}

// at a path below; required tells whether whoever has what contains it must have it.
func (s shape) at(path string) (is shape, required bool) {
	for step := range strings.SplitSeq(path, ".") {
		required = slices.Contains(s.Required, step)
		s = s.Properties[step].resolved()
	}
	return s, required
}

// fields of a form for an entry, empty ones for a new one (the zero value of its type).
func (k *itemKind) fields(entry reflect.Value, added bool) (list []formField) {
	for _, f := range k.Fields {
		if f.Once && !added {
			continue
		}
		is, required := catalogSchema()[k.Name].at(f.Path)
		made := newFormField(f.Path, k.Name+"."+f.Path, is, valueAt(entry, f.Path))
		made.Required = required || f.Once
		list = append(list, made)
	}
	return list
}

// newFormField shows a value as the schema shapes it.
func newFormField(name, path string, is shape, v reflect.Value) formField {
	f := formField{Name: name, Path: path, Type: "text", Pattern: inputPattern(is.Pattern)}
	switch {
	case is.Type == "array" && is.Items.resolved().Type == "object":
		f.Type, f.Rows = "rows", rowsOf(name, is.Items.resolved(), v)
	case is.Type == "array" && len(is.Items.resolved().Enum) > 0:
		f.Type, f.Options, f.Chosen = "many", is.Items.resolved().Enum, v.Interface().([]string)
	case is.Type == "array":
		f.Value = strings.Join(v.Interface().([]string), ", ")
	case is.Type == "boolean":
		f.Type, f.Value = "check", strconv.FormatBool(v.Bool())
	case is.Type == "integer":
		f.Type, f.Min, f.Max = "number", bound(is.Minimum), bound(is.Maximum)
		if v.Int() != 0 {
			f.Value = strconv.FormatInt(v.Int(), 10)
		}
	case len(is.Enum) > 0:
		f.Type, f.Options, f.Value = "select", is.Enum, v.String()
	case is.Format == "date":
		f.Type, f.Pattern, f.Value = "date", "", v.String()
	default:
		f.Value = v.String()
	}
	return f
}

// inputPattern is a pattern of the schema as an input has it: it always stands for the whole, and a browser wants the hyphen of a
// class escaped (HTML, the v flag).
func inputPattern(p string) string {
	return strings.ReplaceAll(strings.Trim(p, "^$"), "-]", `\-]`)
}

func bound(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// rowsOf a list of things: one for each, and some empty ones. A row that is emptied is taken out, so that none of its fields
// is required by the form; the check says what lacks.
func rowsOf(name string, is shape, v reflect.Value) (rows [][]formField) {
	for n := range v.Len() + rowsMore {
		one := reflect.Zero(v.Type().Elem())
		if n < v.Len() {
			one = v.Index(n)
		}
		var row []formField
		for i := range one.NumField() {
			key := keyOf(one.Type().Field(i))
			row = append(row, newFormField(rowName(name, n, key), name+"."+key, is.Properties[key].resolved(), one.Field(i)))
		}
		rows = append(rows, row)
	}
	return rows
}

func rowName(list string, n int, key string) string { return list + "." + strconv.Itoa(n) + "." + key }

// keyOf a field in the catalog: its yaml tag, else its json tag.
func keyOf(f reflect.StructField) string {
	tag, ok := f.Tag.Lookup("yaml")
	if !ok {
		tag = f.Tag.Get("json")
	}
	key, _, _ := strings.Cut(tag, ",")
	return key
}

// valueAt a path of a struct.
func valueAt(v reflect.Value, path string) reflect.Value {
	for step := range strings.SplitSeq(path, ".") {
		for i := range v.NumField() {
			if keyOf(v.Type().Field(i)) == step {
				v = v.Field(i)
				break
			}
		}
	}
	return v
}

// change writes what a form says of an entry where it is other than before. Without "item" it is a new one.
func (k *itemKind) change(yaml []byte, _ *program.Catalog, form url.Values, _ time.Time) ([]byte, error) {
	id, out := form.Get("item"), yaml
	written, err := program.Written(yaml)
	if err != nil {
		return nil, err
	}
	entry := k.entry(written, id)
	if id == "" {
		if id = strings.TrimSpace(form.Get("id")); k.entry(written, id).IsValid() {
			return nil, errTaken
		}
		if out, err = program.Add(out, k.List, id); err != nil {
			return nil, err
		}
		if written, err = program.Written(out); err != nil {
			return nil, err
		}
		entry = k.entry(written, id)
	}
	if !entry.IsValid() {
		return nil, program.ErrNoGroup
	}
	for _, f := range k.Fields {
		if f.Path == "id" || f.Once && form.Get("item") != "" {
			continue
		}
		was := valueAt(entry, f.Path)
		is := reflect.New(was.Type()).Elem()
		if err := fill(is, f.Path, form); err != nil {
			return nil, err
		}
		if reflect.DeepEqual(was.Interface(), is.Interface()) || is.Kind() == reflect.Slice && was.Len()+is.Len() == 0 {
			continue
		}
		if out, err = program.Set(out, k.List, id, f.Path, is.Interface()); err != nil {
			return nil, err
		}
	}
	if string(out) == string(yaml) {
		return nil, errNothing
	}
	return out, nil
}

// entry of a catalog; the zero Value where it has none with this id.
func (k *itemKind) entry(cat *program.Catalog, id string) reflect.Value {
	list := valueAt(reflect.ValueOf(cat).Elem(), k.List)
	for i := range list.Len() {
		if list.Index(i).FieldByName("ID").String() == id {
			return list.Index(i)
		}
	}
	return reflect.Value{}
}

// fill reads a value from the inputs of its name.
func fill(v reflect.Value, name string, form url.Values) error {
	text := strings.TrimSpace(form.Get(name))
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(text == "true")
	case reflect.Int:
		n, err := strconv.Atoi(or(text, "0"))
		if err != nil {
			return errNumber
		}
		v.SetInt(int64(n))
	case reflect.Slice:
		return fillList(v, name, form)
	default:
		v.SetString(text)
	}
	return nil
}

// fillList reads words that are chosen or that commas part, or rows of things; empty ones are left out.
func fillList(v reflect.Value, name string, form url.Values) error {
	list := reflect.MakeSlice(v.Type(), 0, 0)
	if v.Type().Elem().Kind() == reflect.Struct {
		for n := range itemsMax {
			one := reflect.New(v.Type().Elem()).Elem()
			for i := range one.NumField() {
				if err := fill(one.Field(i), rowName(name, n, keyOf(one.Type().Field(i))), form); err != nil {
					return err
				}
			}
			if !one.IsZero() {
				list = reflect.Append(list, one)
			}
		}
	} else {
		for word := range strings.SplitSeq(strings.Join(form[name], ","), ",") {
			if word = strings.TrimSpace(word); word != "" {
				list = reflect.Append(list, reflect.ValueOf(word))
			}
		}
	}
	v.Set(list)
	return nil
}

// itemsMax are the rows that are read of a form: more licences than there are states.
const itemsMax = 60
