package latency

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// maxPlaces bounds how many places a model has: tables grow with its square.
const maxPlaces = 5000

// Table holds the latencies in one direction between named places.
type Table struct {
	kind    string // of its places, for errors
	names   []string
	latency []time.Duration // by rows of the sender's place; 0 on the diagonal is Inside
}

// at is the latency of a message from a place to another.
func (t *Table) at(from, to int) time.Duration { return t.latency[from*len(t.names)+to] }

// Names are the names of the places.
func (t *Table) Names() []string { return t.names }

// Regions is a network of which the latencies between places are known.
type Regions struct {
	Network
	places *Places
	table  *Table
}

// NewRegions returns the model with hosts at the places of the table: by the shares, if
// there are any, or else as many at each place. Places without a share are left out, so
// their latencies may be missing.
func NewRegions(t *Table, shares []Share, n Network) (*Regions, error) {
	weights := make([]uint64, len(t.names))
	for i := range weights {
		weights[i] = 1
	}
	weights, err := weigh(t.kind, shares, t.names, weights)
	if err != nil {
		return nil, err
	}
	t = t.part(weights)
	if err := t.fill(); err != nil {
		return nil, err
	}
	weights = slices.DeleteFunc(weights, func(w uint64) bool { return w == 0 })
	places, err := NewPlaces(t.names, weights, n.Seed)
	if err != nil {
		return nil, err
	}
	return &Regions{Network: n, places: places, table: t}, nil
}

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
				part.latency = append(part.latency, t.at(i, j))
			}
		}
	}
	return part
}

// fill gives hosts of the same place a latency where there is none, and refuses a table in
// which two places have none.
func (t *Table) fill() error {
	for i := range t.names {
		for j := range t.names {
			switch at := &t.latency[i*len(t.names)+j]; {
			case *at == 0 && i == j:
				*at = Inside / 2
			case *at == 0:
				return fmt.Errorf("no latency from %s to %s: the table has a hole", t.names[i], t.names[j])
			}
		}
	}
	return nil
}

// Draw implements Model.
func (m *Regions) Draw(from, to uint32, r *rand.Rand) time.Duration {
	return m.Base(from, to) + m.extra(from, to, r)
}

// Base is the latency of a pair of hosts without what varies from message to message and
// without the last mile.
func (m *Regions) Base(from, to uint32) time.Duration {
	return max(m.table.at(m.places.Of(from), m.places.Of(to)), m.Floor)
}

// Places says where the hosts are.
func (m *Regions) Places() *Places { return m.places }

// Min implements Model.
func (m *Regions) Min() time.Duration {
	least := Unbounded
	for _, d := range m.table.latency {
		least = min(least, max(d, m.Floor))
	}
	access, _, _ := m.Access.limits()
	return least + access
}

// Mean implements Model.
func (m *Regions) Mean() time.Duration {
	shares, mean := m.places.Shares(), 0.0
	for i, a := range shares {
		for j, b := range shares {
			mean += a * b * float64(max(m.table.at(i, j), m.Floor))
		}
	}
	_, access, _ := m.Access.limits()
	return time.Duration(mean) + m.Jitter.Mean() + access
}

// Max implements Model.
func (m *Regions) Max() time.Duration {
	greatest := m.Floor
	for _, d := range m.table.latency {
		greatest = max(greatest, d)
	}
	_, _, access := m.Access.limits()
	return greatest + m.Jitter.Max() + access
}

// CloudRegions is the table that Regions has without another one: 21 places where clouds
// have data centres, and round trips computed from their coordinates, each the median of
// Planet.
func CloudRegions() (*Table, error) {
	places, err := ReadCities("regions.csv", regions)
	if err != nil {
		return nil, err
	}
	t := &Table{kind: "region", latency: make([]time.Duration, len(places)*len(places))}
	for i, a := range places {
		t.names = append(t.names, a.Name)
		for j, b := range places {
			us := Distance(a, b) / lightInFibre * StretchMedian * 1000
			t.latency[i*len(places)+j] = time.Duration(us+0.5) * time.Microsecond
		}
	}
	return t, nil
}

//go:embed regions.csv
var regions []byte
