package worker

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ReadEventFile reads a file of events by its extension: .ndjson is a recorded file, .json one event (native or FHIR),
// .hl7 one or several HL7 v2 messages. What a plain file holds has no subject. It is not judged here: an unreadable
// event is an event. Errors are about the file.
func ReadEventFile(path string) iter.Seq2[Recorded, error] {
	return func(yield func(Recorded, error) bool) {
		if strings.EqualFold(filepath.Ext(path), ".ndjson") {
			f, err := os.Open(path)
			if err != nil {
				yield(Recorded{}, err)
				return
			}
			defer f.Close()
			for r, err := range ReadRecorded(f) {
				if err != nil {
					err = fmt.Errorf("%s: %w", path, err)
				}
				if !yield(r, err) {
					return
				}
			}
			return
		}
		plain, err := readPlain(path)
		if err != nil {
			yield(Recorded{}, err)
			return
		}
		for _, r := range plain {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// CheckEventFile reports a file that is not there, may not be read, or whose name says nothing of its format.
func CheckEventFile(path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".ndjson", ".json", ".hl7":
	default:
		return fmt.Errorf("%s: the name must end in .ndjson (recorded), .json (native or FHIR) or .hl7 (HL7 v2)", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// plainFileMax bytes of a plain file are read; more is not an event file.
const plainFileMax = 256 << 20

func readPlain(path string) ([]Recorded, error) {
	if err := CheckEventFile(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, plainFileMax+1))
	if err != nil {
		return nil, err
	}
	if len(data) > plainFileMax {
		return nil, fmt.Errorf("%s: more than %d MiB", path, plainFileMax>>20)
	}
	if strings.EqualFold(filepath.Ext(path), ".json") {
		return []Recorded{{Data: bytes.TrimSuffix(data, []byte("\n"))}}, nil
	}
	var messages []Recorded
	for _, m := range splitHL7(data) {
		messages = append(messages, Recorded{Headers: map[string]string{"content-type": "x-application/hl7-v2+er7"}, Data: m})
	}
	return messages, nil
}

var (
	hl7Start    = regexp.MustCompile(`(?m)^\x{FEFF}?MSH[^A-Za-z0-9\s]`)
	hl7Envelope = regexp.MustCompile(`(?m)^(?:FHS|BHS|BTS|FTS)[^A-Za-z0-9\s].*\n?`)
)

// splitHL7 cuts a file into messages: each begins with MSH. Segments end with a carriage return as HL7 v2 has it, MLLP's
// framing and batch envelopes (FHS, BHS, BTS, FTS) are left out. A file without any MSH is one message.
func splitHL7(data []byte) [][]byte {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte{0x0b}, nil)
	data = bytes.ReplaceAll(data, []byte{0x1c}, nil)
	data = hl7Envelope.ReplaceAll(data, nil)
	starts := hl7Start.FindAllIndex(data, -1)
	if len(starts) == 0 {
		return [][]byte{data}
	}
	var messages [][]byte
	for i, start := range starts {
		end := len(data)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		message := bytes.TrimRight(data[start[0]:end], "\n")
		messages = append(messages, append(bytes.ReplaceAll(message, []byte("\n"), []byte("\r")), '\r'))
	}
	return messages
}
