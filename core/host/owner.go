package host

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

// What the owner of a node sees of an extension, and does with it.

// Counter counts something that only grows.
type Counter struct {
	Name, Help string
	value      uint64
}

// Add counts n more.
func (c *Counter) Add(n uint64) { c.value += n }

// Value is the count since the start.
func (c *Counter) Value() uint64 { return c.value }

// Traffic counts what has become of the requests of one name, since the start.
type Traffic struct {
	Name string
	// This node's own: how many it has asked or sent, how many of them failed, how long
	// they took together, and of queries how many nodes were asked and have answered.
	Asked, Failed             uint64
	Took                      time.Duration
	NodesAsked, NodesAnswered uint64
	// Of others: how many it has answered, how many it has refused or failed at, and the
	// bytes of their streams.
	Served, Refused, Received uint64
	// Answers that were left out because they were not valid.
	Invalid uint64
}

// Queries and Directs are what the extension has offered, with their traffic, for the
// driver.
func (h *Host) Queries() []*Traffic { return h.queries }

// Directs are the requests to one node.
func (h *Host) Directs() []*Traffic { return h.directs }

// ended counts a request of this node.
func (c *Traffic) ended(took time.Duration, err error) {
	c.Asked++
	c.Took += took
	if err != nil {
		c.Failed++
	}
}

// served counts a request of another.
func (c *Traffic) served(err error) {
	if err != nil {
		c.Refused++
	} else {
		c.Served++
	}
}

// judged counts an answer that is not valid, and returns why.
func (c *Traffic) judged(err error) error {
	if err != nil {
		c.Invalid++
	}
	return err
}

// Gauge is a number that goes up and down, read when the owner asks.
type Gauge struct {
	Name, Help string
	Read       func() float64
}

// Count declares a counter. As a metric its name is spreadable_EXTENSION_NAME_total, with
// hyphens as underscores.
func (h *Host) Count(name, help string) *Counter {
	c := &Counter{Name: name, Help: help}
	if h.declare("counter", name, h.measures(name)) {
		h.counters = append(h.counters, c)
	}
	return c
}

// Gauge declares a number. As a metric its name is spreadable_EXTENSION_NAME.
func (h *Host) Gauge(name, help string, read func() float64) {
	if h.declare("gauge", name, h.measures(name)) {
		h.gauges = append(h.gauges, Gauge{name, help, func() (value float64) {
			_ = h.contain("gauge "+name, func() { value = read() }) // it is logged and counted
			return value
		}})
	}
}

func (h *Host) measures(name string) bool {
	return slices.ContainsFunc(h.counters, func(c *Counter) bool { return c.Name == name }) ||
		slices.ContainsFunc(h.gauges, func(g Gauge) bool { return g.Name == name })
}

// Metric is the name of a counter or gauge of the extension, without the suffix _total.
func (h *Host) Metric(name string) string {
	return strings.ReplaceAll("spreadable_"+h.name+"_"+name, "-", "_")
}

// Counters are the numbers that the extension counts up, for the driver.
func (h *Host) Counters() []*Counter { return h.counters }

// Gauges are the numbers of the extension.
func (h *Host) Gauges() []Gauge { return h.gauges }

// OnStatus sets what the extension says of itself to the owner: a value for encoding/json.
func (h *Host) OnStatus(status func() any) { h.status = status }

// Status is what the extension says of itself; nil for nothing.
func (h *Host) Status() (status any) {
	if h.status != nil {
		_ = h.contain("status", func() { status = h.status() }) // it is logged and counted
	}
	return status
}

// OnLoad sets how busy the extension is, from 0 for idle to 1: what it has used of its
// space, for instance. A node that is busy tells it to others, which then send clients
// elsewhere.
func (h *Host) OnLoad(load func() float64) { h.load = load }

// Load is how busy the extension is, 0 if it does not say.
func (h *Host) Load() (load float64) {
	if h.load != nil {
		_ = h.contain("load", func() { load = h.load() }) // it is logged and counted
	}
	return min(1, max(0, load))
}

// Command is something that the owner can make the extension do, by
// spreadnode extension EXTENSION NAME ARGUMENT...
type Command struct {
	Name, Help string
	// Run does it. What it writes is for a person. An error is, too.
	Run func(t *Task, args []string, out io.Writer) error
}

// Command declares a command.
func (h *Host) Command(c Command) {
	taken := slices.ContainsFunc(h.commands, func(other Command) bool { return other.Name == c.Name })
	if !h.declare("command", c.Name, taken) {
		return
	}
	if c.Run == nil {
		h.fail("command %q: nothing to run", c.Name)
		return
	}
	run := c.Run
	c.Run = func(t *Task, args []string, out io.Writer) (err error) {
		return errors.Join(h.perform(t, "command "+c.Name, func(t *Task) { err = run(t, args, out) }), err)
	}
	h.commands = append(h.commands, c)
}

// Commands are those of the extension.
func (h *Host) Commands() []Command { return h.commands }
