package latency

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Placed is a network of hosts at places: the latency of a pair follows from where its
// hosts are.
type Placed struct {
	terms  Terms
	places *Places
	table  *Table

	least, mean, greatest time.Duration
}

// Terms are what all models with places have in common.
type Terms struct {
	Seed   uint64
	Floor  time.Duration // no latency between places is below it; above 0
	Jitter Jitter        // of each message
	Access *Access       // of each host
}

// DefaultFloor is the floor where no other is given.
const DefaultFloor = 500 * time.Microsecond

// Inside is the round trip between two hosts of one place, where a table has none.
const Inside = 3 * time.Millisecond

// NewPlaced returns the model with hosts at the places of the table: by the shares, if
// there are any, or else as many at each place. Places without a share are left out, so
// their latencies may be missing.
func NewPlaced(t *Table, shares []Share, terms Terms) (*Placed, error) {
	weights := slices.Repeat([]uint64{1}, len(t.names))
	weights, err := weigh(t.kind, shares, t.names, weights)
	if err != nil {
		return nil, err
	}
	return newPlaced(t.part(weights), positive(weights), terms)
}

// newPlaced takes a table of places all of which have weights.
func newPlaced(t *Table, weights []uint64, terms Terms) (*Placed, error) {
	if err := t.complete(terms.Floor); err != nil {
		return nil, err
	}
	places, err := NewPlaces(t.names, weights, terms.Seed)
	if err != nil {
		return nil, err
	}
	m := &Placed{terms: terms, places: places, table: t}
	m.measure()
	return m, nil
}

// positive are the weights above 0.
func positive(weights []uint64) []uint64 {
	return slices.DeleteFunc(slices.Clone(weights), func(w uint64) bool { return w == 0 })
}

// Draw implements Model.
func (m *Placed) Draw(from, to uint32, r *rand.Rand) time.Duration {
	return m.Base(from, to) + m.terms.Jitter.draw(r) + m.terms.Access.draw(from, to, r)
}

// Base is the latency of a pair of hosts without what varies from message to message and
// without the last mile.
func (m *Placed) Base(from, to uint32) time.Duration {
	return m.table.At(m.places.Of(from), m.places.Of(to))
}

// Places says where the hosts are.
func (m *Placed) Places() *Places { return m.places }

// Table has the latencies between the places.
func (m *Placed) Table() *Table { return m.table }

// Min implements Model.
func (m *Placed) Min() time.Duration { return m.least }

// Mean implements Model.
func (m *Placed) Mean() time.Duration { return m.mean }

// Max implements Model.
func (m *Placed) Max() time.Duration { return m.greatest }

// measure finds the limits and the mean, which are asked for often.
func (m *Placed) measure() {
	shares, mean := m.places.Shares(), 0.0
	for i, a := range shares {
		for j, b := range shares {
			mean += a * b * float64(m.table.At(i, j))
		}
	}
	jitter := m.terms.Jitter
	least, expected, greatest := m.terms.Access.limits()
	m.least = slices.Min(m.table.latency) + least
	m.mean = time.Duration(mean) + jitter.Mean() + expected
	m.greatest = slices.Max(m.table.latency) + jitter.Max() + greatest
}
