package plots

import "time"

// unit is a unit of time for an axis or a legend.
type unit struct {
	name string
	size time.Duration
}

func (u unit) of(d time.Duration) float64 { return float64(d) / float64(u.size) }

// units in which axes are drawn, from the shortest.
var units = []unit{
	{"µs", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}, {"min", time.Minute}, {"h", time.Hour}, {"days", 24 * time.Hour},
}

// unitOf is the unit in which an axis up to d has numbers of one to four digits.
func unitOf(d time.Duration) unit {
	const most = 10_000 // a run of an hour stays in seconds, like all other numbers of its results
	for _, u := range units {
		if u.of(d) < most {
			return u
		}
	}
	return units[len(units)-1]
}
