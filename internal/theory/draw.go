package theory

import "math"

// Draw is one draw of approvers.
type Draw struct {
	Nodes     int // that can be drawn, 1 or more
	Colluders int // of them, 0 to Nodes
	Approvers int // that are drawn, 1 to Nodes
	Agree     int // how many of these must agree, 0 or more
}

// Capture is the probability that enough colluders are drawn to approve what they like:
// P(X >= Agree).
func (d Draw) Capture() float64 { return d.atLeast(d.Agree) }

// Denial is the probability that so many colluders are drawn that the others are too few
// to agree: P(X > Approvers - Agree). It is 1 where more must agree than are drawn.
func (d Draw) Denial() float64 { return d.atLeast(d.Approvers - d.Agree + 1) }

// atLeast is P(X >= k). It sums the smaller of the two tails, away from the mean, where
// each term follows from the one before.
func (d Draw) atLeast(k int) float64 {
	least, most := max(0, d.Approvers-(d.Nodes-d.Colluders)), min(d.Approvers, d.Colluders)
	switch {
	case k <= least:
		return 1
	case k > most:
		return 0
	}
	mean := float64(d.Approvers) * float64(d.Colluders) / float64(d.Nodes)
	if float64(k) > mean {
		return min(1, d.tail(k, most, 1))
	}
	return max(0, 1-d.tail(k-1, least, -1))
}

// tail is the sum of P(X = i) for i from k to end in steps of 1 or -1, of terms that get
// smaller.
func (d Draw) tail(k, end, step int) float64 {
	n, b, c := float64(d.Nodes), float64(d.Colluders), float64(d.Approvers)
	term, sum := math.Exp(d.logExactly(k)), 0.0
	for i := float64(k); ; i += float64(step) {
		sum += term
		if i == float64(end) || term < sum*1e-17 {
			return sum
		}
		if step > 0 {
			term *= (b - i) * (c - i) / ((i + 1) * (n - b - c + i + 1))
		} else {
			term *= i * (n - b - c + i) / ((b - i + 1) * (c - i + 1))
		}
	}
}

// Exactly is the probability that k of the approvers collude.
func (d Draw) Exactly(k int) float64 {
	if k < max(0, d.Approvers-(d.Nodes-d.Colluders)) || k > min(d.Colluders, d.Approvers) {
		return 0
	}
	return math.Exp(d.logExactly(k))
}

// logExactly is the logarithm of P(X = k), for a k that can be. It is made of three
// binomial probabilities with p = c/n, in which the powers of p cancel (Loader, "Fast and
// accurate computation of binomial probabilities", 2000).
func (d Draw) logExactly(k int) float64 {
	if d.Approvers == d.Nodes {
		return 0 // all are drawn: the only k that can be is certain
	}
	p := float64(d.Approvers) / float64(d.Nodes)
	return logBinomial(k, d.Colluders, p) + logBinomial(d.Approvers-k, d.Nodes-d.Colluders, p) -
		logBinomial(d.Approvers, d.Nodes, p)
}

// logBinomial is the logarithm of the probability that k of n independent events of
// probability p, above 0 and below 1, happen.
func logBinomial(k, n int, p float64) float64 {
	x, m := float64(k), float64(n)
	switch k {
	case 0:
		return m * math.Log1p(-p)
	case n:
		return m * math.Log(p)
	}
	return stirlingError(m) - stirlingError(x) - stirlingError(m-x) -
		deviance(x, m*p) - deviance(m-x, m*(1-p)) -
		(math.Log(2*math.Pi*x)+math.Log1p(-x/m))/2
}

// stirlingError is what Stirling's formula lacks: ln n! - ln(sqrt(2 pi n) (n/e)^n), for n
// of 1 or more.
func stirlingError(n float64) float64 {
	if n < 16 {
		gamma, _ := math.Lgamma(n + 1)
		return gamma - (n+0.5)*math.Log(n) + n - math.Log(2*math.Pi)/2
	}
	square := n * n
	return (1.0/12 - (1.0/360-(1.0/1260-1.0/1680/square)/square)/square) / n
}

// deviance is x ln(x/mean) + mean - x. Near the mean its parts cancel, so there it is
// summed as a series in v = (x-mean)/(x+mean).
func deviance(x, mean float64) float64 {
	v := (x - mean) / (x + mean)
	if math.Abs(v) > 0.1 {
		return x*math.Log(x/mean) + mean - x
	}
	sum, power := (x-mean)*v, 2*x*v
	for i := 3.0; ; i += 2 {
		power *= v * v
		next := sum + power/i
		if next == sum {
			return sum
		}
		sum = next
	}
}
