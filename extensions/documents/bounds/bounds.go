// Package bounds looks at JSON before anything decodes it: how deep it nests, and whether
// its numbers fit a float64. encoding/json takes 10,000 levels and any exponent. Both are
// cheap to send and costly to decode. A program that decodes numbers as float64 fails at
// the whole document, so that no filter would ever match it.
package bounds

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// longPlain is how many bytes a number without an exponent may have that surely fits: a
// float64 has at most 309 digits before the point.
const longPlain = 300

// Check says what is wrong with a text of JSON of which lists and objects may lie so many
// levels deep. It reads the text once and allocates nothing for ordinary numbers. Of a text
// that is no JSON it may say anything.
func Check(text []byte, levels int) error {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			i = endOfText(text, i)
		case c == '{' || c == '[':
			if depth++; depth > levels {
				return fmt.Errorf("lists and objects within each other: at most %d deep", levels)
			}
		case c == '}' || c == ']':
			depth--
		case c >= '0' && c <= '9':
			end := endOfNumber(text, i)
			if number := text[i:end]; !fits(number) {
				return fmt.Errorf("the number %.20s is beyond a float64: want a text", number)
			}
			i = end - 1
		}
	}
	return nil
}

// endOfText is where the closing quote of a text is, or the last byte.
func endOfText(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

func endOfNumber(text []byte, i int) int {
	for i < len(text) && strings.IndexByte("0123456789.eE+-", text[i]) >= 0 {
		i++
	}
	return i
}

func fits(number []byte) bool {
	if len(number) <= longPlain && !bytes.ContainsAny(number, "eE") {
		return true
	}
	_, err := strconv.ParseFloat(string(number), 64)
	return err == nil
}

// Exact reports whether a number of JSON is the one that a float64 stands for: the shortest
// decimal that is read as this float64. An integer above 2^53 often is not, and two of them
// would be one.
func Exact(number string, value float64) bool {
	digits, power, ok := decimal(number)
	shortest, shortestPower, _ := decimal(strconv.FormatFloat(value, 'e', -1, 64))
	return ok && digits == shortest && power == shortestPower
}

// decimal is the absolute value of a number as its digits, without zeros at either end, and
// the power of ten that they are multiplied by. So 1, 1.0 and 10e-1 are the same.
func decimal(number string) (digits string, power int, ok bool) {
	mantissa, exponent, scaled := strings.Cut(strings.ToLower(strings.TrimPrefix(number, "-")), "e")
	if scaled {
		n, err := strconv.Atoi(exponent)
		if err != nil {
			return "", 0, false
		}
		power = n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	digits = strings.TrimRight(all, "0")
	if digits == "" {
		return "", 0, true
	}
	return digits, power - len(fraction) + len(all) - len(digits), true
}
