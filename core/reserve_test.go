package core

import (
	"slices"
	"testing"
)

// Where there are many masters, newcomers whose bootstrap node is silent ask the same few of
// them first.
func TestNewcomersHaveProvidersInCommon(t *testing.T) {
	for _, test := range []struct {
		masters  int
		inCommon bool
		common   bool
	}{{40, true, true}, {40, false, false}, {2 * maxOthers, true, false}} {
		n, env := alone(t, 0, test.masters)
		l := &n.level1
		first := l.others(test.inCommon)
		if again := l.others(test.inCommon); slices.Equal(first, again) != test.common || len(first) != test.masters {
			t.Errorf("in common %t in a network of %d masters: %v, then %v", test.inCommon, test.masters, first, again)
		}
		if !test.common {
			continue
		}
		env.now += inCommonFor * n.cfg.SyncInterval
		if again := l.others(test.inCommon); slices.Equal(first[:maxOthers], again[:maxOthers]) {
			t.Errorf("%v come first minutes later, too", again[:maxOthers])
		}
	}
}
