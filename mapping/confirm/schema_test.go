package confirm

import "testing"

func checkSchema(t *testing.T, b []byte) {}
