package scenario

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
)

// A schedule says when which node starts (join.times) and when it syncs (sync, sync_order,
// sync_gap), so that a scenario can replay what other nodes have done, such as those of
// the npm package.

// Times are moments in virtual time.
type Times []time.Duration

var timesType = reflect.TypeFor[Times]()

// Syncing names what makes a node sync.
type Syncing string

// What makes a node sync: its own timer, or the scenario.
const (
	ByTimer Syncing = "timer"
	Manual  Syncing = "manual"
)

// Limits of schedules.
const (
	maxNoise = 0.5       // of the sync interval, so that no sync passes the one before
	maxSyncs = 1_000_000 // that a scenario makes by itself
)

// At is the time of the i-th node: the last of the list holds for all that follow.
func (t Times) At(i int) time.Duration { return t[min(i, len(t)-1)] }

// plain lists times as they are written.
func (t Times) plain() []string {
	list := make([]string, len(t))
	for i, at := range t {
		list[i] = formatDuration(at)
	}
	return list
}

// times decodes a list of durations.
func (d decoder) times(path string, n ast.Node, v reflect.Value) error {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return errorAt(d.place(n), "%s: expected a list of times, such as [0s, 300ms], not %s", path, strictyaml.KindOf(n))
	}
	if len(list.Values) == 0 {
		return errorAt(d.place(n), "%s: expected one time or more", path)
	}
	times := make(Times, len(list.Values))
	for i, item := range list.Values {
		if err := d.scalar(join(path, strconv.Itoa(i)), item, reflect.ValueOf(&times[i]).Elem()); err != nil {
			return err
		}
	}
	v.Set(reflect.ValueOf(times))
	return nil
}

// setTimes reads a list of times from the text of a set, in the form of a file.
func (s *Scenario) setTimes(path, text, place string) error {
	_, key, _ := strings.Cut(path, ".")
	root, err := parseTree(place, []byte(key+": "+text))
	if err != nil {
		return fmt.Errorf("%s: expected a list of times such as [0s, 300ms], not %s", path, phrase.Quote(text))
	}
	maps.DeleteFunc(s.source, func(at, _ string) bool { return strings.HasPrefix(at, path+".") })
	v, err := find(reflect.ValueOf(s).Elem(), path)
	if err != nil {
		return err
	}
	return decoder{file: place, source: s.source}.times(path, root.Values[0].Value, v)
}

// checkTimesOfJoin judges join.times.
func (s *Scenario) checkTimesOfJoin() error {
	if err := s.needs("join", "mode list", "times"); err != nil {
		return err
	}
	times := s.Join.Times
	if len(times) > s.Nodes {
		return s.errorf("join.times", "join.times: %d times are more than the %d nodes", len(times), s.Nodes)
	}
	if last := times[len(times)-1]; last > s.Duration {
		return s.errorf("join.times", "join.times: the last node starts at %s, after the duration of %s", formatDuration(last), formatDuration(s.Duration))
	}
	for i := range times[1:] {
		if times[i+1] < times[i] {
			path := "join.times." + strconv.Itoa(i+1)
			return s.errorf(path, "%s: %s is before %s: write the times in their order, nodes are numbered by it", path,
				formatDuration(times[i+1]), formatDuration(times[i]))
		}
	}
	return nil
}

// fillSchedule fills in the defaults of what makes nodes sync.
func (s *Scenario) fillSchedule() {
	fill(s, "sync", &s.Sync, ByTimer)
	if s.Sync != Manual {
		return
	}
	fill(s, "sync_order", &s.SyncOrder, fmt.Sprintf("0-%d", max(0, s.Nodes-1)))
	if rounds, err := s.SyncRounds(); err == nil {
		fill(s, "sync_gap", &s.SyncGap, s.SyncInterval/time.Duration(longest(rounds)))
	}
}

// SyncRounds is which nodes sync in which order: the numbers of the nodes for each round. The
// round after the last is the first again.
func (s *Scenario) SyncRounds() ([][]int, error) {
	var rounds [][]int
	for text := range strings.SplitSeq(s.SyncOrder, ";") {
		order, err := parseOrder(text, s.Nodes)
		if err != nil {
			return nil, err
		}
		rounds = append(rounds, order)
	}
	return rounds, nil
}

// parseOrder reads numbers of nodes in the order in which they are written: "0-4,17,9-6".
func parseOrder(text string, nodes int) (order []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, span := strings.Cut(strings.TrimSpace(part), "-")
		if !span {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 24)
		last, err2 := strconv.ParseUint(to, 10, 24)
		switch {
		case err != nil || err2 != nil:
			return nil, fmt.Errorf("expected numbers of nodes such as 0-4,17,9-6, with a ; between rounds, not %s", phrase.Quote(part))
		case max(first, last) >= uint64(nodes):
			return nil, fmt.Errorf("there is no node %d among %d nodes, which are numbered from 0", max(first, last), nodes)
		}
		for i := first; i < last; i++ {
			order = append(order, int(i))
		}
		for i := first; i > last; i-- {
			order = append(order, int(i))
		}
		order = append(order, int(last))
	}
	return order, nil
}

// longest is how many nodes sync in the longest round.
func longest(rounds [][]int) int {
	return len(slices.MaxFunc(rounds, func(a, b []int) int { return len(a) - len(b) }))
}

// checkSchedule judges what makes nodes sync.
func (s *Scenario) checkSchedule() error {
	if s.given("sync_noise") {
		if s.Registration != Original {
			return s.errorf("sync_noise", "sync_noise: has no meaning with registration %s, which spreads its syncs itself", s.Registration)
		}
		if s.Sync == Manual {
			return s.errorf("sync_noise", "sync_noise: has no meaning with sync manual, where no timer runs")
		}
		if s.SyncNoise <= 0 || s.SyncNoise > maxNoise {
			return s.errorf("sync_noise", "sync_noise: expected a share above 0%% and at most %s, not %s", formatShare(maxNoise), formatShare(s.SyncNoise))
		}
	}
	if s.Sync != Manual {
		return s.checkMeaning("", "sync", string(s.Sync), []string{"sync_interval"}, "sync_order", "sync_gap")
	}
	rounds, err := s.SyncRounds()
	if err != nil {
		return s.errorf("sync_order", "sync_order: %w", err)
	}
	if s.SyncGap < 0 || s.SyncGap > s.SyncInterval/time.Duration(longest(rounds)) {
		return s.errorf("sync_gap", "sync_gap: %d nodes, one every %s, take longer than sync_interval, %s", longest(rounds),
			formatDuration(s.SyncGap), s.told("sync_interval", s.SyncInterval))
	}
	if syncs := (int64(s.Duration/s.SyncInterval) + 1) * int64(longest(rounds)); syncs > maxSyncs {
		return s.errorf("sync", "sync: manual makes %d syncs, more than %d", syncs, maxSyncs)
	}
	return nil
}
