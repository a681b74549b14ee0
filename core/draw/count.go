package draw

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// defaultRoot is the degree of the root that npm 0.3.12 takes by default; npm
// 0.3.10 takes the square root ("auto"). See [Count.Earlier].
const defaultRoot = 6

// maxRoot bounds the degree of a root: the 64th root of any int is at most 2,
// so a higher one can only be a typing error.
const maxRoot = 64

// A rule tells the forms of a count apart.
type rule uint8

const (
	unset      rule = iota // the zero value, which stands for the default
	fixedCount             // "3"
	auto                   // "auto"
	root                   // "r-6"
	share                  // "25%"
)

// Count says how many approvers a draw wants, given the size of the network.
// More approvers are harder to cheat and cost more requests. Counts are
// comparable; the zero Count is the default, "r-6".
type Count struct {
	rule    rule
	n       int     // the number itself, or the degree of the root
	percent float64 // of the network, in (0, 100]
}

// ParseCount reads a count in one of four forms:
//
//	"3"     that many, 1 or more
//	"auto"  the square root of the network size, rounded up
//	"r-6"   the root of that degree (1 to 64), rounded up
//	"25%"   that share of the network (above 0, up to 100, decimals allowed), rounded up
//
// Anything else is an error that says what would be right.
func ParseCount(text string) (Count, error) {
	degree, isRoot := strings.CutPrefix(text, "r-")
	percent, isShare := strings.CutSuffix(text, "%")
	switch {
	case text == "auto":
		return Count{rule: auto}, nil
	case isRoot:
		n, ok := parseWhole(degree)
		if !ok || n > maxRoot {
			return Count{}, fmt.Errorf("approvers count %q: the root's degree must be a whole number from 1 to %d", text, maxRoot)
		}
		return Count{rule: root, n: n}, nil
	case isShare:
		x, ok := parsePercent(percent)
		if !ok {
			return Count{}, fmt.Errorf("approvers count %q: the share must be above 0%% and at most 100%%", text)
		}
		return Count{rule: share, percent: x}, nil
	}
	n, ok := parseWhole(text)
	if !ok {
		return Count{}, fmt.Errorf(`approvers count %q: want a whole number from 1, "auto", a root like "r-6" or a share like "25%%"`, text)
	}
	return Count{rule: fixedCount, n: n}, nil
}

// IsAuto reports whether the count is "auto", npm 0.3.10's. A network that draws so many
// may have members that know no limits, so its draws have none.
func (c Count) IsAuto() bool { return c.rule == auto }

// Of returns how many approvers a network of the given size draws: at least 1,
// and not more than there are nodes. A size below 1 counts as 1, since a node that
// knows no other is a network of one.
func (c Count) Of(size int) int {
	size = max(size, 1)
	return min(max(c.unclamped(size), 1), size)
}

// Fixed returns the number itself of a count that is one, whatever the network's size.
func (c Count) Fixed() (n int, fixed bool) { return c.n, c.rule == fixedCount }

func (c Count) unclamped(size int) int {
	switch c.rule {
	case fixedCount:
		return c.n
	case auto:
		return ceilSqrt(size)
	case root:
		return Root(size, c.n)
	case share:
		return ceilShare(size, c.percent)
	}
	return Root(size, defaultRoot)
}

// Earlier returns the count that npm 0.3.10 has by default if c is the default, which is
// that of npm 0.3.12, and otherwise c itself. The approvers of a draw by the default are
// the first ones of a draw by the earlier one.
func (c Count) Earlier() Count {
	if c.rule == unset || c == (Count{rule: root, n: defaultRoot}) {
		return Count{rule: auto}
	}
	return c
}

// String returns the text that [ParseCount] reads back as the same count.
func (c Count) String() string {
	switch c.rule {
	case fixedCount:
		return strconv.Itoa(c.n)
	case auto:
		return "auto"
	case root:
		return "r-" + strconv.Itoa(c.n)
	case share:
		return formatPercent(c.percent)
	}
	return "r-" + strconv.Itoa(defaultRoot)
}

// ceilSqrt returns the square root of n, rounded up.
func ceilSqrt(n int) int {
	return int(math.Ceil(math.Sqrt(float64(n))))
}

// Root returns the smallest m with m^k >= size, for a size and k of 1 or more: the k-th
// root of size, rounded up.
//
// npm computes ceil(size^(1/k)) in floating point. Go's math.Pow rounds differently from
// JavaScript's at perfect powers (15625^(1/6) is 5 there and a little more here), so the
// search is done in integers. It gives npm's result for k = 2, 3, 4, 6, 7 and 8; for
// k = 5 npm overshoots at some perfect powers (16807 gives 8 instead of 7).
func Root(size, k int) int {
	low, high := 1, size
	for low < high {
		m := low + (high-low)/2
		if powerReaches(m, k, size) {
			high = m
		} else {
			low = m + 1
		}
	}
	return low
}

// powerReaches reports whether m^k >= size, without ever computing a power
// that overflows: it stops at the first that is large enough.
func powerReaches(m, k, size int) bool {
	power := 1
	for range k {
		if power > (size-1)/m { // power*m >= size
			return true
		}
		power *= m
	}
	return power >= size
}

// ceilShare returns x percent of n, rounded up. The order of the operations is
// npm's, because the rounding shows: a product such as 1000 * 66.6 must come
// out the same on both sides.
func ceilShare(n int, percent float64) int {
	return int(math.Ceil(float64(n) * percent / 100))
}

// parseWhole reads a whole number of 1 or more, of decimal digits only.
func parseWhole(text string) (int, bool) {
	if strings.Trim(text, "0123456789") != "" {
		return 0, false // signs, spaces, underscores and exponents included
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1
}

// parsePercent reads a decimal number above 0 and up to 100, such as 66.6:
// digits, and perhaps a point with digits on both sides.
func parsePercent(text string) (float64, bool) {
	whole, fraction, hasPoint := strings.Cut(text, ".")
	if whole == "" || hasPoint && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil && x/100 > 0 && x <= 100 // x/100 may round to 0
}

func formatPercent(x float64) string {
	return strconv.FormatFloat(x, 'f', -1, 64) + "%"
}
