package trace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"spreadable/internal/phrase"
	"spreadable/sim/scenario"
)

// DefaultEntries is how many entries a recording has at most: with all that belongs to
// them some 500 MB.
const DefaultEntries = 2_000_000

// Window says what to record: which nodes, in which time.
type Window struct {
	Nodes []int // their hosts' numbers, ascending
	// From and To are the first and the last virtual time at which an entry may begin; a
	// To of 0 is the end of the run.
	From, To time.Duration
	// Entries is how many entries are recorded at most. Each node has an equal part of
	// it, so that what is left out does not depend on the order among nodes.
	Entries int
}

// form is what a window looks like, for messages.
const form = "nodes=0-20,from=100s,to=110s"

// ParseWindow reads a window: "nodes=0-20,30,from=100s,to=110s,entries=50000". Only nodes
// must be there.
func ParseWindow(text string) (Window, error) {
	w := Window{Entries: DefaultEntries}
	given := map[string]string{}
	key := ""
	for part := range strings.SplitSeq(text, ",") {
		name, value, isKey := strings.Cut(part, "=")
		switch name = strings.TrimSpace(name); {
		case !isKey && key == "nodes": // one more number or span of the list
			given[key] += "," + part
			continue
		case !isKey:
			return w, fmt.Errorf("expected KEY=VALUE, such as %s, not %s", form, phrase.Quote(part))
		case !slices.Contains([]string{"nodes", "from", "to", "entries"}, name):
			return w, fmt.Errorf("unknown key %s: the keys are nodes, from, to and entries, as in %s", phrase.Quote(name), form)
		}
		if _, twice := given[name]; twice {
			return w, fmt.Errorf("%s is given twice", name)
		}
		key, given[name] = name, strings.TrimSpace(value)
	}
	return w, w.set(given)
}

// set fills the window in from its keys.
func (w *Window) set(given map[string]string) error {
	target, err := scenario.ParseTarget("#" + given["nodes"])
	if err != nil {
		return fmt.Errorf("nodes: expected numbers such as 0-20 or 3,7,9, not %s", phrase.Quote(given["nodes"]))
	}
	w.Nodes = target.List
	for _, at := range []struct {
		name string
		time *time.Duration
	}{{"from", &w.From}, {"to", &w.To}} {
		if text, ok := given[at.name]; ok {
			if *at.time, err = scenario.ParseDuration(text); err != nil {
				return fmt.Errorf("%s: %w", at.name, err)
			}
		}
	}
	if _, ok := given["to"]; ok && w.To <= w.From {
		return fmt.Errorf("to: expected a time after from, %s, not %s", w.From, phrase.Quote(given["to"]))
	}
	w.Entries = max(w.Entries, len(w.Nodes)) // one for each at least
	if text, ok := given["entries"]; ok {
		w.Entries, err = strconv.Atoi(text)
		if err != nil || w.Entries < len(w.Nodes) || w.Entries > maxEntries {
			return fmt.Errorf("entries: expected a whole number from that of the nodes, %d, to %d, not %s",
				len(w.Nodes), maxEntries, phrase.Quote(text))
		}
	}
	return nil
}

// maxEntries is more than fits into the memory of most machines.
const maxEntries = 1_000_000_000

// Check says what is wrong with the window for a run with so many hosts, that takes so
// long.
func (w Window) Check(hosts int, duration time.Duration) error {
	switch last := w.Nodes[len(w.Nodes)-1]; {
	case last >= hosts:
		return fmt.Errorf("nodes: there is no node %d: the run has the nodes 0 to %d", last, hosts-1)
	case w.From >= duration:
		return fmt.Errorf("from: %s is not before the end of the run at %s", w.From, duration)
	case w.To > duration:
		return fmt.Errorf("to: %s is after the end of the run at %s", w.To, duration)
	}
	return nil
}

// holds reports whether a time is in the window.
func (w Window) holds(at time.Duration) bool { return at >= w.From && (w.To == 0 || at <= w.To) }
