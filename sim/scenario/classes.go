package scenario

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
)

// Classes describes kinds of nodes that differ from the others. Which nodes are of which
// class is drawn from the seed. Those of none are as `network` says, and so is whatever a
// class does not say itself.
type Classes struct {
	// Machines in data centres: 1Gbit/s both ways.
	Server Class `yaml:"server"`

	// Machines of people at home: 20Mbit/s up, 100Mbit/s down, 5ms of delay.
	Home Class `yaml:"home"`

	// Machines far away, as behind a satellite: 5Mbit/s up, 50Mbit/s down, 250ms of
	// delay, 1% loss.
	Laggy Class `yaml:"laggy"`

	// Small machines on slow lines: 1Mbit/s up, 5Mbit/s down, 20ms of delay.
	Constrained Class `yaml:"constrained"`
}

// Class describes the nodes of one class.
type Class struct {
	// Share of the nodes that are of this class. The shares of all classes are 100% at
	// most together.
	Share float64 `yaml:"share"`

	// Bandwidth of its nodes' uplink.
	Up Rate `yaml:"up"`

	// Bandwidth of its nodes' downlink.
	Down Rate `yaml:"down"`

	// Time that its nodes' lines add to the latency of each message, from them and to
	// them.
	Delay time.Duration `yaml:"delay"`

	// Share of the messages from its nodes and to them that are lost. Between nodes of
	// different classes the greater share counts.
	Loss float64 `yaml:"loss"`

	// Mean time that one of its nodes takes to serve a request.
	Service time.Duration `yaml:"service"`

	// How many requests may wait at one of its nodes.
	Queue int `yaml:"queue" jsonschema:"minimum=1,maximum=1000000"`

	// Whether its nodes are behind a NAT, so that others cannot open a connection to
	// them.
	NAT bool `yaml:"nat"`
}

// namedClass is a class with its key.
type namedClass struct {
	name string
	*Class
}

func (c namedClass) path() string { return join("classes", c.name) }

// all lists the classes, in the order of their keys.
func (c *Classes) all() []namedClass {
	v := reflect.ValueOf(c).Elem()
	var list []namedClass
	for f := range v.Type().Fields() {
		list = append(list, namedClass{f.Tag.Get("yaml"), v.FieldByIndex(f.Index).Addr().Interface().(*Class)})
	}
	return list
}

// present lists the classes that have nodes.
func (c *Classes) present() []namedClass {
	var list []namedClass
	for _, class := range c.all() {
		if class.Share > 0 {
			list = append(list, class)
		}
	}
	return list
}

// preset is what a class has if it does not say otherwise. docs/models.md names the
// sources.
func preset(name string) Class {
	switch name {
	case "server":
		return Class{Up: 1_000_000_000, Down: 1_000_000_000}
	case "home":
		return Class{Up: 20_000_000, Down: 100_000_000, Delay: 5 * time.Millisecond}
	case "laggy":
		return Class{Up: 5_000_000, Down: 50_000_000, Delay: 250 * time.Millisecond, Loss: 0.01}
	}
	return Class{Up: 1_000_000, Down: 5_000_000, Delay: 20 * time.Millisecond}
}

// fillClasses gives the keys of the classes that have nodes their defaults: those of the
// class, and where it has none, those of `network`.
func (s *Scenario) fillClasses() {
	n := &s.Network
	for _, c := range s.Classes.present() {
		preset := preset(c.name)
		fill(s, join(c.path(), "up"), &c.Up, preset.Up)
		fill(s, join(c.path(), "down"), &c.Down, preset.Down)
		fill(s, join(c.path(), "delay"), &c.Delay, preset.Delay)
		fill(s, join(c.path(), "loss"), &c.Loss, max(preset.Loss, n.Loss))
		fill(s, join(c.path(), "service"), &c.Service, n.Service)
		if c.Service > 0 {
			fill(s, join(c.path(), "queue"), &c.Queue, n.Queue)
		}
	}
}

// checkClasses judges `classes`.
func (s *Scenario) checkClasses() error {
	sum, last := 0.0, ""
	for _, c := range s.Classes.all() {
		if !s.anyBelow(c.path()) {
			continue
		}
		if err := s.checkClass(c); err != nil {
			return err
		}
		if sum += c.Share; sum > 1+1e-9 {
			return s.errorf(c.path()+".share", "%s.share: with %s the shares are %s of the nodes, more than 100%%",
				c.path(), last, formatShare(math.Round(sum*1e9)/1e9))
		}
		last = strings.TrimPrefix(strings.Join([]string{last, c.path() + ".share"}, " and "), " and ")
	}
	for i, size := range s.Classes.Sizes(s.Nodes) {
		if c := s.Classes.present()[i]; size == 0 {
			return s.errorf(c.path()+".share", "%s.share: %s of %d nodes is none", c.path(),
				formatShare(c.Share), s.Nodes)
		}
	}
	reachable := s.reachable()
	for _, c := range s.Classes.present() {
		if path := join(c.path(), "share"); c.NAT && reachable < s.Join.Bootstrap {
			return s.errorf(path, "%s: %d of %d nodes are not behind a NAT, too few for the %d whose addresses all know (join.bootstrap)",
				path, reachable, s.Nodes, s.Join.Bootstrap)
		}
	}
	return nil
}

func (s *Scenario) checkClass(c namedClass) error {
	if err := s.needs("classes", "a class", join(c.name, "share")); err != nil {
		return err
	}
	path := join(c.path(), "share")
	if c.Share <= 0 || c.Share > 1 {
		return s.errorf(path, "%s: expected a share above 0%% and at most 100%%, not %s", path, formatShare(c.Share))
	}
	if err := s.checkLoss(join(c.path(), "loss"), c.Loss); err != nil {
		return err
	}
	if path := join(c.path(), "delay"); c.Delay > maxLatency {
		return s.errorf(path, "%s: expected at most %s, not %s", path, formatDuration(maxLatency),
			formatDuration(c.Delay))
	}
	if err := s.checkService(join(c.path(), "service"), c.Service); err != nil {
		return err
	}
	if path := join(c.path(), "queue"); c.Service == 0 && s.given(path) {
		return s.errorf(path, "%s: has no meaning without %s.service or network.service", path, c.path())
	}
	return nil
}

// anyBelow reports whether a group, or a key in it, was given.
func (s *Scenario) anyBelow(group string) bool {
	for path := range s.source { // order-free: one is enough
		if path == group || strings.HasPrefix(path, group+".") {
			return true
		}
	}
	return false
}

// Sizes is how many of so many nodes each class has, in the order of Present: the shares,
// rounded so that their sums are right.
func (c *Classes) Sizes(nodes int) []int {
	var sizes []int
	share, before := 0.0, 0
	for _, class := range c.present() {
		share += class.Share
		until := min(nodes, int(math.Round(share*float64(nodes))))
		sizes = append(sizes, until-before)
		before = until
	}
	return sizes
}

// Present lists the classes that have nodes.
func (c *Classes) Present() []Class {
	var list []Class
	for _, class := range c.present() {
		list = append(list, *class.Class)
	}
	return list
}

// Names lists the names of the classes that have nodes.
func (c *Classes) Names() []string {
	var names []string
	for _, class := range c.present() {
		names = append(names, class.name)
	}
	return names
}

// reachable is how many nodes others can connect to.
func (s *Scenario) reachable() int {
	count := s.Nodes
	sizes := s.Classes.Sizes(s.Nodes)
	for i, c := range s.Classes.present() {
		if c.NAT {
			count -= sizes[i]
		}
	}
	return count
}

// String says how a class differs: "60% home (20Mbit/s up, 100Mbit/s down)".
func (c namedClass) String() string {
	text := fmt.Sprintf("%s %s (%s up, %s down", formatShare(c.Share), c.name, c.Up, c.Down)
	if c.Delay > 0 {
		text += ", " + formatDuration(c.Delay) + " of delay"
	}
	if c.Loss > 0 {
		text += ", " + formatShare(c.Loss) + " loss"
	}
	if c.Service > 0 {
		text += ", " + formatDuration(c.Service) + " a request"
	}
	if c.NAT {
		text += ", behind a NAT"
	}
	return text + ")"
}

// String lists the classes that have nodes.
func (c Classes) String() string {
	var texts []string
	for _, class := range c.present() {
		texts = append(texts, class.String())
	}
	return strings.Join(texts, "; ")
}
