package scenario

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"spreadable/internal/phrase"
)

// Size is a number of bytes; 0 where a size can be without a limit.
type Size int64

var sizeType = reflect.TypeFor[Size]()

// sizePattern is the shape of a size.
const sizePattern = `^[0-9]+(\.[0-9]+)?(k|M|G|T)?B$`

var sizeShape = regexp.MustCompile(sizePattern)

// maxSize bounds sizes, in bytes.
const maxSize = 1_000_000_000_000_000

// sizeUnits are the units of a size, from the largest on.
var sizeUnits = []struct {
	name  string
	bytes float64
}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}

// parseSize reads a size: 10kB.
func parseSize(text string) (Size, error) {
	if negative(text, sizeShape) {
		return 0, fmt.Errorf("expected a size of 1B or more, not %s", phrase.Quote(text))
	}
	if !sizeShape.MatchString(text) {
		return 0, fmt.Errorf("expected a size with a unit (B kB MB GB TB), such as 10kB, not %s", phrase.Quote(text))
	}
	for _, unit := range sizeUnits {
		number, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		x, err := strconv.ParseFloat(number, 64)
		bytes := math.Round(x * unit.bytes)
		switch {
		case err != nil || bytes > maxSize:
			return 0, fmt.Errorf("a size of %s is too large: at most %s", phrase.Quote(text), Size(maxSize))
		case bytes < 1:
			return 0, fmt.Errorf("expected a size of 1B or more, not %s", phrase.Quote(text))
		}
		return Size(bytes), nil
	}
	panic("scenario: the pattern of sizes has a unit that is none")
}

// String writes a size in the largest unit that leaves a whole number.
func (s Size) String() string {
	for _, unit := range sizeUnits {
		if whole := int64(unit.bytes); int64(s)%whole == 0 {
			return strconv.FormatInt(int64(s)/whole, 10) + unit.name
		}
	}
	return ""
}
