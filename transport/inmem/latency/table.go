package latency

import (
	"errors"
	"fmt"
	"time"
)

// maxPlaces bounds how many places a model has: tables grow with its square.
const maxPlaces = 5000

// Table holds the latencies in one direction between named places.
type Table struct {
	kind    string // of its places, for errors
	names   []string
	latency []time.Duration // by rows of the sender's place; 0 is missing
}

func newTable(kind string, names []string) *Table {
	return &Table{kind: kind, names: names, latency: make([]time.Duration, len(names)*len(names))}
}

// At is the latency of a message from a place to another, by their numbers.
func (t *Table) At(from, to int) time.Duration { return t.latency[from*len(t.names)+to] }

func (t *Table) set(from, to int, d time.Duration) { t.latency[from*len(t.names)+to] = d }

// Names are the names of the places, in the order of their numbers.
func (t *Table) Names() []string { return t.names }

// part is the table of the places with a weight.
func (t *Table) part(weights []uint64) *Table {
	part := &Table{kind: t.kind}
	for i, name := range t.names {
		if weights[i] == 0 {
			continue
		}
		part.names = append(part.names, name)
		for j := range t.names {
			if weights[j] > 0 {
				part.latency = append(part.latency, t.At(i, j))
			}
		}
	}
	return part
}

// holeError is the error of a table in which two places have no latency.
type holeError struct{ from, to string }

func (e *holeError) Error() string {
	return fmt.Sprintf("no latency from %s to %s: the table has a hole", e.from, e.to)
}

// IsHole reports whether an error is about two places of a table that have no latency.
func IsHole(err error) bool { return errors.As(err, new(*holeError)) }

// complete gives hosts of the same place a latency where there is none, raises all to the
// floor, and refuses a table in which two places have none.
func (t *Table) complete(floor time.Duration) error {
	for i := range t.names {
		for j := range t.names {
			d := t.At(i, j)
			switch {
			case d == 0 && i == j:
				d = Inside / 2
			case d == 0:
				return &holeError{t.names[i], t.names[j]}
			}
			t.set(i, j, max(d, floor))
		}
	}
	return nil
}
