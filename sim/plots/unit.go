package plots

import (
	"time"

	"spreadable/sim/result/words"
)

// unit is a unit of time for an axis or a legend.
type unit struct {
	name string
	size time.Duration
	from time.Duration // the shortest time that is written in it
}

// of is the time as a number of units.
func (u unit) of(d time.Duration) float64 { return float64(d) / float64(u.size) }

// units from the longest. A run of an hour stays in seconds, as in the tables of its
// results.
var units = [...]unit{
	{"h", time.Hour, 10_000 * time.Second},
	{"s", time.Second, time.Second},
	{"ms", time.Millisecond, time.Millisecond},
	{"µs", time.Microsecond, 0},
}

// unitOf is the unit in which d is written, and an axis that ends at d.
func unitOf(d time.Duration) unit {
	for _, u := range units {
		if d >= u.from {
			return u
		}
	}
	return units[len(units)-1]
}

// spell writes a time in its unit: 150 ms, 7,200 s, 100 h.
func spell(d time.Duration) string {
	u := unitOf(d)
	return words.Short(u.of(d)) + " " + u.name
}
