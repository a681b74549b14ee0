package sim

import (
	"math"
	"math/rand/v2"
	"sync/atomic"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/internal/stream"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/link"
)

// meter looks at the network from outside, at the rhythm of the scenario's samples.
type meter struct {
	world   *world
	samples []result.Sample
	upkeep  []inmem.Trace // what it took to keep the network together, up to each sample
	steady  steady
	total   inmem.Trace
	linked  link.Counts // up to the last sample
	events  uint64
	stale   []float64 // share of listed slaves that are gone, at each sample
	nodes   []glance
	looks   uint32
}

// glance is what a sample needs to know of a node that others list: close together,
// because lists lead to nodes at random.
type glance struct {
	backlink core.Peer
	seen     uint32 // the last look that reached it
	alive    bool
	up       bool // alive, and answers searches for its slaves
	counts   bool // alive and honest
	lists    bool // it has slaves
}

func newMeter(w *world) *meter { return &meter{world: w, nodes: make([]glance, w.hosts)} }

// sample adds a row for the present. Where no node is left the shares are not measured.
func (m *meter) sample() {
	w := m.world
	now := w.now()
	w.objects.sample(now)
	up := w.population.At(now).Listed()
	alive, members := up.Size(), w.members(up)
	c := m.count(up, members)
	total, events := m.traffic()
	m.samples = append(m.samples, result.Sample{
		Time:            now,
		Alive:           alive,
		Registered:      float64(c.registered) / float64(members),
		RegisteredCount: c.registered,
		ExactSize:       float64(c.exact) / float64(members),
		Coverage:        m.coverage(up, members),
		Masters:         c.masters,
		MastersExpected: result.ExpectedMasters(members, w.levels()),
		Requests:        int64(total.Requests - m.total.Requests),
		Bytes:           int64(total.Bytes - m.total.Bytes),
		Events:          int64(events - m.events),
	})
	m.link(&m.samples[len(m.samples)-1])
	m.noteSteady()
	w.film.sample(&m.samples[len(m.samples)-1])
	m.stale = append(m.stale, float64(c.stale)/float64(max(1, c.listed)))
	m.total, m.events = total, events
}

// counts of live nodes.
type counts struct{ registered, masters, exact, listed, stale int }

// count looks at all live nodes, of which so many can have a place in the network.
func (m *meter) count(up population.Alive, members int) counts {
	w, alive := m.world, up.Size()
	var masters, exact atomic.Int64
	liars := w.attacks.count(up)
	if !w.population.Settles() || liars > 0 {
		clear(m.nodes) // some that were up are not any more
	}
	w.kernel.Split(alive, func(from, to int) {
		lists, right := 0, 0
		for k := from; k < to; k++ {
			i := up.Node(k)
			g := &m.nodes[i]
			g.backlink, g.lists = w.node(i).Place()
			g.alive = w.net.Host(i).Up()
			if g.up, g.counts = g.alive, g.alive; liars > 0 {
				g.up, g.counts = g.up && !w.attacks.mute(i), g.counts && !w.attacks.lies(i)
			}
			if g.lists {
				lists++
			}
			if size := w.node(i).NetworkSize(); size >= members && size <= members+liars && !w.outside(i) {
				right++
			}
		}
		masters.Add(int64(lists))
		exact.Add(int64(right))
	})
	c := counts{masters: int(masters.Load()), exact: int(exact.Load())}
	for i := range up.All() {
		if m.nodes[i].lists {
			m.look(i, &c)
		}
	}
	for i := range w.attacks.intruding() {
		m.nodes[i].alive, m.nodes[i].up = true, !w.attacks.mute(i)
		m.look(i, &c)
	}
	if members == 1 {
		c.registered = 1 // no other node could list it
	}
	return c
}

// look counts what a master lists.
func (m *meter) look(master int, c *counts) {
	s := m.world.node(master).Structure()
	c.listed += len(s.Slaves)
	for _, slave := range s.Slaves {
		switch g := &m.nodes[inmem.Index(slave)]; {
		case !g.alive:
			c.stale++
		case g.counts && g.backlink == s.Address:
			c.registered++
		}
	}
}

// traffic sums up what all partitions have carried.
func (m *meter) traffic() (total inmem.Trace, events uint64) {
	var upkeep inmem.Trace
	for _, l := range m.world.net.Partitions() {
		total.Requests += l.Total.Requests
		total.Bytes += l.Total.Bytes
		upkeep.Requests += l.Upkeep.Requests
		upkeep.Bytes += l.Upkeep.Bytes
	}
	m.upkeep = append(m.upkeep, upkeep)
	return total, m.world.events()
}

// entriesSampled is the number of random entry nodes whose mean is the coverage of a
// sample.
const entriesSampled = 32

// entriesOfAuto is that number in a network that decides how many levels it has: there the
// worst sample counts, and of 32 entry nodes one that has just started is 3 %.
const entriesOfAuto = 256

// coverage is the share of live nodes that a search through a random entry node would
// reach; NaN without nodes.
func (m *meter) coverage(up population.Alive, members int) float64 {
	if members == 0 {
		return math.NaN()
	}
	rng := rand.New(stream.New(m.world.scenario.Seed, uint64(m.world.now()), stream.Coverage))
	known, tops := make(map[uint64]int), make(map[*message.Branches]int)
	sum, entries := 0, entriesSampled
	if m.world.scenario.Levels == scenario.AutoLevels {
		entries = entriesOfAuto
	}
	for range entries {
		entry := m.world.node(m.world.entry(up, rng))
		if branches := entry.Branches(); branches != nil {
			top := branches[len(branches)-1] // all nodes of a branch share it
			if _, ok := tops[top]; !ok {
				tops[top] = m.reachBranches(top, len(branches))
			}
			sum += tops[top]
			continue
		}
		masters := entry.Structure().Masters
		// In a settled network all lists are the same: they are counted once.
		same := masters.Set()
		reached, ok := known[same]
		if !ok {
			reached = m.reach(masters)
			known[same] = reached
		}
		sum += max(1, reached) // an entry node without masters at least answers itself
	}
	return float64(sum) / float64(entries) / float64(members)
}

// reach counts the different live nodes that the masters list.
func (m *meter) reach(masters *message.Masters) int {
	m.looks++
	return m.reachMasters(masters)
}

// reachMasters counts the live nodes that the masters list and that this look has not
// counted yet.
func (m *meter) reachMasters(masters *message.Masters) (reached int) {
	for _, master := range masters.List {
		i := inmem.Index(master.Peer)
		if i >= len(m.nodes) || !m.nodes[i].up {
			continue // an attack may have named an address without a host
		}
		for _, slave := range m.world.node(i).Structure().Slaves {
			if g := &m.nodes[inmem.Index(slave)]; g.counts && g.seen != m.looks {
				g.seen = m.looks
				reached++
			}
		}
	}
	return reached
}

// nodeRows describes every node at the end.
func (m *meter) nodeRows(requests []result.Request) []result.Node {
	w := m.world
	rows := make([]result.Node, w.nodes)
	classes := w.scenario.Classes.Names()
	for i := range rows {
		host := w.net.Host(i)
		s := host.Node.Structure()
		rows[i] = result.Node{
			Index: i, Address: w.book.Text(s.Address), Role: role(host.Up(), s),
			Slaves: len(s.Slaves), Backlink: inmem.Index(s.Backlink),
			RequestsSent: int64(host.Traffic.RequestsSent), RequestsReceived: int64(host.Traffic.RequestsReceived),
			BytesSent: int64(host.Traffic.BytesSent), BytesReceived: int64(host.Traffic.BytesReceived),
			Class: w.class(i, classes), Heads: headsOf(&host.Node),
		}
	}
	for _, draw := range result.Draws(requests) {
		for _, a := range draw {
			if a < len(rows) { // one of an attack's has no row
				rows[a].Approvals++
			}
		}
	}
	return rows
}

func role(up bool, s *message.Structure) result.Role {
	if !up {
		return result.RoleGone
	}
	return result.RoleOf(len(s.Slaves) > 0, !s.Backlink.IsZero())
}

// busiest fills in what draws cost the nodes that they cost most.
func (w *world) busiest(a *result.Approval, nodes []result.Node) {
	for i := range nodes {
		a.ApproverMax = max(a.ApproverMax, nodes[i].Approvals)
		if w.net.Host(i).Up() {
			a.MasterMax = max(a.MasterMax, w.node(i).DrawsServed())
		}
	}
}
