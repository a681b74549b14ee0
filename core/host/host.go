package host

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// Task runs a procedure; see core.Task for its verbs. Extensions ask by what Offer has
// returned to them, and lock by Host.Lock.
type Task = core.Task

// Peer is a node as this one holds it; see the package comment.
type Peer = core.Peer

// Coverage says how many nodes are behind an answer.
type Coverage = message.Coverage

// Error is a refusal with a code. Codes of extensions should begin with ERR_ and their
// name, such as ERR_DOCUMENTS_FULL.
type Error = message.Error

// Extension is an application on a node.
type Extension interface {
	// Name scopes all names of the extension. It has 1 to 32 lower-case letters, digits
	// and hyphens.
	Name() string
	// Start declares what the extension does, by the functions and methods of this
	// package. It is called once for each life of a node, before the node starts: nothing
	// can be asked or read yet, see Host.OnStart. What is wrong with a declaration comes
	// back from Attach.
	Start(h *Host)
}

// World is what the driver of a node lends to extensions beside the node itself.
type World interface {
	// Bucket is the bucket of the extension of that name.
	Bucket(extension string) Bucket
	// Blobs is the place for the extension's large values; nil where there is none.
	Blobs(extension string) Blobs
	// Log writes a line for the owner.
	Log(extension string, level Level, text string, args ...any)
}

// Level says how urgent a line of the log is.
type Level int8

// The levels, with the numbers of log/slog.
const (
	Debug Level = -4
	Info  Level = 0
	Warn  Level = 4
)

// Host is what the node lends to one extension. It belongs to the node's thread.
type Host struct {
	node  *core.Node
	world World
	name  string
	errs  []error

	queries  []*Traffic
	directs  []*Traffic
	jobs     []*job
	gauges   []Gauge
	counters []*Counter
	commands []Command
	status   func() any
	load     func() float64
	spreads  uint64   // so far
	members  *members // of all extensions of the node

	contained containment
}

// Attach gives a node its extensions. It must be called once in each life of the node,
// between Init and Start. The Hosts are in the order of the extensions.
func Attach(n *core.Node, w World, extensions ...Extension) ([]*Host, error) {
	var hosts []*Host
	members := &members{node: n}
	taken := map[string]bool{reserved: true}
	for _, e := range extensions {
		name := e.Name()
		if err := CheckName(name); err != nil {
			return nil, fmt.Errorf("extension %.40q: %w", name, err)
		}
		if taken[name] {
			return nil, fmt.Errorf("extension %q: another one has this name", name)
		}
		taken[name] = true
		h := newHost(n, w, name)
		h.members = members
		e.Start(h)
		if err := errors.Join(h.errs...); err != nil {
			return nil, fmt.Errorf("extension %q: %w", name, err)
		}
		hosts = append(hosts, h)
	}
	begin(n, hosts)
	members.begin(w)
	return hosts, nil
}

func newHost(n *core.Node, w World, name string) *Host {
	h := &Host{node: n, world: w, name: name}
	h.contained.guard, _ = w.(Guard)
	h.contained.journal = &journal{host: h}
	return h
}

// reserved is the name of the requests that hosts send to each other.
const reserved = "host"

// CheckName says what is wrong with the name of an extension.
func CheckName(name string) error { return checkName(name, "-", 32) }

// checkName reports what is wrong with a name.
func checkName(name, besides string, most int) error {
	if name == "" || len(name) > most || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789"+besides) != "" {
		return fmt.Errorf("want a name of 1 to %d lower-case letters, digits and %q", most, besides)
	}
	return nil
}

// declare records what is wrong with the name of a declaration, and reports whether it is
// good.
func (h *Host) declare(what, name string, taken bool) bool {
	err := checkName(name, "-", 32)
	if err == nil && taken {
		err = errors.New("another one has this name")
	}
	if err != nil {
		h.errs = append(h.errs, fmt.Errorf("%s %.40q: %w", what, name, err))
	}
	return err == nil
}

// fail records an error of a declaration.
func (h *Host) fail(format string, args ...any) { h.errs = append(h.errs, fmt.Errorf(format, args...)) }

// scoped is a name of the extension as other nodes know it.
func (h *Host) scoped(name string) string { return h.name + "." + name }

// Name is that of the extension.
func (h *Host) Name() string { return h.name }

// Node is the node, for what the Host does not say.
func (h *Host) Node() *core.Node { return h.node }

// Self is the node's own address.
func (h *Host) Self() Peer { return h.node.Self() }

// Address is the text of a peer, "" for none.
func (h *Host) Address(p Peer) string {
	if p.IsZero() {
		return ""
	}
	return h.node.Book().Text(p)
}

// Peer is the node of an address, which may be anything that another node has said. The
// result must not outlive the procedure or call in which it is used.
func (h *Host) Peer(address string) (Peer, error) {
	a, err := peer.Parse(address)
	if err != nil {
		return Peer{}, err
	}
	return h.node.Book().Intern(a)
}

// Now is the time by a clock that never goes back, since the Unix epoch. Wall is that of
// the wall clock, which can be wrong and can be set back.
func (h *Host) Now() time.Duration  { return h.node.Now() }
func (h *Host) Wall() time.Duration { return h.node.Wall() }

// Rand is the node's random stream. It must be used at once and not kept.
func (h *Host) Rand() *rand.Rand { return h.node.Rand() }

// NetworkSize is how many nodes the network has, as this node knows it, at least 1.
func (h *Host) NetworkSize() int { return h.node.NetworkSize() }

// Lock waits until no other task of the node holds the key of this extension, and takes
// it. The result gives the key back and must be called once, so defer it.
func (h *Host) Lock(t *Task, key string) (unlock func()) { return t.Lock(h.scoped(key)) }

// Bucket holds the extension's keys.
func (h *Host) Bucket() Bucket {
	b := h.world.Bucket(h.name)
	if h.contained.guard == nil {
		return b
	}
	h.contained.journal.Bucket = b
	return h.contained.journal
}

// Blobs holds its large values; nil where the node has no place for them.
func (h *Host) Blobs() Blobs { return h.world.Blobs(h.name) }

// Log writes a line for the owner. Args are pairs of a name and a value, as those of
// log/slog. It must not hold what clients keep secret.
func (h *Host) Log(level Level, text string, args ...any) {
	h.world.Log(h.name, level, text, args...)
}

// Copies is how many copies a rule wants in a network of this size, 1 to size: "auto" is
// the square root of the size, rounded up; "r-2" is two less than that; "20%" is a share
// of the nodes, rounded up; "3" is a number.
func Copies(rule string, size int) (int, error) {
	size = max(1, size)
	root := int(math.Ceil(math.Sqrt(float64(size))))
	wanted := 0
	switch less, isLess := strings.CutPrefix(rule, "r-"); {
	case rule == "auto":
		wanted = root
	case isLess:
		n, err := strconv.ParseUint(less, 10, 16)
		if err != nil {
			return 0, badRule(rule)
		}
		wanted = root - int(n)
	case strings.HasSuffix(rule, "%"):
		share, err := strconv.ParseFloat(strings.TrimSuffix(rule, "%"), 64)
		if err != nil || !(share > 0 && share <= 100) {
			return 0, badRule(rule)
		}
		wanted = int(math.Ceil(float64(size) * share / 100))
	default:
		n, err := strconv.ParseUint(rule, 10, 16)
		if err != nil || n == 0 {
			return 0, badRule(rule)
		}
		wanted = int(n)
	}
	return min(max(1, wanted), size), nil
}

func badRule(rule string) error {
	return fmt.Errorf("copies %.20q: want auto, r-2, 20%% or 3", rule)
}
