package core

import (
	"slices"
	"testing"
)

// Where there are many masters, newcomers whose bootstrap node is silent ask the same few of
// them first, and any of them when that has failed.
func TestNewcomersHaveProvidersInCommon(t *testing.T) {
	for _, test := range []struct {
		masters int
		tries   int32
		common  bool
	}{{40, 0, true}, {40, 1, false}, {2 * maxOthers, 0, false}} {
		n, env := alone(t, 0, test.masters)
		l := &n.level1
		l.tries = test.tries
		first := l.others()
		if again := l.others(); slices.Equal(first, again) != test.common || len(first) != test.masters {
			t.Errorf("after %d attempts in a network of %d masters: %v, then %v", test.tries, test.masters, first, again)
		}
		if !test.common {
			continue
		}
		env.now += inCommonFor * n.cfg.SyncInterval
		if again := l.others(); slices.Equal(first[:maxOthers], again[:maxOthers]) {
			t.Errorf("%v come first minutes later, too", again[:maxOthers])
		}
	}
}
