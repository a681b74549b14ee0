package latency

import (
	"strconv"
)

// ReadKing reads a matrix of the King data set (Gummadi et al., King: estimating latency
// between arbitrary Internet end hosts, 2002): a line for each host with its round trips
// to all hosts in microseconds, with blanks between them. The hosts are named by their
// numbers, from 1. The matrix as published, of 1740 hosts, is 19 MB of text.
func ReadKing(file string, data []byte) (*Table, error) {
	lines := readWords(data)
	names := make([]string, len(lines))
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	for _, line := range lines { // first, because a table takes the square of it
		if len(line.cells) != len(lines) {
			return nil, line.errorf(file, "not square: %d numbers in a matrix of %d lines", len(line.cells), len(lines))
		}
	}
	g, err := newGrid(file, "host", names)
	if err != nil {
		return nil, err
	}
	for row, line := range lines {
		for column, cell := range line.cells {
			trip, err := duration(cell, "us")
			if err != nil {
				return nil, line.errorf(file, "number %d: %w", column+1, err)
			}
			if err := g.set(line, row, column, trip); err != nil {
				return nil, err
			}
		}
	}
	return g.table, nil
}
