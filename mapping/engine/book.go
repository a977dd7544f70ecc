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

func newBook(cat *program.Catalog) *Book { return bookOf(roster.NewOffering(cat)) }

func bookOf(offer *roster.Offering) *Book { return &Book{offer, confirm.New(offer.Catalog)} }

// InForce is the book with the starts that Convene put off, as a state has them; the same book where it lacks none. Nil stays nil.
func (b *Book) InForce(state *roster.State) *Book {
	if b == nil {
		return nil
	}
	offer := b.offer.InForce(state)
	if offer == b.offer {
		return b
	}
	return bookOf(offer)
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
