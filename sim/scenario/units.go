package scenario

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"spreadable/internal/phrase"
)

// MaxDuration is the longest duration a scenario may name. It leaves virtual
// time, an int64 of nanoseconds, far from its end at 292 years.
const MaxDuration = 365 * day

const day = 24 * time.Hour

// Patterns of the units, shared by the decoder and the schema.
const (
	durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+$`
	sharePattern    = `^[0-9]+(\.[0-9]+)?%$`
	wholePattern    = `^-?(0|[1-9][0-9]*)$`
)

var (
	durationShape = regexp.MustCompile(durationPattern)
	durationPart  = regexp.MustCompile(`([0-9.]+)([a-zµ]+)`)
	shareShape    = regexp.MustCompile(sharePattern)
	wholeShape    = regexp.MustCompile(wholePattern)
)

// ParseDuration reads a duration as scenario files write it, such as 25ms or 5m20s.
func ParseDuration(text string) (time.Duration, error) { return parseDuration(text) }

// parseDuration reads a duration of one or more numbers, each with a unit:
// 25ms, 5m20s, 1.5h, 1d. A number without a unit is an error even if it is 0,
// so that no reader has to guess the unit.
func parseDuration(text string) (time.Duration, error) {
	if strings.HasPrefix(text, "-") {
		return 0, fmt.Errorf("expected a duration of 0s or more, not %s", phrase.Quote(text))
	}
	if !durationShape.MatchString(text) {
		return 0, fmt.Errorf("expected a duration with a unit (ns us ms s m h d), such as 16s or 5m20s, not %s",
			phrase.Quote(text))
	}
	var sum time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(text, -1) {
		d, err := parsePart(part[1], part[2])
		// Each part and each sum stays below a year, so neither can overflow.
		if sum += d; err != nil || sum > MaxDuration {
			return 0, fmt.Errorf("a duration of %s is too long: at most %s", phrase.Quote(text),
				formatDuration(MaxDuration))
		}
	}
	return sum, nil
}

// negative reports whether a text is a value of a shape with a minus before it.
func negative(text string, shape *regexp.Regexp) bool {
	positive, minus := strings.CutPrefix(text, "-")
	return minus && shape.MatchString(positive)
}

// parsePart reads one number with its unit. Days are not known to the
// standard library: they are read as hours first.
func parsePart(number, unit string) (time.Duration, error) {
	scale := time.Duration(1)
	if unit == "d" {
		unit, scale = "h", 24
	}
	d, err := time.ParseDuration(number + unit)
	if err != nil || d > MaxDuration {
		return 0, errors.New("out of range")
	}
	return d * scale, nil
}

// formatDuration is the inverse of parseDuration: 5m20s, 16s, 0s, 365d.
func formatDuration(d time.Duration) string {
	if d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return phrase.Duration(d)
}

// parseShare reads a share in percent ("20%") as a fraction (0.2). The sign
// is required: a bare 0.2 could be meant as either.
func parseShare(text string) (float64, error) {
	if negative(text, shareShape) {
		return 0, fmt.Errorf("expected a share of 0%% or more, not %s", phrase.Quote(text))
	}
	if !shareShape.MatchString(text) {
		return 0, fmt.Errorf("expected a share with a percent sign, such as 20%%, not %s", phrase.Quote(text))
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil {
		return 0, fmt.Errorf("the share %s is too large", phrase.Quote(text))
	}
	return percent / 100, nil
}

// formatShare is the inverse of parseShare: the shortest percentage that reads
// back as the same fraction.
func formatShare(fraction float64) string {
	for digits := 0; digits < 20; digits++ {
		text := strconv.FormatFloat(fraction*100, 'f', digits, 64) + "%"
		if back, err := parseShare(text); err == nil && back == fraction {
			return text
		}
	}
	return strconv.FormatFloat(fraction*100, 'f', -1, 64) + "%"
}

// parseNumber reads a plain finite decimal number.
func parseNumber(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || strings.ContainsAny(text, "xXpP_") {
		return 0, fmt.Errorf("expected a plain number, not %s", phrase.Quote(text))
	}
	return x, nil
}

// parseWhole reads a decimal whole number that fits bits bits, signed or not.
// Leading zeros, underscores and exponents are refused: YAML's dialects do
// not agree on what they mean.
func parseWhole(text string, signed bool, bits int) (int64, uint64, error) {
	if !wholeShape.MatchString(text) || (!signed && text[0] == '-') {
		kind := "a whole number such as 10000"
		if !signed {
			kind = "a whole number of 0 or more"
		}
		return 0, 0, fmt.Errorf("expected %s, not %s", kind, phrase.Quote(text))
	}
	var i int64
	var u uint64
	var err error
	if signed {
		i, err = strconv.ParseInt(text, 10, bits)
	} else {
		u, err = strconv.ParseUint(text, 10, bits)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("the number %s is too large", phrase.Quote(text))
	}
	return i, u, nil
}
