package latency

import (
	_ "embed"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/internal/stream"
)

// What Planet stands on. Light travels 200 km in a millisecond of glass fibre; the fit is
// that of 210 pairs of 21 cloud regions (docs/models.md).
const (
	earthRadius  = 6371.0 // km, of the sphere of the same volume
	lightInFibre = 200.0  // km in a millisecond

	// StretchMedian and StretchSigma are those of the stretch S, a round trip over the
	// time that light would take along the great circle: the median, and the standard
	// deviation of the logarithm. S is at least 1.
	StretchMedian = 1.79
	StretchSigma  = 0.26

	// Inside is the round trip between two hosts of one place.
	Inside = 3 * time.Millisecond
)

// DefaultFloor is the least latency of a message between places, where no other is given.
const DefaultFloor = 500 * time.Microsecond

// City is a place on the globe.
type City struct {
	Name                string
	Latitude, Longitude float64 // degrees, north and east
	Weight              uint64  // its part of all hosts, in any unit
}

// Planet is a network that spans the globe. Hosts are in cities. The round trip between
// two hosts at the great-circle distance d is 2d/(200 km/ms) · S, where S is drawn once
// for the pair: some paths are much longer than others, so a way over a third host may be
// shorter.
type Planet struct {
	Network
	places  *Places
	base    []uint32 // ns in one direction with S = 1, by the numbers of both cities
	stretch *Curve   // S in units of 2^-20
	pairs   stream.Key
}

const stretchUnit = 20 // bits

// Network is what the models with places have in common: a floor under each latency
// between places, and what messages take besides.
type Network struct {
	Floor  time.Duration // above 0
	Jitter Jitter
	Access *Access
	Seed   uint64
}

// extra is what one message takes beyond the latency between the places.
func (n *Network) extra(from, to uint32, r *rand.Rand) time.Duration {
	return n.Jitter.draw(r) + n.Access.draw(from, to, r)
}

// NewPlanet returns the model with hosts in the cities: by the shares, if there are any,
// or else by the cities' weights.
func NewPlanet(cities []City, shares []Share, n Network) (*Planet, error) {
	p := &Planet{Network: n, stretch: newStretch(), pairs: stream.NewKey(n.Seed, stream.Pair)}
	names, weights := make([]string, len(cities)), make([]uint64, len(cities))
	for i, c := range cities {
		names[i], weights[i] = c.Name, c.Weight
	}
	weights, err := weigh("city", shares, names, weights)
	if err != nil {
		return nil, err
	}
	if p.places, err = NewPlaces(names, weights, n.Seed); err != nil {
		return nil, err
	}
	p.base = make([]uint32, len(cities)*len(cities))
	for i := range cities {
		for j := range i {
			ns := uint32(math.Round(Distance(cities[i], cities[j])*10) * 500)
			p.base[i*len(cities)+j], p.base[j*len(cities)+i] = ns, ns
		}
	}
	return p, nil
}

// newStretch is the distribution of S.
func newStretch() *Curve {
	unit := float64(1 << stretchUnit)
	s := distuv.LogNormal{Mu: math.Log(StretchMedian * unit), Sigma: StretchSigma}
	return newCurve(s.Quantile, 1<<stretchUnit, 1<<stretchUnit<<stretchUnit)
}

// Distance is the great-circle distance between two cities in kilometres, by the haversine
// formula.
func Distance(a, b City) float64 {
	const radians = math.Pi / 180
	north := math.Sin((b.Latitude - a.Latitude) * radians / 2)
	east := math.Sin((b.Longitude - a.Longitude) * radians / 2)
	h := north*north + math.Cos(a.Latitude*radians)*math.Cos(b.Latitude*radians)*east*east
	return 2 * earthRadius * math.Asin(math.Sqrt(min(1, h)))
}

// Draw implements Model.
func (p *Planet) Draw(from, to uint32, r *rand.Rand) time.Duration {
	return p.Base(from, to) + p.extra(from, to, r)
}

// Base is the latency of a pair of hosts without what varies from message to message and
// without the last mile.
func (p *Planet) Base(from, to uint32) time.Duration {
	a, b := p.places.Of(from), p.places.Of(to)
	if a == b {
		return max(Inside/2, p.Floor)
	}
	s := p.stretch.At(p.pairs.Between(from, to))
	return max(time.Duration(p.base[a*len(p.places.names)+b])*s>>stretchUnit, p.Floor)
}

// Places says where the hosts are.
func (p *Planet) Places() *Places { return p.places }

// Min implements Model.
func (p *Planet) Min() time.Duration {
	least, _, _ := p.Access.limits()
	return p.Floor + least
}

// Mean implements Model, up to what the floor adds.
func (p *Planet) Mean() time.Duration {
	shares, mean := p.places.Shares(), 0.0
	stretch := float64(p.stretch.Mean()) / (1 << stretchUnit)
	for i, a := range shares {
		for j, b := range shares {
			trip := max(float64(p.base[i*len(shares)+j])*stretch, float64(p.Floor))
			if i == j {
				trip = float64(Inside / 2)
			}
			mean += a * b * trip
		}
	}
	_, access, _ := p.Access.limits()
	return time.Duration(mean) + p.Jitter.Mean() + access
}

// Max implements Model.
func (p *Planet) Max() time.Duration {
	farthest := uint32(0)
	for _, ns := range p.base {
		farthest = max(farthest, ns)
	}
	_, _, access := p.Access.limits()
	longest := time.Duration(farthest) * p.stretch.Max() >> stretchUnit
	return max(longest, Inside/2, p.Floor) + p.Jitter.Max() + access
}

// Cities is the list that Planet has without another one: the largest cities, each with
// its inhabitants that are online as its weight.
func Cities() ([]City, error) { return ReadCities("cities.csv", cities) }

//go:embed cities.csv
var cities []byte

// ReadCities reads a list of cities as CSV, with the columns name, latitude, longitude and
// weight and a line that names them.
func ReadCities(name string, data []byte) ([]City, error) {
	lines, err := readCSV(name, data)
	if err != nil {
		return nil, err
	}
	if len(lines) < 2 {
		return nil, fmt.Errorf("%s: expected the line name,latitude,longitude,weight and one for each city", name)
	}
	if len(lines) > maxPlaces {
		return nil, lines[maxPlaces].errorf(name, "more than %d cities", maxPlaces-1)
	}
	var list []City
	seen := make(map[string]int)
	for _, line := range lines[1:] {
		c, err := city(line.cells)
		if err != nil {
			return nil, line.errorf(name, "%w", err)
		}
		if first, again := seen[c.Name]; again {
			return nil, line.errorf(name, "%s is there already, in line %d", c.Name, first)
		}
		seen[c.Name] = line.number
		list = append(list, c)
	}
	return list, nil
}

// city reads the cells of one city.
func city(cells []string) (City, error) {
	if len(cells) != 4 {
		return City{}, fmt.Errorf("expected name, latitude, longitude and weight, not %d cells", len(cells))
	}
	c := City{Name: cells[0]}
	if c.Name == "" {
		return City{}, fmt.Errorf("a city without a name")
	}
	var numbers [3]float64
	for i, limit := range []struct {
		name      string
		low, high float64
	}{{"a latitude from -90 to 90", -90, 90}, {"a longitude from -180 to 180", -180, 180}, {"a weight from 1 to 1e9", 1, 1e9}} {
		x, err := number(cells[i+1])
		if err != nil {
			return City{}, fmt.Errorf("expected %s, %w", limit.name, err)
		}
		if x < limit.low || x > limit.high {
			return City{}, fmt.Errorf("expected %s, not %v", limit.name, x)
		}
		numbers[i] = x
	}
	c.Latitude, c.Longitude, c.Weight = numbers[0], numbers[1], uint64(numbers[2])
	return c, nil
}
