package latency

import (
	_ "embed"
	"time"
)

// CloudRegions is our own table of regions: 21 places where clouds have data centres, and
// round trips computed from their coordinates, each with the median stretch.
func CloudRegions() (*Table, error) {
	places, err := ReadCities("regions.csv", regions)
	if err != nil {
		return nil, err
	}
	t := newTable("region", names(places))
	for i, a := range places {
		for j, b := range places {
			t.set(i, j, (lightTrip(Distance(a, b), StretchMedian) / 2).Round(time.Microsecond))
		}
	}
	return t, nil
}

//go:embed regions.csv
var regions []byte
