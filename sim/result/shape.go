package result

import "math"

// GroupSize is the size that the groups of a network tend to: the slaves of a master,
// and the masters of the top level. It is size^(1/(levels+1)), the square root where
// there is one level. size is the number of live nodes, at least 0; levels that of levels
// of masters, at least 1. (A node rounds it: core.Optimum.)
func GroupSize(size, levels int) float64 {
	return math.Pow(float64(size), 1/float64(levels+1))
}

// ExpectedMasters is the number of masters of level 1 that a network tends to: one for
// each group of nodes, so size^(levels/(levels+1)), the square root where there is one
// level.
func ExpectedMasters(size, levels int) float64 {
	return math.Pow(float64(size), float64(levels)/float64(levels+1))
}
