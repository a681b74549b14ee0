package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spreadable/internal/phrase"
	"spreadable/transport/inmem/latency"
)

// Target says which nodes a fault or an attack is on.
type Target struct {
	Share   float64 // of those of the role; 0 if Count or List says how many
	Count   int
	Largest bool // those with most slaves, not any
	Role    Role
	Class   string // only nodes of this class; "" for any
	Place   string // only nodes at this place of the latency model; "" for any
	List    []int  // numbers of hosts, in place of all else
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

// ParseTarget reads which nodes a fault or an attack is on: "30%", "3 masters", "10%
// largest masters", "slaves", "30% of home", "2 masters in São Paulo", "#0-4,17".
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
	if len(words) > 1 && words[0] == "of" {
		t.Class, words = words[1], words[2:]
	}
	if len(words) > 1 && words[0] == "in" {
		t.Place, words = strings.Join(words[1:], " "), nil
	}
	switch {
	case len(words) > 0 || strings.TrimSpace(text) == "":
		return t, fmt.Errorf(`expected nodes such as "30%%", "3 masters", "10%% largest masters", "bootstrap", "30%% of home", "masters in Tokyo" or "#0-4,17", not %s`, phrase.Quote(text))
	case t.Largest && t.Role != Masters:
		return t, fmt.Errorf("only masters can be the largest, not %s", t.Role)
	case t.Count == 0 && t.Share == 0:
		return t, fmt.Errorf("%s is no node", phrase.Quote(text))
	case t.Share > 1:
		return t, fmt.Errorf("%s is more than all nodes", phrase.Quote(text))
	}
	return t, nil
}

// target reads the key `on` of the group at path.
func (s *Scenario) target(path, text string) (Target, error) {
	return s.targetOf(join(path, "on"), text)
}

// targetOf reads which nodes the key at path names.
func (s *Scenario) targetOf(path, text string) (Target, error) {
	t, err := ParseTarget(text)
	classes := s.Classes.Names()
	switch {
	case err != nil:
	case t.highest() >= s.Nodes:
		err = fmt.Errorf("there is no host %d among %d nodes, which are numbered from 0", t.highest(), s.Nodes)
	case t.Class != "" && len(classes) == 0:
		err = fmt.Errorf("there is no class %s: the scenario has none", phrase.Quote(t.Class))
	case t.Class != "" && !slices.Contains(classes, t.Class):
		err = fmt.Errorf("there is no class %s: expected one of %s%s", phrase.Quote(t.Class), strings.Join(classes, ", "), phrase.Suggest(t.Class, classes))
	case t.Place != "":
		err = s.checkPlace(t)
	}
	if err == nil {
		err = s.checkAmount(t, text)
	}
	if err != nil {
		return t, s.errorf(path, "%s: %w", path, err)
	}
	return t, nil
}

// isAll reports whether a target is all nodes.
func (s *Scenario) isAll(t Target) bool {
	if t.List != nil {
		return len(t.List) >= s.Nodes
	}
	if t.Place != "" {
		places := s.Places()
		if i := slices.Index(places.Names(), t.Place); places.Shares()[i] < 1 {
			return false
		}
	}
	return t.Role == Nodes && s.mostOf(Target{Class: t.Class}) == s.Nodes && (t.Share == 1 || t.Count >= s.Nodes)
}

// mostOf is how many nodes a target can be on at most, wherever they are.
func (s *Scenario) mostOf(t Target) int {
	most, placed := s.Nodes, t.Role == Masters || t.Role == Slaves
	switch {
	case t.Role == Bootstrap:
		most = min(most, s.Join.Bootstrap)
	case placed && s.Nodes == 1:
		return 0
	case placed:
		most = s.reachable()
	}
	if i := slices.Index(s.Classes.Names(), t.Class); i >= 0 {
		most = min(most, s.Classes.Sizes(s.Nodes)[i])
		if s.Classes.present()[i].NAT && (placed || t.Role == Bootstrap) {
			return 0
		}
	}
	return most
}

// checkAmount refuses a target that no node can be, and one of more nodes than there are.
func (s *Scenario) checkAmount(t Target, text string) error {
	switch most := s.mostOf(t); {
	case most == 0 && s.Nodes == 1:
		return fmt.Errorf("%s is no node: one that is alone is neither master nor slave (nodes is 1)", phrase.Quote(text))
	case most == 0 && t.Role == Bootstrap:
		return fmt.Errorf("%s is no node: bootstrap nodes are never behind a NAT (classes.%s.nat)", phrase.Quote(text), t.Class)
	case most == 0:
		return fmt.Errorf("%s is no node: those behind a NAT find no place in the network, so none is a master or a slave (classes.%s.nat)",
			phrase.Quote(text), t.Class)
	case t.Count > most:
		return fmt.Errorf("%s is more than the %d there are", phrase.Quote(text), most)
	}
	if t.Place == "" || s.movable() {
		return nil
	}
	if there := len(s.hostsOf(t, false)); t.Count > there {
		return fmt.Errorf("%s is more than the %d there are with this seed", phrase.Quote(text), there)
	}
	return nil
}

// checkPlace refuses a place at which no host is: which hosts are at which place is drawn
// from the seed. Nodes may come to further hosts.
func (s *Scenario) checkPlace(t Target) error {
	places := s.Places()
	if places == nil {
		return fmt.Errorf("there is no place %s: the latency model %s has none", phrase.Quote(t.Place), s.Latency.Model)
	}
	if names := places.Names(); !slices.Contains(names, t.Place) {
		return fmt.Errorf("there is no place %s at which hosts are%s", phrase.Quote(t.Place), phrase.Suggest(t.Place, names))
	}
	if len(s.hostsOf(t, false)) > 0 || s.movable() && t.Role != Bootstrap {
		return nil
	}
	hosts := s.Nodes
	if t.Role == Bootstrap {
		hosts = s.Join.Bootstrap
	}
	return fmt.Errorf("none of the %d %s is in %s with this seed", hosts, t.Role, t.Place)
}

// isIn tells whether a host is at a place of the latency model.
func (s *Scenario) isIn(name string) func(host int) bool {
	places := s.Places()
	place := slices.Index(places.Names(), name)
	return func(host int) bool { return places.Of(uint32(host)) == place }
}

// Places says at which places of the latency model hosts are; nil if it has none.
func (s *Scenario) Places() *latency.Places {
	model, err := s.LatencyModel()
	placed, ok := model.(interface{ Places() *latency.Places })
	if err != nil || !ok {
		return nil
	}
	return placed.Places()
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
