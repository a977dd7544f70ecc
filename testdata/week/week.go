// Package week holds the recorded week of 9 to 15 November 2026, embedded: catalogs, events, golden confirmations.
package week

import _ "embed"

var (
	//go:embed catalog.yaml
	riverside []byte
	//go:embed catalog-lakeside.yaml
	lakeside []byte
	//go:embed events.ndjson
	events []byte
)

// Events are the recorded lines, catalogs included. The caller must not change them.
func Events() []byte { return events }

// Catalogs of the networks riverside and lakeside, in this order.
func Catalogs() [][]byte { return [][]byte{riverside, lakeside} }
