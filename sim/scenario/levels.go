package scenario

import (
	"fmt"
	"reflect"
	"strconv"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/internal/phrase"
)

// Levels is a number of levels of masters.
type Levels int

// AutoLevels lets the network decide.
const AutoLevels Levels = message.AutoLevels

var levelsType = reflect.TypeFor[Levels]()

func (l Levels) String() string {
	if l == AutoLevels {
		return "auto"
	}
	return strconv.Itoa(int(l))
}

// parseLevels reads a number of levels, or auto.
func parseLevels(text string) (Levels, error) {
	if text == AutoLevels.String() {
		return AutoLevels, nil
	}
	if n, err := strconv.ParseUint(text, 10, 8); err == nil && n >= 1 && n <= core.MaxLevels {
		return Levels(n), nil
	}
	return 0, fmt.Errorf("expected a number from 1 to %d, or auto, not %s", core.MaxLevels, phrase.Quote(text))
}

// plain is the number as it is written in a file.
func (l Levels) plain() any {
	if l == AutoLevels {
		return l.String()
	}
	return int(l)
}

// checkLevels holds the number of levels against the rule by which nodes register.
func (s *Scenario) checkLevels() error {
	switch {
	case s.Levels > 1 && s.Registration == Original:
		return s.errorf("levels", "levels: registration original has one level of masters, not %s", s.Levels)
	case s.Levels != AutoLevels && s.given("node.fan_out"):
		return s.errorf("node.fan_out", "node.fan_out: has no meaning without levels: auto")
	}
	return nil
}
