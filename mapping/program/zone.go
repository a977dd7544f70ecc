package program

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// Zones come from the embedded IANA time zone database only, so that every worker and every replay computes
// the same instants, whatever the host has installed.

var zones = sync.OnceValues(func() (map[string]*zip.File, error) {
	data, err := files.ReadFile("data/zoneinfo.zip")
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		byName[f.Name] = f
	}
	return byName, nil
})

// LoadZone gives an IANA time zone by name, e.g. "America/New_York".
func LoadZone(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	byName, err := zones()
	if err != nil {
		return nil, err
	}
	f, ok := byName[name]
	if !ok || f.FileInfo().IsDir() {
		return nil, fmt.Errorf("no time zone %q", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(name, data)
}
