package main

import (
	"strings"
	"testing"
)

// A value of a thousand IPs is shown in full, and puts no spaces into the other rows.
func TestALongCellWidensNoOtherRow(t *testing.T) {
	long := strings.Repeat("192.0.2.1,", 1000)
	table := newTable("OPTION", "VALUE", "FROM")
	table.row("blacklist", long, "file")
	table.row("port", 4000, "default")
	var out strings.Builder
	if err := table.print(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if want := "blacklist  " + long + "  file"; lines[1] != want {
		t.Errorf("the long row has %d characters, want %d", len(lines[1]), len(want))
	}
	if want := "port       4000" + strings.Repeat(" ", widest-4) + "  default"; lines[2] != want {
		t.Errorf("another row: %q, want %q", lines[2], want)
	}
}
