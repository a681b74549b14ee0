package latency

import (
	"fmt"
	"strings"
	"time"
)

// grid is a table of round trips that is being read. Files tell round trips, because only
// these can be measured with one clock; a table holds half of them.
type grid struct {
	file  string
	table *Table
}

func newGrid(file, kind string, names []string) (grid, error) {
	if len(names) == 0 {
		return grid{}, fmt.Errorf("%s: holds no latencies", file)
	}
	if len(names) > maxPlaces {
		return grid{}, fmt.Errorf("%s: %d places are more than %d", file, len(names), maxPlaces)
	}
	return grid{file, newTable(kind, names)}, nil
}

// set writes one round trip. Where hosts of the same place have none, it is Inside.
func (g grid) set(l line, from, to int, trip time.Duration) error {
	if trip == 0 && from != to {
		return l.errorf(g.file, "a round trip of 0 from %s to %s, which is none that was measured",
			g.table.names[from], g.table.names[to])
	}
	g.table.set(from, to, trip/2)
	return nil
}

// ReadSquare reads a square table as CSV: a line with the names of the places behind an
// empty cell, then for each place, in the same order, its name and the round trips to all
// of them, in milliseconds or with a unit. Only on the diagonal may a cell be empty.
func ReadSquare(file string, data []byte) (*Table, error) {
	lines, err := readCSV(file, data)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s: holds no latencies", file)
	}
	head, lines := lines[0], lines[1:]
	names := head.cells[1:]
	if err := unique(file, head, names); err != nil {
		return nil, err
	}
	for row, line := range lines {
		switch {
		case row >= len(names):
			return nil, line.errorf(file, "not square: a line more than the %d names", len(names))
		case len(line.cells) != len(head.cells):
			return nil, line.errorf(file, "not square: %d cells, not %d", len(line.cells), len(head.cells))
		case line.cells[0] != names[row]:
			return nil, line.errorf(file, "expected the line of %q, not of %.40q", names[row], line.cells[0])
		}
	}
	if len(lines) < len(names) {
		return nil, fmt.Errorf("%s: not square: %d lines for %d names", file, len(lines), len(names))
	}
	g, err := newGrid(file, "region", names)
	if err != nil {
		return nil, err
	}
	for row, line := range lines {
		if err := g.row(line, row, line.cells[1:]); err != nil {
			return nil, err
		}
	}
	return g.table, nil
}

// row reads the round trips from one place. A number without a unit is one of milliseconds,
// as ping prints them.
func (g grid) row(line line, row int, cells []string) error {
	for column, cell := range cells {
		if cell == "" && column == row {
			continue
		}
		unit := "ms"
		if !isNumber(cell) && cell != "" {
			unit = ""
		}
		trip, err := duration(cell, unit)
		if err != nil {
			return line.errorf(g.file, "from %s to %s: %w", g.table.names[row], g.table.names[column], err)
		}
		if err := g.set(line, row, column, trip); err != nil {
			return err
		}
	}
	return nil
}

// unique refuses names that are empty or there twice. Their case does not count.
func unique(file string, l line, names []string) error {
	seen := make(map[string]bool)
	for _, name := range names {
		if name == "" {
			return l.errorf(file, "a name is missing")
		}
		lower := strings.ToLower(name)
		if seen[lower] {
			return l.errorf(file, "the name %q is there twice", name)
		}
		seen[lower] = true
	}
	return nil
}
