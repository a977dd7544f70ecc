package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Hidden is what stands for a count that is not shown.
const Hidden = "*"

// Notes define what the columns count, for who reads a report without its makers.
var Notes = []string{
	"Received: places asked for by referrals that arrived in the period; a referral that asks for several programs counts once for each.",
	"Placed: a place was given for certain; an offer alone does not count. Attended: at least one session was reported as attended.",
	"Days: from the referral to the first session attended, of those who attended; half waited no longer than the median, nine of ten no longer than the 90th percentile.",
	"The last columns say how it ended; with \"open\" they are all that was received. Handed over: told of a drop-in group that keeps no attendance.",
	"Site, language and payer are those of the group joined and of the referral; what is not told is not guessed.",
	"* Counts from 1 to 10 are not shown, nor others from which one could be worked out; no share or time is computed over them.",
	"The counts say nothing about whether treatment works.",
}

// Title of the report.
func (r *Report) Title() string {
	return fmt.Sprintf("Group programs of network %s: referrals received %s to %s, as they stood on %s", r.Network, r.From, r.To, r.AsOf)
}

// WriteText writes the report for people. Ways to end that nobody came to have no column, and rows of which not even the
// referrals received are shown no line.
func (r *Report) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n", r.Title())
	tables := r.Tables
	if len(tables) == 0 {
		tables = []Table{{By: "all"}}
	}
	var columns, none []string
	for _, end := range ends {
		if n := r.Total.Ended[end]; n != nil && *n == 0 {
			none = append(none, end)
		} else {
			columns = append(columns, end)
		}
	}
	for _, t := range tables {
		if err := r.table(w, t, columns); err != nil {
			return err
		}
	}
	if len(none) > 0 {
		fmt.Fprintf(w, "Nobody: %s.\n\n", strings.Join(none, ", "))
	}
	for _, note := range Notes {
		if _, err := fmt.Fprintln(w, note); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) table(w io.Writer, t Table, columns []string) error {
	tab, few := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0), 0
	fmt.Fprintf(tab, "by %s\treceived\tplaced\t%%\tattended\t%%\tdays: median\t90th\t%s\n", strings.ReplaceAll(t.By, "+", " and "), strings.Join(columns, "\t"))
	for _, row := range append(slices.Clone(t.Rows), r.Total) {
		if row.Received == nil && row.Name != r.Total.Name {
			few++
			continue
		}
		fmt.Fprintln(tab, strings.Join(row.texts(columns), "\t"))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if few > 0 {
		fmt.Fprintf(w, "not shown: %d more, which are in the total\n", few)
	}
	_, err := fmt.Fprintln(w)
	return err
}

func (r *Row) texts(columns []string) []string {
	out := []string{r.Name, text(r.Received), text(r.Placed), percent(r.SharePlaced), text(r.Attended), percent(r.ShareAttended), text(r.MedianDays), text(r.P90Days)}
	for _, end := range columns {
		out = append(out, text(r.Ended[end]))
	}
	return out
}

// WriteCSV writes one line for each row, with the network, the period and the dimension in front; first the names.
func (r *Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	names := []string{"network", "from", "to", "as_of", "by", "key", "name", "received", "placed", "share_placed", "attended", "share_attended", "median_days", "p90_days"}
	for _, end := range ends {
		names = append(names, strings.ReplaceAll(end, " ", "_"))
	}
	_ = c.Write(names)
	write := func(by string, row *Row) {
		line := []string{r.Network, r.From, r.To, r.AsOf, by, row.Key, row.Name, text(row.Received), text(row.Placed), share(row.SharePlaced),
			text(row.Attended), share(row.ShareAttended), text(row.MedianDays), text(row.P90Days)}
		for _, end := range ends {
			line = append(line, text(row.Ended[end]))
		}
		_ = c.Write(line) // an error stays and is given by Error
	}
	for i := range r.Tables {
		for k := range r.Tables[i].Rows {
			write(r.Tables[i].By, &r.Tables[i].Rows[k])
		}
	}
	write("total", &r.Total)
	c.Flush()
	return c.Error()
}

func text(n *int) string {
	if n == nil {
		return Hidden
	}
	return strconv.Itoa(*n)
}

func share(x *float64) string {
	if x == nil {
		return Hidden
	}
	return strconv.FormatFloat(*x, 'f', -1, 64)
}

func percent(x *float64) string {
	if x == nil {
		return Hidden
	}
	return strconv.FormatFloat(100**x, 'f', 0, 64)
}
