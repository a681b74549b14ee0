package latency

import (
	"fmt"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// NewWeibull returns the Weibull distribution above a floor: the share of messages that
// take longer than floor + t is exp(-(t/scale)^shape). With shape 1 it is exponential;
// below, its tail is heavier.
func NewWeibull(scale time.Duration, shape float64, floor time.Duration) (*Curve, error) {
	if floor < 0 || scale <= 0 || !(shape > 0) {
		return nil, fmt.Errorf("latency of a Weibull distribution: scale %v and shape %v must be positive, min %v not negative", scale, shape, floor)
	}
	return shifted(distuv.Weibull{K: shape, Lambda: float64(scale)}.Quantile, floor), nil
}
