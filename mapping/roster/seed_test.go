package roster_test

import (
	"flag"
	"os"
	"testing"
)

// modelSeed makes the model draw the same in every run; -rapid.seed and -rapid.checks look further.
const modelSeed = "20261109"

func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		if err := seed.Value.Set(modelSeed); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
