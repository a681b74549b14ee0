package scenario

import (
	"cmp"
	"time"

	"spreadable/core/draw"
)

// Scenario is one experiment: a network, how it comes together, what is asked
// of it, and what it is expected to do.
//
// The comments of this struct and of those below are also what
// `spreadsim schema` shows in an editor, so they speak of the YAML keys.
// Every field has a key; a key of a duration takes a unit, a key of a share
// takes a percent sign.
type Scenario struct {
	// Short name of the scenario: lower-case letters, digits and hyphens. It names the
	// results folder.
	Name string `yaml:"name" jsonschema:"required,pattern=^[a-z0-9][a-z0-9-]*$,maxLength=64"`

	// One or two sentences for people: what the scenario shows.
	Description string `yaml:"description" jsonschema:"maxLength=2000"`

	// Seed of every random stream of the run. The same scenario, seed and version give
	// the same run to the bit.
	Seed uint64 `yaml:"seed"`

	// Number of nodes the network grows to.
	Nodes int `yaml:"nodes" jsonschema:"required,minimum=1,maximum=10000000"`

	// Number of levels of masters, 1 to 4, or auto: the network decides by its size and
	// node.fan_out. With more than one, a request to all nodes takes more steps, and each
	// node has fewer others to ask.
	Levels Levels `yaml:"levels" jsonschema:"oneof_type=string;integer"`

	// Virtual time that the run lasts.
	Duration time.Duration `yaml:"duration" jsonschema:"required"`

	// Virtual time between two syncs of a node: the round in which it renews its lists.
	SyncInterval time.Duration `yaml:"sync_interval"`

	// What makes a node sync: timer (its own, at every sync interval) or manual (the
	// scenario, in the order of sync_order).
	Sync Syncing `yaml:"sync" jsonschema:"enum=timer,enum=manual"`

	// The nodes that sync in each round of manual syncs, by their numbers, from 0, one after
	// the other ("0-4,17,9-6"). Several rounds have a ; between them, and begin again after
	// the last. All nodes in the order of their numbers if absent.
	SyncOrder string `yaml:"sync_order"`

	// Virtual time from one manual sync of a round to the next. If absent, the syncs of the
	// longest round are spread over the sync interval.
	SyncGap time.Duration `yaml:"sync_gap"`

	// By how much the time between two syncs differs at random, at most, as a share of the
	// sync interval: as the timers of busy processes do (registration original). Exact
	// timers if absent.
	SyncNoise float64 `yaml:"sync_noise"`

	// Virtual time between two rows of series.csv. A quarter of the sync interval if
	// absent, or as many quarters as keep the rows below a million.
	Sample time.Duration `yaml:"sample"`

	// Rule by which a node becomes a slave or a master: directed (ours: the provider
	// places newcomers) or original (npm spreadable 0.3, quirks included).
	Registration Registration `yaml:"registration" jsonschema:"enum=directed,enum=original"`

	// How many nodes share an IP, and a /24 of IPs. If absent each node has an IP of its
	// own, one after the other. If present nodes limit what a host may take, as they do on
	// the Internet.
	Addresses Addresses `yaml:"addresses"`

	// How long one message takes, in one direction.
	Latency Latency `yaml:"latency"`

	// What else happens to messages: bandwidth, loss, connections, queues.
	Network Network `yaml:"network"`

	// Nodes that differ from the others, by their shares.
	Classes Classes `yaml:"classes"`

	// How the nodes come into the network.
	Join Join `yaml:"join"`

	// How nodes leave and come afterwards.
	Churn Churn `yaml:"churn"`

	// How nodes leave for good, in good order, until few are left.
	Leave Leave `yaml:"leave"`

	// What breaks during the run: a list of faults, each with `at` and `do`.
	Faults Faults `yaml:"faults"`

	// Which nodes lie during the run: a list of attacks, each with `at` and `lie`.
	Attacks Attacks `yaml:"attacks"`

	// Options of every node, with the defaults of npm spreadable 0.3.
	Node Node `yaml:"node"`

	// How approvers are drawn, how many of them must agree, and for how long.
	Approval Approval `yaml:"approval"`

	// Applications on the nodes.
	Extensions Extensions `yaml:"extensions"`

	// What they hold before clients come.
	Preload Preload `yaml:"preload"`

	// What clients ask of the network.
	Workload Workload `yaml:"workload"`

	// From when on requests of clients count in the summary and the plots: settled (if
	// absent), which is the first sample in which 99.9 % of the nodes are registered, know
	// the size of the network and would be reached by a search; or a virtual time. Under
	// churn, faults or attacks, and in a network that never gets there, settled is four sync
	// intervals after the last node has joined.
	Measure string `yaml:"measure"`

	// What the run must measure, or it ends with exit code 3: a numeric path of
	// summary.json against a condition such as "<= 3" or "0.9 .. 1.1".
	Expect []Expectation `yaml:"expect"`

	// What an experiment varies (`spreadsim sweep`): keys with lists or ranges of values,
	// `zip` for keys that go together, `where` for a condition on variants.
	Sweep *Sweep `yaml:"sweep"`

	// How often each variant is run: a number, or {until, max}.
	Repeat *Repeat `yaml:"repeat"`

	source positions         // where each key was written, for errors
	digest string            // of the file
	files  map[string][]byte // contents of the files that keys name
	built  builtLatency

	transitions []Transition  // of churn.trace
	lifetimes   []LifetimeRow // models of others
	lies        []LieRow      // of others
}

// Registration names a rule by which nodes register.
type Registration string

// The two rules of registration.
const (
	Directed Registration = "directed"
	Original Registration = "original"
)

// Addresses describes how the addresses of the nodes lie. Which node has which of them is
// drawn from the seed.
type Addresses struct {
	// How many nodes share an IP. Each has a port of its own.
	NodesPerIP NodesPer `yaml:"nodes_per_ip"`

	// How many nodes share a /24 of IPs. If absent the IPs follow one another.
	NodesPerPrefix NodesPer `yaml:"nodes_per_prefix"`
}

// NodesPer is a distribution of numbers of nodes, each 1 or more.
type NodesPer struct {
	// Distribution: constant (mean), uniform (min, max), geometric (mean, before numbers
	// above max are drawn again: many small ones, few large) or pareto (max: k or more with
	// a probability of about 1/k, so some are very large).
	Model NodesPerModel `yaml:"model" jsonschema:"enum=constant,enum=uniform,enum=geometric,enum=pareto"`

	// Mean of constant and geometric.
	Mean int `yaml:"mean" jsonschema:"minimum=1"`

	// Least number of uniform.
	Min int `yaml:"min" jsonschema:"minimum=1"`

	// Greatest number of uniform, geometric and pareto.
	Max int `yaml:"max" jsonschema:"minimum=1"`
}

// NodesPerModel names a distribution of numbers of nodes.
type NodesPerModel string

// The distributions of numbers of nodes.
const (
	Same      NodesPerModel = "constant"
	Even      NodesPerModel = "uniform"
	Geometric NodesPerModel = "geometric"
	Pareto    NodesPerModel = "pareto"
)

// Latency describes the time one message takes in one direction. A request and its answer
// are two messages. The words in braces come from the table of
// models in latency_rows.go, where each says which of the keys it takes.
type Latency struct {
	// Model: {models}.
	Model LatencyModel `yaml:"model"`

	// What has a latency of its own: each message (if absent), or each pair of hosts for
	// the whole run. Of {A and B}; models with places give one to each pair of places.
	Per LatencyPer `yaml:"per" jsonschema:"enum=message,enum=pair"`

	// Mean of {A and B}.
	Mean time.Duration `yaml:"mean"`

	// Least latency: {of A, of B}.
	Min time.Duration `yaml:"min"`

	// Greatest latency: {of A, of B}.
	Max time.Duration `yaml:"max"`

	// Standard deviation of {A and B}.
	Stddev time.Duration `yaml:"stddev"`

	// Scale of {A and B}: 63 % of all messages are within it, above min.
	Scale time.Duration `yaml:"scale"`

	// Shape of {A and B}, a number: the smaller, the heavier the tail.
	Shape Number `yaml:"shape"`

	// What each message takes beyond the latency of its pair: the mean of an exponential
	// distribution, for models of pairs. None if absent.
	Jitter time.Duration `yaml:"jitter"`

	// A file, by its path as seen from the scenario's folder: {of A, of B}.
	File File `yaml:"file"`

	// The file with the servers, beside the one with the pings: {of A, of B}.
	Servers File `yaml:"servers"`

	// Which share of all hosts is at which place. By the cities' weights, or evenly, if
	// absent. Of {A and B}.
	Places Shares `yaml:"places"`

	// Which share of all hosts has which access, with its delay and jitter at its end:
	// server (none), fiber, cable, dsl, mobile, leo or geo. All are servers if absent. Of
	// {A and B}.
	Access Shares `yaml:"access"`

	further []LatencyRow // models of others
	known   []LatencyRow // all models, once they are asked for
}

// LatencyPer names what has a latency of its own.
type LatencyPer string

// What can have a latency of its own.
const (
	PerMessage LatencyPer = "message"
	PerPair    LatencyPer = "pair"
)

// LatencyModel names a model of latencies: one of those in latency_rows.go.
type LatencyModel string

// Join describes when the nodes start.
type Join struct {
	// mass: all at the start. growth: `initial` nodes, then `rate` more at every sync
	// interval until all are there. spread: evenly over the time `over`. flash: `initial`
	// nodes, and all others as a crowd at `at`, within `over`. rate: by a Poisson process,
	// `per_second` in the mean. list: at `times`.
	Mode JoinMode `yaml:"mode" jsonschema:"enum=mass,enum=growth,enum=spread,enum=flash,enum=rate,enum=list"`

	// Growth per sync interval, in percent of the nodes that are there (growth;
	// required).
	Rate float64 `yaml:"rate"`

	// Nodes at the start (growth, flash; 10 if absent, or bootstrap if that is more, or all
	// if there are fewer).
	Initial int `yaml:"initial" jsonschema:"minimum=1"`

	// Virtual time from the first node's start to the last one's (spread; required), or
	// within which the crowd comes (flash; one sync interval if absent, or what is left of
	// the run).
	Over time.Duration `yaml:"over"`

	// Virtual time at which the crowd begins to come (flash; required).
	At time.Duration `yaml:"at"`

	// How many nodes start in a second, in the mean (rate; required).
	PerSecond Number `yaml:"per_second"`

	// When each node starts, ascending (list; required). The last time holds for all nodes
	// that have none of their own.
	Times Times `yaml:"times"`

	// How many addresses every node knows beforehand: those of the first nodes.
	Bootstrap int `yaml:"bootstrap" jsonschema:"minimum=1"`
}

// JoinMode names a way in which nodes come into the network.
type JoinMode string

// The ways to come into the network.
const (
	Mass    JoinMode = "mass"
	Growth  JoinMode = "growth"
	Spread  JoinMode = "spread"
	Flash   JoinMode = "flash"
	Poisson JoinMode = "rate"
	Listed  JoinMode = "list"
)

// Node holds the options of every node.
type Node struct {
	// How long a node waits for the answer to a request. At most sync_interval; half of
	// it if absent and sync_interval is 2s or less.
	ServerTimeout time.Duration `yaml:"server_timeout"`

	// How long a node waits for the answer to a ping. At most server_timeout.
	PingTimeout time.Duration `yaml:"ping_timeout"`

	// Failed requests to a peer, one after another, after which it counts as broken.
	ServerMaxFails int `yaml:"server_max_fails" jsonschema:"minimum=1"`

	// How many others a node asks at the same time at most, where the network decides how
	// many levels it has (levels: auto). 100 if absent.
	FanOut int `yaml:"fan_out" jsonschema:"minimum=4"`

	// Whether nodes trust one another: no suspicion, no bans.
	Trusted bool `yaml:"trusted"`

	// What counts as one host, where its share is limited: strict, all nodes of an IP; off,
	// each node, as in networks of npm. Strict if absent and the scenario has addresses or
	// attackers beside the nodes.
	HostLimits HostLimits `yaml:"host_limits" jsonschema:"enum=strict,enum=off"`
}

// Approval holds the options of the approval action that the workload uses.
type Approval struct {
	// How many nodes approve: a number, a share of the network ("1%"), its n-th root
	// ("r-6" is the sixth), or auto, the square root.
	Approvers string `yaml:"approvers" jsonschema:"oneof_type=string;integer"`

	// How many of them must agree: a number or a share of them.
	DecisionLevel string `yaml:"decision_level" jsonschema:"oneof_type=string;integer"`

	// How long one draw of approvers lasts.
	Period time.Duration `yaml:"period"`

	// What is drawn: original, addresses as npm nodes do, or host, where an owner of many
	// ports counts once. Original if absent.
	Draw DrawOrder `yaml:"draw" jsonschema:"enum=original,enum=host"`

	// Which clients have the same approvers in a period: network, all, or client, each has
	// its own. Network if absent; client needs draw host.
	Per DrawPer `yaml:"per" jsonschema:"enum=network,enum=client"`

	// What keeps draws from being known beforehand: none, verifier (a secret of the node
	// that a client works with), network (a password, which attackers do not know) or
	// reveal (what the masters commit to and then reveal for each period). None if
	// absent; the others need draw host, and reveal a period of 16 server timeouts or
	// more.
	Salt DrawSalt `yaml:"salt" jsonschema:"enum=none,enum=verifier,enum=network,enum=reveal"`

	// What counts once in a draw by host: address, ip, prefix (/24), or a prefix of a given
	// length for IPv4 and IPv6 ("/16,/32"). Prefix if absent.
	Group string `yaml:"group"`

	// How long a host must have been in the network before it is drawn; while the network
	// is young, as long as that less one period. 0s if absent; needs draw host.
	MinAge time.Duration `yaml:"min_age"`
}

// HostLimits names what counts as one host.
type HostLimits string

// DrawOrder, DrawPer and DrawSalt name how approvers are drawn.
type (
	DrawOrder string
	DrawPer   string
	DrawSalt  string
)

// Settings are the settings of draws. What is left out is as in npm.
func (a Approval) Settings() (draw.Settings, error) {
	return draw.ParseSettings(cmp.Or(string(a.Draw), "original"), cmp.Or(string(a.Per), "network"),
		cmp.Or(string(a.Salt), "none"), cmp.Or(a.Group, "prefix"), a.MinAge)
}

// Expectation is one condition on a number of the summary.
type Expectation struct {
	Path string  // dotted path in summary.json, such as search.hops.max
	Op   Op      // how the number is compared
	Low  float64 // the number to compare with, the lower bound of Within
	High float64 // the upper bound of Within, else 0
}

// Op is a comparison. Its text is the one written in scenario files.
type Op string

// The comparisons of an expectation.
const (
	AtMost   Op = "<="
	Less     Op = "<"
	AtLeast  Op = ">="
	Greater  Op = ">"
	Equal    Op = "=="
	NotEqual Op = "!="
	Within   Op = ".."
)
