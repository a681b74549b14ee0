package core_test

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// network is a little world for tests of the core: every message takes the same time, every request is recorded, and
// hosts can be killed, hung or played by a script. It shares no code with the simulated network, so that the two
// judge each other. Node i is peer i at 10.0.0.i:4000.
type network struct {
	book    *peer.Book
	pool    core.Pool
	latency time.Duration
	seed    uint64
	now     time.Duration
	hosts   map[uint32]*host
	order   []*host // by number
	clients map[int]*host
	queue   events
	cut     uint32      // if > 0: hosts from this number on do not reach those before it, nor they them
	open    int         // requests without an answer yet
	tickets []*exchange // nil once used
	trace   []*record
	notes   []string
}

// host is a node, a scripted peer or a client, with its view of the world.
type host struct {
	net    *network
	number uint32
	config *core.Config
	node   core.Node
	client core.Client
	script map[message.Kind]message.Response // of a host that is no node
	random *rand.Rand
	seq    uint32
	ip     netip.Addr // of a client
	up     bool
	hung   bool     // takes requests and never answers, nor does anything else
	missed []uint32 // timers that were due while it was down
}

// record is a request and what became of it.
type record struct {
	at      time.Duration
	from    string
	to      core.Peer
	kind    message.Kind
	outcome string
}

func (r *record) String() string {
	return fmt.Sprintf("%v %s->%d %s: %s", r.at, r.from, r.to.ID(), r.kind, r.outcome)
}

// event is something that will happen: by time, host, then order of scheduling by that host.
type event struct {
	at       time.Duration
	to, from uint32
	seq      uint32
	timer    bool
	do       func()
}

type events []event

func (q events) Len() int      { return len(q) }
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q events) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].to, q[j].to), cmp.Compare(q[i].from, q[j].from),
		cmp.Compare(q[i].seq, q[j].seq)) < 0
}
func (q *events) Push(x any) { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}

// begin is when a network's time begins: not at the Unix epoch, like every other time in the world.
const begin = 1_700_000_100 * time.Second

// newNetwork makes an empty network; t is nil in examples, which end with their process.
func newNetwork(t testing.TB, latency time.Duration, seed uint64) *network {
	n := &network{book: peer.NewBook(0), latency: latency, seed: seed, now: begin, hosts: make(map[uint32]*host), clients: make(map[int]*host)}
	if t != nil {
		t.Cleanup(n.pool.Close)
	}
	return n
}

// add makes a host at the next free address; script is nil for a node, which gets its config completed.
func (n *network) add(t testing.TB, address string, script map[message.Kind]message.Response) *host {
	number := uint32(n.book.Len()) + 1
	if address == "" {
		address = fmt.Sprintf("10.0.0.%d:4000", number)
	}
	p, err := n.book.Intern(peer.MustParse(address))
	if err != nil || p.ID() != number {
		t.Fatalf("host %d at %s: %v", number, address, err)
	}
	h := &host{net: n, number: number, script: script, random: rand.New(rand.NewPCG(n.seed, uint64(number))), up: script != nil}
	n.hosts[number] = h
	n.order = append(n.order, h)
	return h
}

// addNode makes a host with a node of the given options, not started yet.
func (n *network) addNode(t testing.TB, address string, c core.Config) *host {
	h := n.add(t, address, nil)
	c.Book = n.book
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	h.config = &c
	h.node.Init(h.config, h, &n.pool, h.peer())
	return h
}

func (n *network) start(h *host) {
	h.up = true
	h.node.Start()
}

// client returns the i-th client, at 192.0.2.i.
func (n *network) client(i int) *host {
	c := n.clients[i]
	if c == nil {
		c = &host{net: n, number: uint32(100_000 + i), ip: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), up: true}
		c.client.Init(c, &n.pool, c.ip, 10*time.Second)
		n.clients[i] = c
	}
	return c
}

func (h *host) peer() core.Peer { return peer.FromID(h.number) }

func (h *host) name() string {
	if h.ip.IsValid() {
		return fmt.Sprintf("client%d", h.number-100_000)
	}
	return fmt.Sprint(h.number)
}

// Now implements core.Env.
func (h *host) Now() time.Duration { return h.net.now }

// Rand implements core.Env.
func (h *host) Rand() *rand.Rand { return h.random }

// After implements core.Env.
func (h *host) After(d time.Duration, tag uint32) {
	h.net.schedule(h, event{at: h.net.now + max(0, d), to: h.number, timer: true, do: func() {
		if h.up && !h.hung {
			h.node.Wake(tag)
		} else {
			h.missed = append(h.missed, tag)
		}
	}})
}

// Offload implements core.Env: work is done at once, and its price passes.
func (h *host) Offload(price time.Duration, work func(), sink core.Sink, tag uint32) {
	work()
	h.net.schedule(h, event{at: h.net.now + max(0, price), to: h.number, do: func() { sink.Answer(tag, message.Response{}) }})
}

// wakeUp brings a host back that was down or hung: its clock runs again, and timers that it missed go off.
func (n *network) wakeUp(h *host) {
	h.up, h.hung = true, false
	for _, tag := range h.missed {
		h.After(0, tag)
	}
	h.missed = nil
}

// Note implements core.Env.
func (h *host) Note(note core.Note) {
	text := fmt.Sprintf("%v %s: %s", h.net.now-begin, h.name(), note.What)
	if !note.About.IsZero() {
		text += fmt.Sprintf(" %d", note.About.ID())
	}
	if note.Text != "" {
		text += ": " + note.Text
	}
	h.net.notes = append(h.net.notes, text)
}

func (n *network) schedule(from *host, e event) {
	e.from, e.seq = from.number, from.seq
	from.seq++
	heap.Push(&n.queue, e)
}

// exchange is one request on its way.
type exchange struct {
	asker *host
	sink  core.Sink
	tag   uint32
	rec   *record
	done  bool
}

func (x *exchange) end(resp message.Response) {
	if x.done {
		return
	}
	x.done = true
	x.asker.net.open--
	x.rec.outcome = outcome(resp.Err)
	x.sink.Answer(x.tag, resp)
}

func outcome(err error) string {
	var refusal *message.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refusal):
		return refusal.Code
	}
	return err.Error()
}

// Call implements core.Transport. A message takes the network's latency; nobody answers at a host that is down.
func (h *host) Call(to core.Peer, req message.Request, sink core.Sink, tag uint32) {
	n := h.net
	x := &exchange{asker: h, sink: sink, tag: tag, rec: &record{at: n.now - begin, from: h.name(), to: to, kind: req.Kind, outcome: "no answer yet"}}
	n.trace = append(n.trace, x.rec)
	n.open++
	n.schedule(h, event{at: n.now + req.Timeout, to: h.number, do: func() { x.end(message.Response{Err: message.ErrTimeout}) }})
	n.schedule(h, event{at: n.now + n.latency, to: to.ID(), do: func() { n.arrive(n.hosts[to.ID()], &req, x) }})
}

func (n *network) arrive(to *host, req *message.Request, x *exchange) {
	switch {
	case to == nil || !to.up || n.cut > 0 && (x.asker.number < n.cut) != (to.number < n.cut):
		n.back(x.asker, x, message.Response{Err: message.ErrUnreachable})
	case to.hung:
	case to.script != nil:
		resp, ok := to.script[req.Kind]
		if !ok {
			resp = message.Response{Err: message.ErrMalformed}
		}
		n.back(to, x, resp)
	default:
		if resp, done := to.node.Serve(req, n.ticket(x)); done {
			n.back(to, x, resp)
		}
	}
}

// back sends an answer on its way.
func (n *network) back(from *host, x *exchange, resp message.Response) {
	n.schedule(from, event{at: n.now + n.latency, to: x.asker.number, do: func() { x.end(resp) }})
}

func (n *network) ticket(x *exchange) core.Ticket {
	n.tickets = append(n.tickets, x)
	return core.Ticket(len(n.tickets) - 1)
}

// Reply implements core.Transport.
func (h *host) Reply(ticket core.Ticket, resp message.Response) {
	x := h.net.tickets[ticket]
	if x == nil {
		panic("a ticket was used twice")
	}
	h.net.tickets[ticket] = nil
	if !h.hung {
		h.net.back(h, x, resp)
	}
}

// step lets the next event happen; false when there is none before the limit.
func (n *network) step(limit time.Duration) bool {
	if len(n.queue) == 0 || n.queue[0].at > limit {
		return false
	}
	e := heap.Pop(&n.queue).(event)
	n.now = max(n.now, e.at)
	e.do()
	return true
}

// run lets time pass.
func (n *network) run(d time.Duration) {
	limit := n.now + d
	for n.step(limit) {
	}
	n.now = limit
}

// settle runs until every request has its answer. Timers that are due meanwhile go off.
func (n *network) settle() {
	for n.open > 0 && n.step(n.now+time.Hour) {
	}
}

// sinkFunc takes an answer.
type sinkFunc func(message.Response)

func (f sinkFunc) Answer(_ uint32, resp message.Response) { f(resp) }

// ask sends one request from a host or client and waits for its answer.
func (n *network) ask(from *host, to core.Peer, req message.Request) (answer message.Response) {
	if from.ip.IsValid() {
		req.Client = from.ip
	} else {
		req.From, req.Client = from.peer(), n.book.IP(from.peer())
	}
	from.Call(to, req, sinkFunc(func(r message.Response) { answer = r }), 0)
	n.settle()
	return answer
}

// live returns the hosts that are nodes and up.
func (n *network) live() []*host {
	var live []*host
	for _, h := range n.order {
		if h.up && h.script == nil {
			live = append(live, h)
		}
	}
	return live
}

// violation names the first invariant of a settled network that does not hold, or "". Who knows it all from outside:
// every live node has one backlink, which lists it and nobody else does; everybody knows all masters with their true sizes; so
// everybody counts all nodes.
func (n *network) violation() string {
	live := n.live()
	masters := make(map[core.Peer]int)
	listed := make(map[core.Peer][]core.Peer)
	for _, h := range live {
		s := h.node.Structure()
		if len(s.Slaves) > 0 {
			masters[h.peer()] = len(s.Slaves)
		}
		for _, slave := range s.Slaves {
			listed[slave] = append(listed[slave], h.peer())
		}
	}
	for _, h := range live {
		s := h.node.Structure()
		switch by := listed[h.peer()]; {
		case s.Backlink.IsZero():
			return h.name() + " has no backlink"
		case len(by) != 1:
			return fmt.Sprintf("%s is listed by %d masters", h.name(), len(by))
		case by[0] != s.Backlink:
			return fmt.Sprintf("%s has backlink %d and is listed by %d", h.name(), s.Backlink.ID(), by[0].ID())
		case len(s.Masters.List) != len(masters):
			return fmt.Sprintf("%s knows %d of %d masters", h.name(), len(s.Masters.List), len(masters))
		case h.node.NetworkSize() != len(live):
			return fmt.Sprintf("%s counts %d of %d nodes", h.name(), h.node.NetworkSize(), len(live))
		}
		for _, m := range s.Masters.List {
			if int(m.Size) != masters[m.Peer] {
				return fmt.Sprintf("%s knows master %d with %d slaves, it has %d", h.name(), m.Peer.ID(), m.Size, masters[m.Peer])
			}
		}
	}
	return ""
}

// numbers writes peers as their numbers.
func numbers(peers []core.Peer) string {
	texts := make([]string, len(peers))
	for i, p := range peers {
		texts[i] = fmt.Sprint(p.ID())
	}
	return "[" + strings.Join(texts, " ") + "]"
}
