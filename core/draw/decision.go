package draw

import (
	"fmt"
	"strconv"
	"strings"
)

// defaultDecision is the share of the approvers, in percent, that must agree
// unless the owner of the node says otherwise: two of three, as in npm.
const defaultDecision = 66.6

// Decision is the decision level: how many of the drawn approvers must agree.
// All others may fail or lie. Decisions are comparable; the zero Decision is the
// default, "66.6%".
type Decision struct {
	n       int     // a plain number, or 0
	percent float64 // of the approvers, in (0, 100], when n is 0
}

// ParseDecision reads a decision level: a share of the approvers ("66.6%": above
// 0, up to 100, decimals allowed), or their plain number ("2": 1 or more).
func ParseDecision(text string) (Decision, error) {
	if percent, isShare := strings.CutSuffix(text, "%"); isShare {
		x, ok := parsePercent(percent)
		if !ok {
			return Decision{}, fmt.Errorf("decision level %q: the share must be above 0%% and at most 100%%", text)
		}
		return Decision{percent: x}, nil
	}
	n, ok := parseWhole(text)
	if !ok {
		return Decision{}, fmt.Errorf(`decision level %q: want a share like "66.6%%" or a whole number from 1`, text)
	}
	return Decision{n: n}, nil
}

// Of returns how many of count approvers must agree. A share is rounded up; a
// plain number is returned as it stands, as npm does: if it exceeds the count,
// no approval can succeed.
func (d Decision) Of(count int) int {
	if d.n > 0 {
		return d.n
	}
	return ceilShare(count, d.share())
}

// String returns the text that [ParseDecision] reads back as the same decision level.
func (d Decision) String() string {
	if d.n > 0 {
		return strconv.Itoa(d.n)
	}
	return formatPercent(d.share())
}

func (d Decision) share() float64 {
	if d.percent == 0 {
		return defaultDecision
	}
	return d.percent
}
