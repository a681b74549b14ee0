package draw

import (
	"fmt"
	"strconv"
	"strings"
)

// defaultLevel is the share of the approvers, in percent, that must agree
// unless the owner of the node says otherwise: two of three, as in npm.
const defaultLevel = 66.6

// Level is the decision level: how many of the drawn approvers must agree.
// What it leaves out is how many of them may fail or lie. Levels are
// comparable; the zero Level is the default, "66.6%".
type Level struct {
	n       int     // a plain number, or 0
	percent float64 // of the approvers, in (0, 100], when n is 0
}

// ParseLevel reads a decision level: a share of the approvers ("66.6%": above
// 0, up to 100, decimals allowed), or their plain number ("2": 1 or more).
func ParseLevel(text string) (Level, error) {
	if percent, isShare := strings.CutSuffix(text, "%"); isShare {
		x, ok := parsePercent(percent)
		if !ok {
			return Level{}, fmt.Errorf("decision level %q: the share must be above 0%% and at most 100%%", text)
		}
		return Level{percent: x}, nil
	}
	n, ok := parseWhole(text)
	if !ok {
		return Level{}, fmt.Errorf(`decision level %q: want a share like "66.6%%" or a whole number from 1`, text)
	}
	return Level{n: n}, nil
}

// Of returns how many of count approvers must agree. A share is rounded up; a
// plain number is returned as it stands, as npm does: when it exceeds the count,
// no approval can succeed.
func (l Level) Of(count int) int {
	if l.n > 0 {
		return l.n
	}
	return ceilShare(count, l.share())
}

// String returns the text that [ParseLevel] reads back as the same level.
func (l Level) String() string {
	if l.n > 0 {
		return strconv.Itoa(l.n)
	}
	return formatPercent(l.share())
}

func (l Level) share() float64 {
	if l.percent == 0 {
		return defaultLevel
	}
	return l.percent
}
