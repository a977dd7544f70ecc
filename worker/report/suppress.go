package report

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// countMin is the least count that is shown, 0 apart: the cell size policy of the US Centers for Medicare and Medicaid
// Services shows no cell from 1 to 10, nor a figure from which one can be worked out.
const countMin = 11

// Cells of a row. The last two are never shown, but follow from those that are: who was received and not placed, placed
// and did not attend.
const (
	received = iota
	placed
	attended
	firstEnd
)

var (
	unplaced   = firstEnd + len(ends)
	unattended = unplaced + 1
	cellsCount = unattended + 1
)

// cells are the counts of one row, and which are hidden.
type cells struct {
	key, name string
	count     []int
	hidden    []bool
	days      []int // to the first session attended
}

func newCells(key, name string) *cells {
	x := &cells{key: key, name: name, count: make([]int, cellsCount), hidden: make([]bool, cellsCount)}
	x.hidden[unplaced], x.hidden[unattended] = true, true
	return x
}

func (x *cells) add(p *placement, zone *time.Location) {
	x.count[received]++
	x.count[firstEnd+slices.Index(ends, p.end())]++
	days, came := p.days(zone)
	if came {
		x.days = append(x.days, days)
	}
	switch had := p.placed || came; {
	case came:
		x.count[placed]++
		x.count[attended]++
	case had:
		x.count[placed]++
		x.count[unattended]++
	default:
		x.count[unplaced]++
	}
}

func small(n int) bool { return n > 0 && n < countMin }

// sums of a row's cells: the first is all the others together.
func sums() [][]int {
	byEnd := []int{received}
	for i := range ends {
		byEnd = append(byEnd, firstEnd+i)
	}
	return [][]int{{received, placed, unplaced}, {placed, attended, unattended}, byEnd}
}

// sheet is a total and the tables that break it down: whoever has one table has all.
type sheet struct {
	rows []*cells // the total, then the rows of all tables
	// tables are the numbers of the rows of each.
	tables [][]int
}

// hide the small counts, and as many others that no small one can be worked out from what is left.
func (s *sheet) hide() {
	for _, x := range s.rows {
		for i, n := range x.count {
			x.hidden[i] = x.hidden[i] || small(n)
		}
	}
	for {
		found := s.derivable()
		if len(found) == 0 {
			return
		}
		s.hideBeside(found[0])
	}
}

// triesMax bounds how many cells are tried for one that suffices.
const triesMax = 12

// at is one cell of a table.
type at struct{ row, cell int }

// hideBeside hides one more cell, so that a small one does not follow: of those that share a sum with it the smallest that
// suffices, what all are counted of and totals last. Where none does alone, it is the smallest together with one that keeps
// this one from following in turn.
func (s *sheet) hideBeside(x at) {
	beside := s.near(x)
	if len(beside) == 0 { // it follows by a longer way: anything that is shown may be on it
		beside = s.shown(func(at) bool { return true })
	}
	if s.hideOne(beside, x) {
		return
	}
	for _, y := range beside[:min(len(beside), triesMax)] {
		s.rows[y.row].hidden[y.cell] = true
		if s.hideOne(s.near(y), x) {
			return
		}
		s.rows[y.row].hidden[y.cell] = false
	}
	s.rows[beside[0].row].hidden[beside[0].cell] = true
}

// hideOne hides the first of some cells by which another does not follow any more.
func (s *sheet) hideOne(cells []at, x at) bool {
	for _, y := range cells[:min(len(cells), triesMax)] {
		s.rows[y.row].hidden[y.cell] = true
		if !slices.Contains(s.derivable(), x) {
			return true
		}
		s.rows[y.row].hidden[y.cell] = false
	}
	return false
}

// near are the cells shown that share a sum with one, those worth least first.
func (s *sheet) near(x at) []at {
	beside := s.shown(func(y at) bool { return s.together(x, y) })
	slices.SortFunc(beside, func(a, b at) int {
		return cmp.Or(cmp.Compare(s.worth(a), s.worth(b)), cmp.Compare(a.row, b.row), cmp.Compare(a.cell, b.cell))
	})
	return beside
}

// shown are the cells not hidden that f takes.
func (s *sheet) shown(f func(at) bool) (out []at) {
	for row, x := range s.rows {
		for cell, hidden := range x.hidden {
			if y := (at{row, cell}); !hidden && f(y) {
				out = append(out, y)
			}
		}
	}
	return out
}

// together: two cells stand in one sum, over rows or within a row.
func (s *sheet) together(x, y at) bool {
	if x.row == y.row {
		return slices.ContainsFunc(sums(), func(sum []int) bool { return slices.Contains(sum, x.cell) && slices.Contains(sum, y.cell) })
	}
	return x.cell == y.cell && (x.row == 0 || y.row == 0 ||
		slices.ContainsFunc(s.tables, func(t []int) bool { return slices.Contains(t, x.row) && slices.Contains(t, y.row) }))
}

// worth of a cell to the reader.
func (s *sheet) worth(x at) int {
	n := s.rows[x.row].count[x.cell]
	if n == 0 {
		n = 1 << 30 // hiding a zero hides little
	}
	if x.cell == received {
		n += 1 << 35
	}
	if x.row == 0 {
		n += 1 << 40
	}
	return n
}

// derivable are the small counts that follow from what is shown. Every sum over rows and within a row is an equation in the
// hidden cells; a cell follows exactly where elimination leaves an equation with it alone.
func (s *sheet) derivable() (out []at) {
	all := s.rows
	number := map[at]int{}
	var unknown []at
	for row, x := range all {
		for cell, hidden := range x.hidden {
			if hidden {
				number[at{row, cell}] = len(unknown)
				unknown = append(unknown, at{row, cell})
			}
		}
	}
	var equations [][]float64
	equation := func(whole at, parts []at) {
		e := make([]float64, len(unknown))
		any := false
		for i, p := range append([]at{whole}, parts...) {
			if n, is := number[p]; is {
				any = true
				if e[n] = 1; i == 0 {
					e[n] = -1
				}
			}
		}
		if any {
			equations = append(equations, e)
		}
	}
	for row := range all {
		for _, sum := range sums() {
			var parts []at
			for _, cell := range sum[1:] {
				parts = append(parts, at{row, cell})
			}
			equation(at{row, sum[0]}, parts)
		}
	}
	for _, table := range s.tables {
		for cell := range cellsCount {
			var parts []at
			for _, row := range table {
				parts = append(parts, at{row, cell})
			}
			equation(at{0, cell}, parts)
		}
	}
	for _, n := range alone(equations) {
		if x := unknown[n]; small(all[x.row].count[x.cell]) {
			out = append(out, x)
		}
	}
	return out
}

// alone reduces equations (Gauss and Jordan) and gives the unknowns that stand alone in one.
func alone(equations [][]float64) (out []int) {
	const tiny = 1e-9
	if len(equations) == 0 {
		return nil
	}
	done := 0
	for column := 0; column < len(equations[0]) && done < len(equations); column++ {
		best := done
		for i := done; i < len(equations); i++ {
			if math.Abs(equations[i][column]) > math.Abs(equations[best][column]) {
				best = i
			}
		}
		if math.Abs(equations[best][column]) < tiny {
			continue
		}
		equations[done], equations[best] = equations[best], equations[done]
		pivot := equations[done]
		for k, by := column, pivot[column]; k < len(pivot); k++ {
			pivot[k] /= by
		}
		for i := range equations {
			if by := equations[i][column]; i != done && math.Abs(by) > tiny {
				for k := column; k < len(pivot); k++ {
					equations[i][k] -= by * pivot[k]
				}
			}
		}
		done++
	}
	for _, e := range equations[:done] {
		only := -1
		for n, x := range e {
			if math.Abs(x) > tiny {
				if only >= 0 {
					only = -2
					break
				}
				only = n
			}
		}
		if only >= 0 {
			out = append(out, only)
		}
	}
	return out
}
