// Package stats judges numbers that a simulation measured: exact quantiles, how even a
// draw is, how well repetitions know a mean ([Mean]), and what is a finding when many
// numbers are compared ([Holm]).
//
// # How even is even
//
// An approver draw takes k of n nodes, anew and independently in every period. After D
// draws each node has a load, the number of times it was drawn. Even a perfect draw does
// not load all nodes the same: each draw takes a given node with probability p = k/n, so
// its load follows Binomial(D, p). All of this package's expectations come from that one
// distribution, which [Fair] describes:
//
//	Jain's index    (sum x)^2 / (n sum x^2)            1 is perfectly even
//	Gini            sum |xi - xj| / (2 n^2 mean)        0 is perfectly even
//	chi-square      sum (seen - expected)^2 / expected  its probability tells chance from bias
//	band            between which loads the i-th smallest of n nodes should lie
//
// # Approximations
//
// The loads of n nodes are not quite independent: one draw takes no node twice, so they
// add up to exactly D k. The covariance of two loads is -1/(n-1) of their variance.
// [ChiSquare] and [Fair.Gini] correct for it; for the others its effect is of the order
// 1/n, far below what a plot shows.
//
// When the size of draws changes during a run, p is the mean over draws. The variance of
// a load is then sum p(1-p) over draws, which the mean overstates by D times the variance
// of p: a share of the order k/n.
package stats
