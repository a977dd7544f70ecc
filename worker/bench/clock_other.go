//go:build !unix

package bench

import "time"

// processorTime is the time of day where a process cannot be asked for its own.
func processorTime() time.Duration { return time.Since(start) }

var start = time.Now()
