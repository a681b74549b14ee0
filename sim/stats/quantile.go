package stats

import "fmt"

// Quantile returns a quantile by nearest rank: the smallest of the values that at least
// percent in a hundred of them do not exceed. It is always one of the values, never a
// mean of two, and is exact: the rank is computed in integers. sorted must be ascending
// and not empty, percent in 1..100.
func Quantile(sorted []float64, percent int) float64 {
	if len(sorted) == 0 || percent < 1 || percent > 100 {
		panic(fmt.Sprintf("stats: quantile %d of %d values", percent, len(sorted)))
	}
	rank := (len(sorted)*percent + 99) / 100
	return sorted[rank-1]
}
