package engine

import (
	"github.com/convene-health/convene/mapping"
	"github.com/convene-health/convene/mapping/confirm"
	"github.com/convene-health/convene/mapping/program"
	"github.com/convene-health/convene/mapping/roster"
)

// Book is a catalog ready to decide and to confirm with. It is immutable.
type Book struct {
	offer  *roster.Offering
	writer *confirm.Writer
}

func newBook(cat *program.Catalog) *Book {
	return &Book{roster.NewOffering(cat), confirm.New(cat)}
}

// Compile makes a book of a network's catalog, or says why it may not be put in force. It takes long, some 80 us a group,
// and needs nothing but its arguments.
func Compile(network string, data []byte) (*Book, mapping.Issues) {
	cat, problems := program.Load(data)
	var issues mapping.Issues
	for _, p := range problems {
		if !p.Warning {
			issues.Add("data.catalog", p.Code, "%s", p.String())
		}
	}
	switch {
	case len(issues) > 0:
		return nil, issues
	case cat.Network != network:
		issues.Add("data.catalog", "wrong-network", "the catalog is of network %s", cat.Network)
		return nil, issues
	}
	return newBook(cat), nil
}

// Hash of the catalog.
func (b *Book) Hash() string { return b.offer.Catalog.Hash }

// Catalog that was compiled.
func (b *Book) Catalog() *program.Catalog { return b.offer.Catalog }
