package scenario

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"spreadable/internal/phrase"
)

// Faults is what breaks during a run, in any order.
type Faults []Fault

// Fault is one thing that breaks at a time, or is mended.
type Fault struct {
	// Virtual time at which it happens.
	At time.Duration `yaml:"at" jsonschema:"required"`

	// What happens. crash: nodes end for good. bounce: they end, and come back after the
	// time `for`. partition: they are cut off from all others, and messages across the cut
	// are lost; repair ends that. hold: they stop as a stopped process does, and all that
	// happens to them waits for release. slow: their messages take longer by the time `by`.
	// loss: each message of the network is lost with the probability `share`. skew: their
	// clocks are ahead by the time `by`.
	Do Verb `yaml:"do" jsonschema:"required,enum=crash,enum=bounce,enum=partition,enum=repair,enum=hold,enum=release,enum=slow,enum=loss,enum=skew"`

	// Which nodes of those that are up: a share or a number, drawn at random ("30%", "3"),
	// of all, of the masters, of the slaves or of the bootstrap nodes ("10% masters",
	// "bootstrap"), those with most slaves first ("10% largest masters"), of a class ("30%
	// of home") or at a place of the latency model ("masters in Tokyo"), or hosts by number,
	// from 0 ("#0-4,17").
	On string `yaml:"on"`

	// How long it lasts: after that time a partition is repaired, held nodes are released,
	// slow ones as before, no messages lost, clocks right. For good if absent. Of bounce
	// how long the nodes are away, 10s if absent.
	For time.Duration `yaml:"for"`

	// How much longer each message of the nodes takes (slow, at most an hour), or how far
	// their clocks are ahead (skew).
	By time.Duration `yaml:"by"`

	// Share of the messages that are lost (loss).
	Share float64 `yaml:"share"`

	// Whether nodes that end swallow requests instead of refusing them (crash, bounce).
	// true if absent.
	Silent bool `yaml:"silent"`

	// Whether nodes that come back have what they knew (bounce). true if absent.
	Memory bool `yaml:"memory"`
}

// Verb names what a fault does.
type Verb string

// What faults do.
const (
	Crash     Verb = "crash"
	Bounce    Verb = "bounce"
	Partition Verb = "partition"
	Repair    Verb = "repair"
	Hold      Verb = "hold"
	Release   Verb = "release"
	Slow      Verb = "slow"
	Loss      Verb = "loss"
	Skew      Verb = "skew"
)

const defaultAway = 10 * time.Second

// verbKeys are the keys that each verb takes beside at and do; needed are those that it
// cannot do without.
func verbKeys(v Verb) (takes, needed []string) {
	switch v {
	case Crash:
		return []string{"on", "silent"}, []string{"on"}
	case Bounce:
		return []string{"on", "for", "silent", "memory"}, []string{"on"}
	case Partition, Hold:
		return []string{"on", "for"}, []string{"on"}
	case Slow, Skew:
		return []string{"on", "by", "for"}, []string{"on", "by"}
	case Loss:
		return []string{"share", "for"}, []string{"share"}
	}
	return nil, nil // repair and release
}

// EndNodes reports whether some fault ends nodes.
func (f Faults) EndNodes() bool {
	return slices.ContainsFunc(f, func(f Fault) bool { return f.Do == Crash || f.Do == Bounce })
}

// OfLinks reports whether some fault is one of what carries messages.
func (f Faults) OfLinks() bool {
	return slices.ContainsFunc(f, func(f Fault) bool {
		return slices.Contains([]Verb{Partition, Hold, Slow, Loss}, f.Do)
	})
}

// fillFaults fills in the defaults of each fault.
func (s *Scenario) fillFaults() {
	for i := range s.Faults {
		f, path := &s.Faults[i], "faults."+strconv.Itoa(i)
		takes, _ := verbKeys(f.Do)
		if slices.Contains(takes, "silent") {
			fill(s, path+".silent", &f.Silent, true)
		}
		if f.Do == Bounce {
			fill(s, path+".memory", &f.Memory, true)
			fill(s, path+".for", &f.For, defaultAway)
		}
	}
}

// plain lists faults as they are written.
func (f Faults) plain() []yaml.MapSlice {
	var list []yaml.MapSlice
	for _, fault := range f {
		takes, _ := verbKeys(fault.Do)
		var item yaml.MapSlice
		v := reflect.ValueOf(fault)
		for field := range v.Type().Fields() {
			key, value := field.Tag.Get("yaml"), v.FieldByIndex(field.Index)
			if key != "at" && key != "do" && (!slices.Contains(takes, key) || key == "for" && value.IsZero()) {
				continue
			}
			item = append(item, yaml.MapItem{Key: key, Value: plain(value)})
		}
		list = append(list, item)
	}
	return list
}

// checkFaults judges `faults`: each by itself, and then in their order in time.
func (s *Scenario) checkFaults() error {
	for i, f := range s.Faults {
		path := "faults." + strconv.Itoa(i)
		if err := s.checkLimits(path, reflect.ValueOf(&s.Faults[i]).Elem()); err != nil {
			return err
		}
		if err := s.checkFault(path, f); err != nil {
			return err
		}
	}
	return s.checkCourse()
}

func (s *Scenario) checkFault(path string, f Fault) error {
	takes, needed := verbKeys(f.Do)
	for _, key := range []string{"on", "for", "by", "share", "silent", "memory"} {
		if at := join(path, key); s.given(at) && !slices.Contains(takes, key) {
			return s.errorf(at, "%s: has no meaning with do %s, which takes %s", at, f.Do, strings.Join(append([]string{"at"}, takes...), ", "))
		}
	}
	if err := s.needs(path, "do "+string(f.Do), needed...); err != nil {
		return err
	}
	if err := s.checkMoment(path, f.At, f.For); err != nil {
		return err
	}
	if f.Do == Bounce && f.At+f.For > s.Duration {
		return s.errorf(join(path, "at"), "%s.at: the nodes would be back at %s, %s later, after the duration of %s", path,
			formatDuration(f.At+f.For), s.told(join(path, "for"), f.For), formatDuration(s.Duration))
	}
	if at := join(path, "by"); s.given(at) && f.By == 0 {
		return s.errorf(at, "%s: expected more than 0s", at)
	}
	if at := join(path, "by"); f.Do == Slow && f.By > maxLatency {
		return s.errorf(at, "%s: expected at most %s with do slow, not %s", at, formatDuration(maxLatency), formatDuration(f.By))
	}
	if at := join(path, "share"); s.given(at) && (f.Share <= 0 || f.Share > 1) {
		return s.errorf(at, "%s: expected a share above 0%% and at most 100%%, not %s", at, formatShare(f.Share))
	}
	if !slices.Contains(needed, "on") {
		return nil
	}
	target, err := s.target(path, f.On)
	if err == nil && f.Do == Partition && s.isAll(target) {
		err = s.errorf(join(path, "on"), "%s.on: %s cuts no node off from another", path, phrase.Quote(f.On))
	}
	return err
}

// checkCourse looks for partitions that overlap, and for faults that are mended and were
// never made.
func (s *Scenario) checkCourse() error {
	type change struct {
		at    time.Duration
		path  string
		do    Verb
		first bool // it begins something
	}
	none := change{at: -1}
	var course []change
	for i, f := range s.Faults {
		path := "faults." + strconv.Itoa(i)
		course = append(course, change{f.At, path, f.Do, true})
		if f.For > 0 && f.Do == Partition {
			course = append(course, change{f.At + f.For, path, Repair, false})
		}
		if f.For > 0 && f.Do == Hold {
			course = append(course, change{f.At + f.For, path, Release, false})
		}
	}
	slices.SortStableFunc(course, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	parted, lossy, held, heldAt := none, none, 0, none.at
	for _, c := range course {
		switch {
		case c.do == Partition && parted != none:
			return s.errorf(c.path, "%s: the partition at %s overlaps with that of %s: repair it before", c.path, formatDuration(c.at), parted.path)
		case c.do == Partition:
			parted = c
		case c.do == Repair && c.first && parted == none:
			return s.errorf(c.path, "%s: there is no partition to repair at %s", c.path, formatDuration(c.at))
		case c.do == Repair && c.first && parted.at == c.at:
			return s.errorf(c.path, "%s: the partition of %s begins at the same time, %s", c.path, parted.path, formatDuration(c.at))
		case c.do == Repair && (c.first || parted.path == c.path):
			parted = none
		case c.do == Loss && lossy != none && lossy.at == c.at:
			return s.errorf(c.path, "%s: %s sets another loss at the same time, %s", c.path, lossy.path, formatDuration(c.at))
		case c.do == Loss:
			lossy = c
		case c.do == Hold:
			held, heldAt = held+1, c.at
		case c.do == Release && c.first && held == 0:
			return s.errorf(c.path, "%s: no node is held at %s", c.path, formatDuration(c.at))
		case c.do == Release && c.first && heldAt == c.at:
			return s.errorf(c.path, "%s: nodes are held from the same time on, %s", c.path, formatDuration(c.at))
		case c.do == Release && c.first:
			held = 0
		case c.do == Release:
			held = max(0, held-1)
		}
	}
	return nil
}
