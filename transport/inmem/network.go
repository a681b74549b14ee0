package inmem

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
)

// Options of a Network.
type Options struct {
	Config  *core.Config // of every node, validated; its Book holds the addresses of the nodes in order, ids from 1
	Latency Latency
	Nodes   int
	Clients int    // hosts behind the nodes, for Host index Nodes and up
	Seed    uint64 // of all random streams
	Lanes   int    // parts that will be driven on their own; 0 is 1

	// Epoch is what all clocks show at the start of the run, since the Unix epoch.
	Epoch time.Duration

	// ClientTimeout limits each request of a client.
	ClientTimeout time.Duration
	// ClientIP is the address that client i is seen to come from.
	ClientIP func(i int) netip.Addr
	// Observe is told what nodes note. It is called from the lane of the node. May be nil.
	Observe func(node int, note core.Note)
}

// Network is a simulated network and all that lives on it.
type Network struct {
	opts    Options
	hosts   []Host // contiguous: a message costs cache misses, and the next host is the next line
	clients []ClientHost
	lanes   []*Lane
	block   uint32 // hosts per lane
	text    int    // mean length of an address, for message sizes
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

// endpoint is what nodes and clients have in common on the network.
type endpoint struct {
	lane    *Lane
	index   uint32
	seq     uint32 // numbers the events that this host causes
	up      bool
	hash    uint64   // rolling hash over the events delivered here
	random  rand.PCG // the node's own stream
	weather rand.PCG // latencies of the requests it sends
	Traffic Traffic
}

// Traffic counts what a host sent and received. An answer's bytes count as sent by whoever answers.
type Traffic struct {
	RequestsSent, RequestsReceived uint32
	BytesSent, BytesReceived       uint64
}

// Purposes of random streams: each host has one stream per purpose, so that a draw more here shifts nothing there.
const (
	purposeNode uint64 = iota + 1
	purposeWeather
)

// New builds the network with all hosts down.
func New(o Options) *Network {
	n := &Network{opts: o, hosts: make([]Host, o.Nodes), clients: make([]ClientHost, o.Clients)}
	n.block = uint32(max(1, (o.Nodes+max(1, o.Lanes)-1)/max(1, o.Lanes)))
	for range max(1, o.Lanes) {
		n.lanes = append(n.lanes, newLane(n, len(n.lanes), max(1, o.Lanes)))
	}
	for i := range n.hosts {
		h := &n.hosts[i]
		n.prepare(&h.endpoint, i)
		h.Node.Init(o.Config, &h.endpoint, h.lane.pool, peer.FromID(uint32(i)+1))
	}
	for i := range n.clients {
		c := &n.clients[i]
		n.prepare(&c.endpoint, o.Nodes+i)
		c.up = true
		c.Client.Init(&c.endpoint, c.lane.pool, o.ClientIP(i), o.ClientTimeout)
	}
	n.text = meanText(o.Config.Book, o.Nodes)
	return n
}

func (n *Network) prepare(e *endpoint, index int) {
	e.lane, e.index = n.lanes[n.LaneOf(uint32(index))], uint32(index)
	e.random = *stream(n.opts.Seed, uint64(index), purposeNode)
	e.weather = *stream(n.opts.Seed, uint64(index), purposeWeather)
}

// LaneOf returns the number of the lane that a host belongs to. Neighbours share a lane, and so the pages of the table.
func (n *Network) LaneOf(host uint32) int {
	if host >= uint32(len(n.hosts)) {
		return int(host) % len(n.lanes)
	}
	return int(host / n.block)
}

// stream returns the random stream of (seed, host, purpose).
func stream(seed, host, purpose uint64) *rand.PCG {
	return rand.NewPCG(mix(seed, host), mix(seed^purpose*0x9e3779b97f4a7c15, host))
}

// mix is a step of the splitmix64 generator over two words (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, 2014).
func mix(a, b uint64) uint64 {
	z := a + b*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// meanText is the mean length of the first addresses of the book.
func meanText(book *peer.Book, nodes int) int {
	sum, count := 0, min(nodes, 1000)
	for i := range count {
		sum += len(book.Text(peer.FromID(uint32(i) + 1)))
	}
	return sum / max(1, count)
}

// Host returns the i-th node's place.
func (n *Network) Host(i int) *Host { return &n.hosts[i] }

// Client returns the i-th client's place.
func (n *Network) Client(i int) *ClientHost { return &n.clients[i] }

// Lanes returns the lanes, in order.
func (n *Network) Lanes() []*Lane { return n.lanes }

// Nodes is the number of node hosts.
func (n *Network) Nodes() int { return len(n.hosts) }

// Index returns the host index of a peer.
func Index(p core.Peer) int { return int(p.ID()) - 1 }

// Up reports whether the host is up.
func (e *endpoint) Up() bool { return e.up }

// Start brings up the i-th node. It must be called from the node's lane.
func (n *Network) Start(i int) {
	h := &n.hosts[i]
	h.up = true
	h.Node.Start()
}

// Fingerprint is a hash over all events that were delivered: those of each host in their order, and the hosts in theirs,
// so that it does not depend on how hosts are divided among lanes.
func (n *Network) Fingerprint() uint64 {
	hash := uint64(0)
	for i := range n.hosts {
		hash = mix(hash, n.hosts[i].hash)
	}
	for i := range n.clients {
		hash = mix(hash, n.clients[i].hash)
	}
	return hash
}

// Close ends all that is still in flight. The nodes must not be used again.
func (n *Network) Close() {
	for _, l := range n.lanes {
		l.pool.Close()
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
