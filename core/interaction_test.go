package core_test

import (
	"testing"

	"spreadable/core/coretest"
)

// TestInteraction runs the scripts in testdata/interaction: what nodes say to each other,
// one rule of the protocol a file. Each begins with prose; the package comment of
// coretest lists the commands. `go test ./core -run Interaction -rewrite` writes what the
// nodes say now.
func TestInteraction(t *testing.T) { coretest.RunScripts(t, "testdata/interaction", nil) }
