// Package words writes numbers for people: with commas between thousands and no more
// digits than say something.
package words

import (
	"math"
	"strconv"
	"strings"
)

// Number writes x with at most four decimals: 1,234.5.
func Number(x float64) string { return decimal(x, 4) }

// Short writes x with three significant digits, at most six decimals, and whole numbers
// in full: 3.14, 31.4, 314, 3,142.
func Short(x float64) string {
	size := math.Abs(x)
	if size == 0 || size >= 100 || x == math.Trunc(x) {
		return decimal(x, 0)
	}
	return decimal(x, min(6, 2-int(math.Floor(math.Log10(size)))))
}

// Count writes a number of things: 1 node, 2,000 nodes.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return decimal(float64(n), 0) + " " + many
}

// Percent writes a share in percent, without the sign, with at most two decimals. It
// rounds down, so that 100 means all: whether the last node answered matters.
func Percent(share float64) string {
	return strconv.FormatFloat(math.Floor(share*1e4+1e-9)/100, 'f', -1, 64)
}

// decimal writes x with at most that many decimals and no zeros at the end of them.
func decimal(x float64, decimals int) string {
	text := strconv.FormatFloat(math.Abs(x), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	zero := whole == "0" && fraction == ""
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if x < 0 && !zero {
		return "-" + whole
	}
	return whole
}
