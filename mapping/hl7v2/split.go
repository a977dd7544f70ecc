package hl7v2

import "bytes"

// Split cuts a batch (FHS, BHS) or several messages after each other into single ones, in order, however many. Envelopes
// are left out; what stands before the first MSH belongs to no message. One message, or none, is given back as it came.
func Split(data []byte) [][]byte {
	var all [][]byte
	within, envelopes, start := false, 0, 0
	end := func(at int) {
		if within {
			all = append(all, data[start:at:at])
		}
		within = false
	}
	for at := 0; at < len(data); {
		line := data[at:]
		if at == 0 {
			line = bytes.TrimPrefix(bytes.TrimPrefix(line, []byte(byteOrderMark)), []byte("\v"))
		}
		if len(line) > 3 && isDelimiter(line[3]) {
			switch string(line[:3]) {
			case "FHS", "BHS", "BTS", "FTS":
				end(at)
				envelopes++
			case "MSH":
				end(at)
				within, start = true, at
			}
		}
		next := bytes.IndexAny(data[at:], "\r\n") // which no character of a wide set contains
		if next < 0 {
			break
		}
		at += next + 1
	}
	end(len(data))
	if len(all) < 2 && envelopes == 0 {
		return [][]byte{data}
	}
	return all
}
