package inmem

import (
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/stream"
	"spreadable/transport/inmem/latency"
)

// Options of a Network.
type Options struct {
	// Config is that of the i-th node, validated. All have the same Book, which holds the
	// addresses of the nodes in order, ids from 1. Nodes may share a Config: see
	// OneConfig.
	Config  func(i int) *core.Config
	Latency latency.Model // of each message; of no effect with a Link
	Link    Link          // nil is the fast case: latency, and nothing else happens to a message
	Nodes   int
	Clients int    // hosts behind the nodes, for Host index Nodes and up
	Seed    uint64 // of all random streams

	// Partitions is how many parts will be driven on their own; 0 is 1.
	Partitions int

	// Epoch is what all clocks show at the start of the run, since the Unix epoch.
	Epoch time.Duration

	// ClientTimeout limits each request of a client.
	ClientTimeout time.Duration
	// ClientIP is the address that client i is seen to come from.
	ClientIP func(i int) netip.Addr
	// Observe is told what nodes note. It is called from the partition of the node. May
	// be nil.
	Observe func(node int, note core.Note)
	// Front may answer in place of a node that is up: for nodes that lie, and for what
	// stands between two hosts. May be nil.
	Front Front
	// Wrap may stand between the i-th node and its Env, to see what the node does. It is
	// asked for each life of a node. May be nil: then nothing stands between.
	Wrap func(i int, env core.Env) core.Env
}

// Front sees a request that has reached the node of host to, before the node does. If it
// answers, resp is the answer; an answer with message.ErrTimeout is not sent, so that the
// asker runs into its timeout. Silence needs a Link: without one, some requests have no
// timer. It is called from the partition of the node, and must not change the request.
type Front func(from, to uint32, req *message.Request) (resp message.Response, answers bool)

// Network is a simulated network and all that lives on it.
type Network struct {
	opts       Options
	hosts      []Host // contiguous: a message costs cache misses, and the next host is the next line
	clients    []ClientHost
	partitions []*Partition
	block      uint32          // hosts per partition
	skews      []time.Duration // of the nodes' clocks; nil as long as all are right
}

// OneConfig is the Config of a network whose nodes all have the same.
func OneConfig(c *core.Config) func(int) *core.Config {
	return func(int) *core.Config { return c }
}

// Host is a place on the network where a node runs.
type Host struct {
	endpoint
	Node core.Node
}

// ClientHost is a place where a client runs.
type ClientHost struct {
	endpoint
	Client core.Client
}

// New builds the network with all hosts down.
func New(o Options) *Network {
	n := &Network{opts: o, hosts: make([]Host, o.Nodes), clients: make([]ClientHost, o.Clients)}
	partitions := max(1, o.Partitions)
	n.block = uint32(max(1, (o.Nodes+partitions-1)/partitions))
	for i := range partitions {
		n.partitions = append(n.partitions, newPartition(n, i, partitions))
	}
	for i := range n.hosts {
		h := &n.hosts[i]
		n.prepare(&h.endpoint, i)
		n.init(i)
	}
	for i := range n.clients {
		c := &n.clients[i]
		n.prepare(&c.endpoint, o.Nodes+i)
		c.up = true
		c.Client.Init(&c.endpoint, c.partition.pool, o.ClientIP(i), o.ClientTimeout)
	}
	return n
}

func (n *Network) prepare(e *endpoint, index int) {
	e.partition, e.index = n.partitions[n.PartitionOf(uint32(index))], uint32(index)
	e.random = *stream.New(n.opts.Seed, uint64(index), stream.Node)
	e.weather = *stream.New(n.opts.Seed, uint64(index), stream.Weather)
}

// PartitionOf returns the number of the partition that a host belongs to. Neighbours
// share one, and so the pages of the table.
func (n *Network) PartitionOf(host uint32) int {
	if host >= uint32(len(n.hosts)) {
		return int(host) % len(n.partitions)
	}
	return int(host / n.block)
}

// Host returns the i-th node's place.
func (n *Network) Host(i int) *Host { return &n.hosts[i] }

// Client returns the i-th client's place.
func (n *Network) Client(i int) *ClientHost { return &n.clients[i] }

// Partitions returns the partitions, in order.
func (n *Network) Partitions() []*Partition { return n.partitions }

// Lookahead is the least time that a message takes: how far partitions may run apart.
func (n *Network) Lookahead() time.Duration {
	if n.opts.Link != nil {
		return n.opts.Link.Least()
	}
	return n.opts.Latency.Min()
}

// Nodes is the number of node hosts.
func (n *Network) Nodes() int { return len(n.hosts) }

// Index returns the host index of a peer.
func Index(p core.Peer) int { return int(p.ID()) - 1 }

// Start brings up the i-th node. It must be called from the node's partition.
func (n *Network) Start(i int) {
	n.Listen(i)
	n.hosts[i].Node.Start()
}

// Listen brings up the host of the i-th node without the node: the Front answers all that
// it is asked. It must be called from the node's partition.
func (n *Network) Listen(i int) { n.hosts[i].up, n.hosts[i].silent = true, false }

// Stop takes the i-th node down: its life ends, and requests to the host fail with
// message.ErrUnreachable. It must be called from the node's partition, like Renew.
func (n *Network) Stop(i int) {
	h := &n.hosts[i]
	h.up = false
	h.Node.Stop()
}

// Vanish is Stop for a host that goes without a word, as one whose power fails: it swallows
// requests from now on, and their askers run into their timeouts.
func (n *Network) Vanish(i int) {
	n.hosts[i].silent = true
	n.Stop(i)
}

// SetSkew makes the wall clock of the i-th node be ahead. All partitions must stand still.
func (n *Network) SetSkew(i int, ahead time.Duration) {
	if n.skews == nil {
		n.skews = make([]time.Duration, len(n.hosts))
	}
	n.skews[i] = ahead
}

// Renew gives a node that was stopped another life, in which it knows nothing. What it
// offers and what it remembers are to be given to it again before Start.
func (n *Network) Renew(i int) {
	h := &n.hosts[i]
	h.learned = learned{}
	h.life++
	if h.others > 0 {
		clear(h.partition.learned[h.others-1])
	}
	n.init(i)
}

func (n *Network) init(i int) {
	h := &n.hosts[i]
	env := core.Env(&h.endpoint)
	if n.opts.Wrap != nil {
		env = n.opts.Wrap(i, env)
	}
	h.Node.Init(n.opts.Config(i), env, h.partition.pool, peer.FromID(uint32(i)+1))
}

// Fingerprint is a hash over all events that were delivered: those of each host in their
// order, and the hosts in theirs, so that it does not depend on how hosts are divided
// among partitions.
func (n *Network) Fingerprint() uint64 {
	hash := uint64(0)
	for i := range n.hosts {
		hash = stream.Mix(hash, n.hosts[i].hash)
	}
	for i := range n.clients {
		hash = stream.Mix(hash, n.clients[i].hash)
	}
	return hash
}

// Close ends all that is still in flight. The nodes must not be used again.
func (n *Network) Close() {
	for _, p := range n.partitions {
		p.pool.Close()
	}
}

// endpoint returns the place of a host index, or nil where there is none.
func (n *Network) endpoint(index uint32) *endpoint {
	if int(index) < len(n.hosts) {
		return &n.hosts[index].endpoint
	}
	if i := int(index) - len(n.hosts); i < len(n.clients) {
		return &n.clients[i].endpoint
	}
	return nil
}
