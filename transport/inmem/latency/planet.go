package latency

import (
	"cmp"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mathext"

	"spreadable/internal/stream"
)

// What Planet stands on. The fit is that of 210 pairs of 21 cloud regions
// (docs/models.md).
const (
	earthRadius  = 6371.0 // km, of the sphere of the same volume
	lightInFibre = 200.0  // km in a millisecond

	// StretchMedian and StretchSigma are those of the stretch S, a round trip over the
	// time that light would take along the great circle: the median, and the standard
	// deviation of the logarithm. S is at least 1.
	StretchMedian = 1.79
	StretchSigma  = 0.26

	// stretchByDistance is how closely S follows the distance (a coefficient of
	// correlation, of normal scores): short paths are stretched more. The rest is drawn.
	// If all of it were drawn, 40 % of all triples of places would have a way over the
	// third that is shorter than the direct one. With this some 2 % have, as measured.
	stretchByDistance = 0.975
)

// maxCities bounds a list of cities: the ways between them are sorted by their lengths.
const maxCities = 2000

// City is a place on the globe.
type City struct {
	Name                string
	Latitude, Longitude float64 // degrees, north and east
	Weight              uint64  // its part of all hosts, in any unit
}

// NewPlanet returns a network that spans the globe, with hosts in cities: by the shares,
// if there are any, or else by the cities' weights. The round trip between cities at the
// great-circle distance d is 2d/(200 km/ms) · S.
func NewPlanet(cities []City, shares []Share, terms Terms) (*Placed, error) {
	weights := make([]uint64, len(cities))
	for i, c := range cities {
		weights[i] = c.Weight
	}
	weights, err := weigh("city", shares, names(cities), weights)
	if err != nil {
		return nil, err
	}
	var kept []City
	for i, c := range cities {
		if c.Weight = weights[i]; c.Weight > 0 {
			kept = append(kept, c)
		}
	}
	t := newTable("city", names(kept))
	for _, p := range stretched(paths(kept), terms.Seed) {
		d := max(1, lightTrip(p.distance, p.stretch)/2) // 0 is none; the floor is above both
		t.set(p.a, p.b, d)
		t.set(p.b, p.a, d)
	}
	return newPlaced(t, positive(weights), terms)
}

// names are the names of cities.
func names(cities []City) []string {
	list := make([]string, len(cities))
	for i, c := range cities {
		list[i] = c.Name
	}
	return list
}

// path is the way between two cities.
type path struct {
	a, b     int
	distance float64 // km
	weight   float64 // how many pairs of hosts have it
	stretch  float64 // S
}

// paths lists the ways between all cities, shortest first.
func paths(cities []City) []path {
	var list []path
	for i, a := range cities {
		for j, b := range cities[:i] {
			// The last bits may differ from one kind of processor to another.
			list = append(list, path{a: j, b: i, distance: math.Round(Distance(a, b)*10) / 10,
				weight: float64(a.Weight) * float64(b.Weight)})
		}
	}
	slices.SortStableFunc(list, func(p, q path) int { return cmp.Compare(p.distance, q.distance) })
	return list
}

// stretched draws S for each path, one draw for each unordered pair of cities. Its
// distribution over all pairs of hosts is lognormal: of a normal score, a part follows
// from the share of pairs that are closer, and the rest is drawn.
func stretched(list []path, seed uint64) []path {
	total, closer := 0.0, 0.0
	for _, p := range list {
		total += p.weight
	}
	key := stream.NewKey(seed, stream.Pair)
	own := math.Sqrt(1 - stretchByDistance*stretchByDistance)
	for i := range list {
		p := &list[i]
		rank := (closer + p.weight/2) / total
		closer += p.weight
		drawn := (float64(key.Between(uint32(p.a), uint32(p.b))>>12) + 0.5) / (1 << 52)
		score := own*mathext.NormalQuantile(drawn) - stretchByDistance*mathext.NormalQuantile(rank)
		p.stretch = max(1, StretchMedian*math.Exp(StretchSigma*score))
	}
	return list
}

// lightTrip is the round trip over a distance in kilometres. It is rounded to 24 bits, as
// a knot is.
func lightTrip(distance, stretch float64) time.Duration {
	return time.Duration(float32(2 * distance / lightInFibre * stretch * float64(time.Millisecond)))
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
	if len(lines) > maxCities+1 {
		return nil, lines[maxCities+1].errorf(name, "more than %d cities", maxCities)
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
