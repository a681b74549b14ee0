package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
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
	// "bootstrap"), those with most slaves first ("10% largest masters"), or hosts by
	// number, from 0 ("#0-4,17").
	On string `yaml:"on"`

	// How long it lasts: after that time a partition is repaired, held nodes are released,
	// slow ones as before, no messages lost, clocks right. For good if absent. Of bounce
	// how long the nodes are away, 10s if absent.
	For time.Duration `yaml:"for"`

	// How much longer each message of the nodes takes (slow), or how far their clocks are
	// ahead (skew).
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

var faultsType = reflect.TypeFor[Faults]()

// faults decodes the list of faults.
func (d decoder) faults(path string, n ast.Node, v reflect.Value) error {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return errorAt(d.place(n), "%s: expected a list, such as - {at: 5m, do: crash, on: 30%%}, not %s", path, strictyaml.KindOf(n))
	}
	faults := make(Faults, len(list.Values))
	for i, item := range list.Values {
		at := join(path, strconv.Itoa(i))
		d.source[at] = d.place(item)
		if err := d.group(at, item, reflect.ValueOf(&faults[i]).Elem()); err != nil {
			return err
		}
	}
	v.Set(reflect.ValueOf(faults))
	return nil
}

// setFaults reads the list of faults from the text of a set, in the form of a file.
func (s *Scenario) setFaults(path, text, place string) error {
	root, err := parseTree(place, []byte(path+": "+text))
	if err != nil {
		return fmt.Errorf("%s: expected a list such as [{at: 5m, do: crash, on: 30%%}], not %s", path, phrase.Quote(text))
	}
	maps.DeleteFunc(s.source, func(key, _ string) bool { return strings.HasPrefix(key, path+".") })
	d := decoder{file: place, source: s.source}
	return d.faults(path, root.Values[0].Value, reflect.ValueOf(&s.Faults).Elem())
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
	if f.At == 0 {
		return s.errorf(join(path, "at"), "%s.at: expected more than 0s: there is no network yet", path)
	}
	if f.At >= s.Duration {
		return s.errorf(join(path, "at"), "%s.at: %s is not before the end of the run at %s", path, formatDuration(f.At), formatDuration(s.Duration))
	}
	for _, key := range []string{"for", "by"} {
		if at := join(path, key); s.given(at) && map[string]time.Duration{"for": f.For, "by": f.By}[key] == 0 {
			return s.errorf(at, "%s: expected more than 0s", at)
		}
	}
	if at := join(path, "share"); s.given(at) && (f.Share <= 0 || f.Share > 1) {
		return s.errorf(at, "%s: expected a share above 0%% and at most 100%%, not %s", at, formatShare(f.Share))
	}
	if !slices.Contains(needed, "on") {
		return nil
	}
	target, err := ParseTarget(f.On)
	if err == nil && target.highest() >= s.Nodes {
		err = fmt.Errorf("there is no host %d among %d nodes, which are numbered from 0", target.highest(), s.Nodes)
	}
	if err != nil {
		return s.errorf(join(path, "on"), "%s.on: %w", path, err)
	}
	return nil
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
	parted, held := "", 0
	for _, c := range course {
		switch {
		case c.do == Partition && parted != "":
			return s.errorf(c.path, "%s: the partition at %s overlaps with that of %s: repair it before", c.path, formatDuration(c.at), parted)
		case c.do == Partition:
			parted = c.path
		case c.do == Repair && c.first && parted == "":
			return s.errorf(c.path, "%s: there is no partition to repair at %s", c.path, formatDuration(c.at))
		case c.do == Repair:
			if c.first || parted == c.path {
				parted = ""
			}
		case c.do == Hold:
			held++
		case c.do == Release && c.first && held == 0:
			return s.errorf(c.path, "%s: no node is held at %s", c.path, formatDuration(c.at))
		case c.do == Release && c.first:
			held = 0
		case c.do == Release:
			held = max(0, held-1)
		}
	}
	return nil
}

// Target says which nodes a fault is on.
type Target struct {
	Share   float64 // of those of the role; 0 if Count or List says how many
	Count   int
	Largest bool // those with most slaves, not any
	Role    Role
	List    []int // numbers of hosts, in place of all else
}

// Role is what a node does in the network.
type Role string

// The roles that a target can have.
const (
	Nodes     Role = "nodes"
	Masters   Role = "masters"
	Slaves    Role = "slaves"
	Bootstrap Role = "bootstrap"
)

// ParseTarget reads which nodes a fault is on: "30%", "3 masters", "10% largest masters",
// "slaves", "#0-4,17".
func ParseTarget(text string) (Target, error) {
	if list, ok := strings.CutPrefix(text, "#"); ok {
		return parseHosts(list)
	}
	t, words := Target{Share: 1, Role: Nodes}, strings.Fields(text)
	if len(words) > 0 {
		var amount bool
		if amount = t.amount(words[0]); amount {
			words = words[1:]
		}
	}
	if len(words) > 0 && words[0] == "largest" {
		t.Largest, t.Role, words = true, Masters, words[1:]
	}
	if len(words) > 0 && slices.Contains([]Role{Nodes, Masters, Slaves, Bootstrap}, Role(words[0])) {
		t.Role, words = Role(words[0]), words[1:]
	}
	switch {
	case len(words) > 0 || strings.TrimSpace(text) == "":
		return t, fmt.Errorf(`expected nodes such as "30%%", "3 masters", "10%% largest masters", "bootstrap" or "#0-4,17", not %s`, phrase.Quote(text))
	case t.Largest && t.Role != Masters:
		return t, fmt.Errorf("only masters can be the largest, not %s", t.Role)
	case t.Count == 0 && t.Share == 0:
		return t, fmt.Errorf("%s is no node", phrase.Quote(text))
	case t.Share > 1:
		return t, fmt.Errorf("%s is more than all nodes", phrase.Quote(text))
	}
	return t, nil
}

// amount reads a share or a number of nodes.
func (t *Target) amount(word string) bool {
	if share, err := parseShare(word); err == nil {
		t.Share = share
		return true
	}
	count, _, err := parseWhole(word, true, 32)
	if err == nil && count >= 0 {
		t.Share, t.Count = 0, int(count)
		return true
	}
	return false
}

// parseHosts reads numbers of hosts: "0-4,17".
func parseHosts(text string) (t Target, err error) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(part, "-")
		if !span {
			last = first
		}
		low, err := strconv.ParseUint(strings.TrimSpace(first), 10, 24)
		high, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 24)
		if err != nil || err2 != nil || high < low {
			return t, fmt.Errorf("expected numbers of hosts such as #0-4,17, not %s", phrase.Quote("#"+text))
		}
		for host := low; host <= high; host++ {
			t.List = append(t.List, int(host))
		}
	}
	slices.Sort(t.List)
	t.List = slices.Compact(t.List)
	return t, nil
}

// highest is the greatest number of a host in the list, -1 without a list.
func (t Target) highest() int {
	if len(t.List) == 0 {
		return -1
	}
	return t.List[len(t.List)-1]
}
