package program

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/types"

	"github.com/convene-health/convene/mapping"
)

// Expressions in CEL (https://cel.dev) are the gates that bounds cannot say. This file is all that knows the library: an
// expression is checked, typed and limited here once for each catalog, and asked with the values of one referral.

// Limits of an expression: its length, and what it may cost at most, by the worst estimate and when it runs.
const (
	expressionMax  = 2000
	expressionCost = 1000
)

// Names that an expression can use beside facts: "a1c.value", "a1c.days", "heart_attack.found", "condition.copd".
const (
	NameAge    = "patient.age"   // whole years; unknown without a whole birth date
	NameState  = "patient.state" // USPS code; unknown where the referral says none
	NamePayers = "payers"        // codes of payers, empty where the referral names none

	ofCondition = "condition."
)

// Expression is a gate's expression, ready to run. It is safe for concurrent use.
type Expression struct {
	program cel.Program
	// Names that it uses, sorted.
	Names []string
}

// Answer of an expression.
type Answer struct {
	Holds bool
	// Missing are the names whose values are not known and would decide; then Holds says nothing.
	Missing []string
}

// FactName takes a name of the vocabulary apart: "a1c.days" is the fact a1c and "days".
func FactName(name string) (fact uint8, part string, ok bool) {
	key, part, _ := strings.Cut(name, ".")
	fact, ok = FactByKey(strings.ReplaceAll(key, "_", "-"))
	return fact, part, ok
}

// ConditionName is the key of a condition that a name stands for.
func ConditionName(name string) (key string, ok bool) { return strings.CutPrefix(name, ofCondition) }

// vocabulary is what an expression can use, by name.
func vocabulary() map[string]*cel.Type {
	names := map[string]*cel.Type{NameAge: cel.IntType, NameState: cel.StringType, NamePayers: cel.ListType(cel.StringType)}
	for _, f := range Facts() {
		of := strings.ReplaceAll(f.Key, "-", "_")
		if f.Kind == FactMeasure {
			names[of+".value"] = cel.DoubleType
		} else {
			names[of+".found"] = cel.BoolType
		}
		names[of+".days"] = cel.IntType
	}
	for _, c := range Conditions() {
		names[ofCondition+c.Key] = cel.BoolType
	}
	return names
}

// Vocabulary are the names that an expression can use, sorted.
func Vocabulary() []string { return slices.Sorted(maps.Keys(vocabulary())) }

var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{cel.ParserExpressionSizeLimit(expressionMax), cel.ParserRecursionLimit(50)}
	for name, typ := range vocabulary() {
		options = append(options, cel.Variable(name, typ))
	}
	return cel.NewEnv(options...)
})

// fault is one thing wrong with an expression.
type fault struct{ code, text, hint string }

// compile checks and types an expression.
func compile(text string) (*Expression, []fault) {
	if len(text) > expressionMax {
		return nil, []fault{{"bad-expression", fmt.Sprintf("%d characters, at most %d are read", len(text), expressionMax), "make several gates of it"}}
	}
	env, err := environment()
	if err != nil {
		return nil, []fault{{"bad-expression", err.Error(), ""}}
	}
	ast, issues := env.Compile(text)
	if issues != nil && issues.Err() != nil {
		var faults []fault
		for _, e := range issues.Errors() {
			faults = append(faults, fault{"bad-expression", fmt.Sprintf("line %d, column %d: %s", e.Location.Line(), e.Location.Column()+1, e.Message), hintFor(text, e.Message)})
		}
		return nil, faults
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, []fault{{"bad-expression", fmt.Sprintf("it gives %s", ast.OutputType()), "compare something: it must give true or false"}}
	}
	if cost, err := env.EstimateCost(ast, sizes{}); err != nil || cost.Max > expressionCost {
		return nil, []fault{{"expression-cost", fmt.Sprintf("it may cost %d, at most %d is allowed", cost.Max, expressionCost), "write less, and no loops within loops"}}
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize, cel.OptPartialEval), cel.CostLimit(expressionCost))
	if err != nil {
		return nil, []fault{{"bad-expression", err.Error(), ""}}
	}
	x := &Expression{program: program}
	for _, r := range ast.NativeRep().ReferenceMap() {
		if _, known := vocabulary()[r.Name]; known && !slices.Contains(x.Names, r.Name) {
			x.Names = append(x.Names, r.Name)
		}
	}
	slices.Sort(x.Names)
	return x, nil
}

var undeclared = regexp.MustCompile(`undeclared reference to '([^']+)'`)

// hintFor names what a misspelt name may stand for: the message has its first part only, the expression all of it.
func hintFor(text, message string) string {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		name := regexp.MustCompile(`\b` + regexp.QuoteMeta(m[1]) + `[.\w]*`).FindString(text)
		return didYouMean(or(name, m[1]), Vocabulary(), "docs/catalog.md lists the names that it can use")
	}
	if strings.Contains(message, "no matching overload") {
		return "compare numbers with numbers of the same type: value with 5.0, days with 365"
	}
	return "expressions are written in CEL, such as a1c.value >= 5.7 && a1c.days <= 365"
}

// sizes bounds what CEL does not know the size of.
type sizes struct{}

func (sizes) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	if p := n.Path(); len(p) > 0 && p[0] == NamePayers && len(p) == 1 {
		return &checker.SizeEstimate{Max: mapping.ListMax}
	}
	return &checker.SizeEstimate{Max: mapping.ShortMax}
}

func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// ErrUndecided: an expression failed or ran over its limit, so that a person must decide.
var ErrUndecided = errors.New("the expression could not be decided")

// Ask runs the expression on the values of names, which are float64, int64, bool, string or []string. What is in Names and
// has no value is unknown. A failure is ErrUndecided, never a panic.
func (x *Expression) Ask(values map[string]any) (a Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			a, err = Answer{}, fmt.Errorf("%w: %v", ErrUndecided, p)
		}
	}()
	var unknown []*cel.AttributePatternType
	for _, name := range x.Names {
		if _, ok := values[name]; !ok {
			unknown = append(unknown, cel.AttributePattern(name))
		}
	}
	known, err := cel.PartialVars(values, unknown...)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrUndecided, err)
	}
	out, _, err := x.program.Eval(known)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrUndecided, err)
	}
	if u, ok := out.(*types.Unknown); ok {
		return Answer{Missing: missingIn(u)}, nil
	}
	return Answer{Holds: out == types.True}, nil
}

func missingIn(u *types.Unknown) (names []string) {
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			names = append(names, t.Variable())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// expression compiles a gate's expression and reports what is wrong with it.
func (l *linter) expression(text string, i int, name string) *Expression {
	x, faults := compile(text)
	for _, f := range faults {
		l.problem(f.code, f.hint, f.text, "programs", i, "gates", name, "expr")
	}
	return x
}
