package latency

import (
	"fmt"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// NewPareto returns the Pareto distribution from least up: the share of messages that take
// longer than t is (least/t)^shape. The smaller the shape, the more of them are very slow;
// at 1 and below it has no mean but for the limit of an hour above least.
func NewPareto(least time.Duration, shape float64) (*Curve, error) {
	if least <= 0 || !(shape > 0) {
		return nil, fmt.Errorf("latency of a Pareto distribution: min %v and shape %v must be positive", least, shape)
	}
	return newCurve(distuv.Pareto{Xm: float64(least), Alpha: shape}.Quantile, least, least+longest), nil
}
