package simulate

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:embed asset/page.html
var pageSource string

// chartJS is Chart.js 4.5.0 (MIT, asset/chart.LICENSE.md), dist/chart.umd.min.js without the line that names its source map.
//
//go:embed asset/chart.min.js
var chartJS string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"percent": percent, "name": title, "days": func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) },
	"sum": func(a, b int) int { return a + b },
}).Parse(pageSource))

// WriteHTML writes one page with charts, for a manager: where the next group should open. It asks for nothing from the network.
func (r *Result) WriteHTML(w io.Writer) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return page.Execute(w, struct {
		*Result
		Data, Chart template.JS
		Lines       []assumedLine
		RisksNamed  []Risk
	}{r, template.JS(data), template.JS(chartJS), r.assumedLines(), slices.DeleteFunc(slices.Clone(r.Risks), func(k Risk) bool { return k.Patients == 0 })})
}

type assumedLine struct {
	Assumption
	Value string
}

func (r *Result) assumedLines() (out []assumedLine) {
	for _, a := range Assumptions {
		out = append(out, assumedLine{a, strconv.FormatFloat(r.Assumed[a.Name], 'f', -1, 64)})
	}
	return out
}

func percent(x float64) string { return strconv.FormatFloat(100*x, 'f', 0, 64) + " %" }

// title of a name: its first letter a capital.
func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
