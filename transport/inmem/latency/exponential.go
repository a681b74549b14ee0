package latency

import (
	"fmt"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// NewExponential returns the exponential distribution above a floor: what a message waits
// in a queue that others fill at random. The mean includes the floor.
func NewExponential(mean, floor time.Duration) (*Curve, error) {
	if floor < 0 || mean <= floor {
		return nil, fmt.Errorf("exponential latency: mean %v must be above min %v, from 0s up", mean, floor)
	}
	return shifted(distuv.Exponential{Rate: 1 / float64(mean-floor)}.Quantile, floor), nil
}
