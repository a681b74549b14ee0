package docs

import (
	"testing"

	"spreadable/sim/trace"
)

// docs/traces.md describes every column of trace.csv.
func TestEveryColumnOfTracesIsDocumented(t *testing.T) {
	sameSet(t, "column", firstCells(section(t, read(t, "docs/traces.md"), "### trace.csv"), "column"), trace.Columns())
}
