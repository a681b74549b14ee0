package trace

import (
	"cmp"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/sim/kernel"
	"spreadable/transport/inmem"
)

// Options of a Recorder.
type Options struct {
	Window Window
	// About also records what other nodes note about the chosen ones, and when they list
	// them: for that it looks at every node after each of its events.
	About bool
	// Only says which entries of the chosen nodes are recorded, by the place that the node
	// has; nil is all.
	Only func(place *message.Structure, e Entry) bool
}

// World is what a run knows of the stays of nodes at their hosts.
type World interface {
	// CameUp says how the node at a host has come up just now, as the rest of a sentence
	// about it: "is back, with what it knew".
	CameUp(host int, now time.Duration) string
	// WentDown says how it has gone: "crashes".
	WentDown(host int, now time.Duration) string
}

// Recorder records one run. What it holds of a node is touched by the node's partition
// only, or while all workers stand still.
type Recorder struct {
	options Options
	world   World
	net     *inmem.Network
	book    *peer.Book
	epoch   time.Duration
	end     time.Duration
	tracks  []*track             // by host, nil for those that are not recorded
	lists   []*message.Structure // with About: by host, its latest
	about   []map[int][]note     // with About: by partition, then by the node that they are about
}

// nowhere is the place of a node that is down, or has just come up.
var nowhere = &message.Structure{Masters: message.NewMasters(nil)}

// note is an entry that another node has caused.
type note struct {
	by    int
	entry Entry
}

// New makes a recorder for one run.
func New(o Options) *Recorder { return &Recorder{options: o} }

// Tap puts the recorder between the nodes and what they see of the world. The options
// are complete but for that, and Wrap is the recorder's.
func (r *Recorder) Tap(o *inmem.Options) {
	r.epoch, r.book = o.Epoch, o.Config(0).Book
	r.tracks = make([]*track, o.Nodes)
	// An equal part for each: a limit for all together would depend on which worker is
	// ahead.
	most := r.options.Window.Entries / len(r.options.Window.Nodes)
	for _, host := range r.options.Window.Nodes {
		r.tracks[host] = &track{
			Track: Track{Node: host, Place: nowhere}, recorder: r, most: most, place: nowhere, entry: -1,
		}
	}
	if r.options.About {
		r.lists = make([]*message.Structure, o.Nodes)
	}
	// What the run itself puts there goes on: the recorder only looks.
	observe := o.Observe
	o.Observe = func(host int, n core.Note) {
		if observe != nil {
			observe(host, n)
		}
		r.noted(host, n)
	}
	front := o.Front
	o.Front = func(from, to uint32, req *message.Request) (resp message.Response, answers bool) {
		if t := r.tracks[to]; t != nil {
			t.reached(req)
		}
		if front != nil {
			return front(from, to, req)
		}
		return resp, false
	}
	o.Wrap = func(host int, env core.Env) core.Env {
		if t := r.tracks[host]; t != nil {
			return &wrapped{Env: env, track: t}
		}
		return env
	}
}

// Attach gives the recorder the network that was made with its options, before it is
// driven.
func (r *Recorder) Attach(net *inmem.Network, world World) {
	r.net, r.world = net, world
	r.about = make([]map[int][]note, len(net.Partitions()))
	for i := range r.about {
		r.about[i] = make(map[int][]note)
	}
	for _, host := range r.options.Window.Nodes {
		r.tracks[host].Address = r.book.Text(peerOf(host))
	}
}

// Handler stands between the kernel and the handler of a partition.
func (r *Recorder) Handler(p *inmem.Partition, h kernel.Handler[inmem.Envelope]) kernel.Handler[inmem.Envelope] {
	return &handler{h, r, p}
}

type handler struct {
	kernel.Handler[inmem.Envelope]
	recorder  *Recorder
	partition *inmem.Partition
}

// Deliver implements kernel.Handler.
func (h *handler) Deliver(e *kernel.Event) {
	r, host := h.recorder, int(e.To)
	if host >= len(r.tracks) {
		h.Handler.Deliver(e)
		return
	}
	at, t := time.Duration(e.Time), r.tracks[host]
	var arriving inmem.Arriving
	asked := false
	if t != nil {
		event := inmem.Event{At: at, To: e.To, From: e.From, Seq: e.Seq, Slot: e.Slot, Gen: e.Aux, Kind: inmem.EventKind(e.Kind)}
		if arriving, asked = h.partition.Arriving(event); asked {
			t.arrives(at, arriving)
		}
	}
	h.Handler.Deliver(e)
	if asked {
		t.arrived(at, h.partition.Holds(arriving), arriving.Slot)
	}
	r.Look(host, at)
}

// Look records how the node at a host has changed by what happened just now. Events need
// no call of it.
func (r *Recorder) Look(host int, now time.Duration) {
	if t := r.tracks[host]; t != nil {
		t.look(now)
	}
	if r.options.About {
		r.lookAround(host, now)
	}
}

// Struck records that a fault begins or ends, on some hosts or, if hosts is nil, on the
// whole network. Its name is the same at its begin and its end; text says what that does
// to each host, as the rest of a sentence.
func (r *Recorder) Struck(hosts []int, fault string, begins bool, text string, now time.Duration) {
	if hosts == nil {
		hosts = r.options.Window.Nodes
	}
	for _, host := range hosts {
		if t := r.tracks[host]; t != nil {
			t.add(Entry{What: Struck, At: now, Until: now, Peer: None, Open: begins, Fault: fault, Text: text})
		}
	}
}

// noted records a note of a node, and one about another node.
func (r *Recorder) noted(host int, n core.Note) {
	now := r.net.Host(host).Now() - r.epoch
	about := None // what a node notes may be about no other
	if !n.About.IsZero() {
		about = r.party(uint32(inmem.Index(n.About)))
	}
	e := Entry{What: Noted, Note: n.What, At: now, Until: now, Peer: about, Text: n.Text}
	if t := r.tracks[host]; t != nil {
		t.add(e)
	}
	if r.options.About && about >= 0 && int(about) < len(r.tracks) && r.tracks[about] != nil {
		e.What, e.Peer = NotedBy, Party(host)
		r.tell(int(about), host, e)
	}
}

// lookAround records which of the chosen nodes a host lists, or lists no longer.
func (r *Recorder) lookAround(host int, now time.Duration) {
	h := r.net.Host(host)
	var list, before *message.Structure = nil, r.lists[host]
	if h.Up() {
		list = h.Node.Structure()
	}
	if list == before { // snapshots are never changed, so most looks end here
		return
	}
	r.lists[host] = list
	for _, node := range r.options.Window.Nodes {
		was, is := lists(before, node), lists(list, node)
		e := Entry{What: ListedBy, At: now, Until: now, Peer: Party(host)}
		if was && !is {
			e.What = UnlistedBy
		}
		if !h.Up() {
			e.Text = WentDown.String()
		}
		if was != is {
			r.tell(node, host, e)
		}
	}
}

func lists(s *message.Structure, node int) bool {
	return s != nil && slices.Contains(s.Slaves, peerOf(node))
}

// tell adds an entry about a node at another one, by whose partition it is called.
func (r *Recorder) tell(node, by int, e Entry) {
	if !r.options.Window.holds(e.At) {
		return
	}
	p := r.about[r.net.PartitionOf(uint32(by))]
	p[node] = append(p[node], note{by, e})
}

// party is the participant with an index on the network.
func (r *Recorder) party(index uint32) Party { return Party(index) }

// sender is the participant that a request has come from.
func (r *Recorder) sender(index uint32) Party {
	if int(index) >= len(r.tracks) {
		return Client(int(index) - len(r.tracks))
	}
	return Party(index)
}

// Hosts is how many hosts of nodes the run has.
func (r *Recorder) Hosts() int { return len(r.tracks) }

// Text names a party: "node 7", "client 3", or an address at which there is no node.
func (r *Recorder) Text(p Party) string {
	k, client := p.IsClient()
	switch {
	case client:
		return "client " + itoa(k)
	case p == None:
		return ""
	case int(p) < len(r.tracks):
		return "node " + itoa(int(p))
	}
	return r.book.Text(peerOf(int(p)))
}

// Tracks returns what was recorded, in the order of the nodes. The run must be over.
func (r *Recorder) Tracks() []Track {
	if r.net == nil {
		return nil // no run
	}
	list := make([]Track, 0, len(r.options.Window.Nodes))
	for _, host := range r.options.Window.Nodes {
		t := r.tracks[host].Track
		var about []note
		for _, p := range r.about {
			about = append(about, p[host]...)
		}
		// What one node notes is in its order already; the parts of workers are not.
		slices.SortStableFunc(about, func(a, b note) int {
			return cmp.Or(cmp.Compare(a.entry.At, b.entry.At), cmp.Compare(a.by, b.by))
		})
		for _, n := range about {
			t.About = append(t.About, n.entry)
		}
		list = append(list, t)
	}
	return list
}

// Left is how many entries were not recorded, because there were too many.
func (r *Recorder) Left() int {
	left := 0
	for _, t := range r.Tracks() {
		left += t.Left
	}
	return left
}

// Wanted is how many entries a window needs to leave none out: each node has an equal
// part of them.
func (r *Recorder) Wanted() int {
	most := 0
	for _, t := range r.Tracks() {
		most = max(most, len(t.Entries)+t.Left)
	}
	return most * len(r.options.Window.Nodes)
}

// Finish ends the recording at the end of the run.
func (r *Recorder) Finish(now time.Duration) { r.end = now }

// End is when the recording ends: with the window, or with the run.
func (r *Recorder) End() time.Duration {
	if to := r.options.Window.To; to > 0 {
		return min(to, r.end)
	}
	return r.end
}

// peerOf is the peer at a host.
func peerOf(host int) core.Peer { return peer.FromID(uint32(host) + 1) }
