package program

import (
	"embed"
	"encoding/csv"
	"strconv"
	"strings"
	"sync"

	"github.com/convene-health/convene/mapping"
)

// The reference tables travel inside the binary; data/SOURCES.md says where each comes from. The SNOMED CT
// overlay may be deleted where its licence does not fit: everything else still works.
//
//go:embed data
var files embed.FS

// Tables are the shipped reference data: immutable, safe for concurrent use. The functions of the same names
// read the tables with the overlay.
type Tables struct {
	conditions   []Condition
	conditionOf  map[string]int
	icd10        map[string][]int // by prefix without dots: all conditions that it names, the most specific first
	snomed       map[string][]int
	goals        []Goal
	goalOf       map[string]int
	kinds        []KindRow
	kindOf       map[kindKey]int
	kindDefaults map[mapping.Kind]KindDefault
	safety       []SafetyRule
	safetyPrefix map[string]map[string][]int // by system, then by prefix without dots
	safetyExact  map[mapping.Code][]int      // without display
	safetyNames  map[string]bool
	templates    []Template
	templateOf   map[string]int
	facts        []Fact
	factOf       map[string]uint8
	factICD10    map[string][]FactCodeHit // by prefix without dots
	factExact    map[mapping.Code][]FactCodeHit
	factLetters  [256]bool // with which ICD-10-CM codes of facts begin
	minorConsent map[string][]MinorConsent
	nameWords    []nameWord
}

var shipped = sync.OnceValue(func() *Tables { return NewTables(true) })

// NewTables reads the embedded data. Without the overlay only SNOMED CT codes of the Global Patient Set
// (CC-BY 4.0) are known. It panics on data that cannot be read: that is a defect of the build.
func NewTables(overlay bool) *Tables {
	t := &Tables{}
	extra := map[string][]mapping.Code{} // by "table key"
	if overlay {
		for _, r := range readTable("snomed-overlay.csv") {
			where := r["table"] + " " + r["key"]
			extra[where] = append(extra[where], mapping.Code{System: mapping.SystemSNOMED, Code: r["code"], Display: r["display"]})
		}
	}
	t.readConditions(extra)
	t.readGoals()
	t.readKinds()
	t.readSafety()
	t.readTemplates(extra)
	t.readFacts(extra)
	t.readTemplateGates()
	t.readMinorConsent()
	t.readNames()
	return t
}

// readTable gives the rows of an embedded CSV file by column name; a missing overlay has none.
func readTable(name string) []row {
	f, err := files.Open("data/" + name)
	if err != nil {
		if name == "snomed-overlay.csv" {
			return nil
		}
		panic(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		panic("data/" + name + ": " + err.Error())
	}
	rows := make([]row, 0, len(lines)-1)
	for _, line := range lines[1:] {
		r := make(row, len(line))
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		rows = append(rows, r)
	}
	return rows
}

type row map[string]string

// list splits a field at its semicolons.
func (r row) list(column string) []string {
	if r[column] == "" {
		return nil
	}
	return strings.Split(r[column], ";")
}

func (r row) kinds(column string) []mapping.Kind {
	var kinds []mapping.Kind
	for _, k := range r.list(column) {
		kinds = append(kinds, mapping.Kind(k))
	}
	return kinds
}

// number reads a field that is empty (0) or a whole number.
func (r row) number(column string) int {
	if r[column] == "" {
		return 0
	}
	n, err := strconv.Atoi(r[column])
	if err != nil {
		panic(err)
	}
	return n
}

func (r row) yes(column string) bool { return r[column] == "yes" }
