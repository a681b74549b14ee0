package laws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spreadable/internal/phrase"
	"spreadable/sim/plots"
)

// Law is one statement of theory that simulations are held against.
type Law struct {
	Name       string
	Title      string // the statement, as a sentence without its full stop
	Source     string // where the formula comes from
	Parameters []Parameter
	// Scenario is the shipped scenario that the law runs, by its path below scenarios/;
	// empty for none. Its keys can be set like parameters.
	Scenario string

	run func(*settings) (*Outcome, error) // an error is one of the settings
}

// Parameter is a number that a law takes.
type Parameter struct {
	Name    string
	Help    string
	Reduced float64 // the default
	Full    float64 // the default at full size
	Min     float64
	Max     float64
	Whole   bool // no fractions
}

// Settings say how to run a law.
type Settings struct {
	Full bool     // at full size
	Sets []string // key=value: of parameters, or of the law's scenario
}

// Outcome is what a run of a law has found: the numbers that decide, and the same as curves
// for people, which decide nothing.
type Outcome struct {
	Rows   []Row
	Charts []plots.Chart
}

// Row compares one number with theory. The bounds come from the law: a tolerance that it
// names, or what chance allows in a run of this size.
type Row struct {
	What     string  `json:"what"`
	Measured float64 `json:"measured"`
	Expected float64 `json:"expected"`
	Low      float64 `json:"low"`  // least value that agrees with theory
	High     float64 `json:"high"` // greatest
}

// Holds reports whether the measured number agrees with theory. NaN never does.
func (r Row) Holds() bool { return r.Measured >= r.Low && r.Measured <= r.High }

// within is a row whose number may be off by so much.
func within(what string, measured, expected, by float64) Row {
	return Row{what, measured, expected, expected - by, expected + by}
}

// Holds reports whether all numbers agree with theory. A law that has compared none does
// not hold.
func (o *Outcome) Holds() bool {
	return len(o.Rows) > 0 && !slices.ContainsFunc(o.Rows, func(r Row) bool { return !r.Holds() })
}

// All are the laws, in the order in which docs/truth.md shows them.
func All() []Law {
	return []Law{distributions(), queues(), search(), gossip(), birthDeath(), stale(), capture(), load()}
}

// Named returns the law of a name.
func Named(name string) (Law, error) {
	var names []string
	for _, law := range All() {
		if law.Name == name {
			return law, nil
		}
		names = append(names, law.Name)
	}
	return Law{}, fmt.Errorf("no law %s: expected one of %s%s", phrase.Quote(name), strings.Join(names, ", "), phrase.Suggest(name, names))
}

// Run holds simulations against the law. An error is one of the settings.
func (l Law) Run(s Settings) (*Outcome, error) {
	given, err := l.settings(s)
	if err != nil {
		return nil, err
	}
	return l.run(given)
}

// settings are what a law runs with.
type settings struct {
	numbers map[string]float64 // by parameter
	sets    []string           // of the law's scenario
	full    bool
}

// number is the value of a parameter; the law's own list says which there are.
func (s *settings) number(name string) float64 { return s.numbers[name] }

// whole is the value of a parameter in whole numbers.
func (s *settings) whole(name string) int { return int(s.numbers[name]) }

// seed is the seed of the law. One that needs several counts on from it, so that runs with
// neighbouring seeds share most of their random numbers.
func (s *settings) seed() uint64 { return uint64(s.numbers["seed"]) }

// settings reads what was set, and takes the defaults of the size for the rest.
func (l Law) settings(s Settings) (*settings, error) {
	given := &settings{numbers: make(map[string]float64), full: s.Full}
	for _, p := range l.Parameters {
		given.numbers[p.Name] = p.Reduced
		if s.Full {
			given.numbers[p.Name] = p.Full
		}
	}
	for _, set := range s.Sets {
		key, value, ok := strings.Cut(set, "=")
		if !ok {
			return nil, fmt.Errorf("set %s: expected key=value", phrase.Quote(set))
		}
		i := slices.IndexFunc(l.Parameters, func(p Parameter) bool { return p.Name == key })
		switch {
		case i >= 0:
			x, err := l.Parameters[i].read(value)
			if err != nil {
				return nil, fmt.Errorf("set %s: %w", key, err)
			}
			given.numbers[key] = x
		case l.Scenario != "":
			given.sets = append(given.sets, set)
		default:
			return nil, fmt.Errorf("set %s: the law %s has no such parameter; expected one of %s%s",
				phrase.Quote(key), l.Name, strings.Join(l.names(), ", "), phrase.Suggest(key, l.names()))
		}
	}
	return given, nil
}

// names are those of the parameters.
func (l Law) names() []string {
	var names []string
	for _, p := range l.Parameters {
		names = append(names, p.Name)
	}
	return names
}

// read reads a value of the parameter.
func (p Parameter) read(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x >= p.Min && x <= p.Max) || p.Whole && x != float64(int64(x)) {
		kind := "a number"
		if p.Whole {
			kind = "a whole number"
		}
		return 0, fmt.Errorf("expected %s from %s to %s, not %s", kind, decimal(p.Min), decimal(p.Max), phrase.Quote(text))
	}
	return x, nil
}

// decimal writes a limit as a person would.
func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// seed is the parameter that all laws have. Its limit is that of whole numbers in a float64.
func seed() Parameter {
	return Parameter{Name: "seed", Help: "seed of all random numbers", Reduced: 1, Full: 1, Max: 1 << 53, Whole: true}
}

// whole is a parameter in whole numbers.
func whole(name, help string, reduced, full, low, high float64) Parameter {
	return Parameter{name, help, reduced, full, low, high, true}
}
