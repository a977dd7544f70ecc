package main

import (
	"os"
	"time"

	"github.com/convene-health/convene/mapping/calendar"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/program"
)

type catalogFHIRCmd struct {
	File string `arg:"" help:"Catalog (YAML)."`
}

// Run prints the catalog's transaction bundle.
func (c *catalogFHIRCmd) Run(say *speaker) error {
	cat, err := loadCatalog(c.File)
	if err != nil {
		return err
	}
	bundle, problems := confirm.New(cat).AppendCatalog(nil)
	if err := problems.Err(); err != nil {
		return err
	}
	say.line("%s", bundle)
	return nil
}

type catalogICSCmd struct {
	File  string    `arg:"" help:"Catalog (YAML)."`
	Group string    `arg:"" help:"Group, by its id."`
	From  time.Time `placeholder:"DATE" format:"2006-01-02" help:"First day that counts; without it all sessions."`
}

// Run prints the calendar of a group.
func (c *catalogICSCmd) Run(say *speaker) error {
	cat, err := loadCatalog(c.File)
	if err != nil {
		return err
	}
	text, ok := calendar.Group(cat, c.Group, c.From)
	if !ok {
		return usage("`convene catalog show "+c.File+"` lists the groups", "the catalog has no group %s", c.Group)
	}
	_, err = say.out.Write([]byte(text))
	return err
}

func loadCatalog(path string) (*program.Catalog, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	cat, problems := program.Load(data)
	if err := problems.Err(); err != nil {
		return nil, badCatalog(path, err)
	}
	return cat, nil
}
