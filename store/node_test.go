package store_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/core/state"
)

// begin is when the tests' time begins.
const begin = 1_700_000_100 * time.Second

const self = "10.0.0.1:4000"

// world is a node's view of a world in which all peers answer an interview, and nothing
// else happens by itself.
type world struct {
	now  time.Duration
	book *peer.Book
	node core.Node
	pool core.Pool
	asks []func()
	dead bool // it does not answer
}

func newWorld() *world {
	w := &world{now: begin, book: peer.NewBook(0)}
	w.init()
	return w
}

func (w *world) init() {
	config := &core.Config{Book: w.book, Bootstrap: []core.Peer{w.peer(self)}, ManualSync: true}
	if err := config.Validate(); err != nil {
		panic(err)
	}
	w.node.Init(config, w, &w.pool, w.peer(self))
}

func (w *world) peer(text string) core.Peer {
	p, err := w.book.Intern(peer.MustParse(text))
	if err != nil {
		panic(err)
	}
	return p
}

func (w *world) Now() time.Duration                               { return w.now }
func (w *world) Wall() time.Duration                              { return w.now }
func (w *world) Rand() *rand.Rand                                 { return rand.New(rand.NewPCG(1, uint64(w.now))) }
func (w *world) After(time.Duration, uint32)                      {}
func (w *world) Note(core.Note)                                   {}
func (w *world) Reply(core.Ticket, message.Response)              {}
func (w *world) Offload(time.Duration, func(), core.Sink, uint32) {}
func (w *world) Call(to core.Peer, _ message.Request, sink core.Sink, tag uint32) {
	answer := message.Response{Body: &message.Interview{Address: to}}
	if w.dead {
		answer = message.Response{Err: message.ErrUnreachable}
	}
	w.asks = append(w.asks, func() { sink.Answer(tag, answer) })
}

// start gives the network of the node its name, unless the node knows it from before.
func (w *world) start() {
	if w.node.NetworkRoot().IsZero() {
		w.node.Start()
	}
}

// silence is an application that has nothing to say.
type silence struct{}

func (silence) Name() string       { return "silence" }
func (silence) Answer(any) any     { return nil }
func (silence) Merge(a, _ any) any { return a }

// step does the k-th thing of a fixed stream of things that happen to a node.
func (w *world) step(k int) {
	w.now = begin + time.Duration(k)*time.Second
	w.start()
	random := rand.New(rand.NewPCG(7, uint64(k)))
	other := w.peer(fmt.Sprintf("10.0.1.%d:4000", random.IntN(40)))
	client := netip.AddrFrom4([4]byte{192, 0, 2, byte(random.IntN(20))})
	key := "key of " + client.String()
	req := message.Request{From: other, Root: w.node.NetworkRoot(), Client: client, Timeout: time.Second}
	switch random.IntN(7) {
	case 0:
		w.node.Bans().Add(behavior.Ban{Peer: w.peer(fmt.Sprintf("10.0.2.%d:4000", k%250)), Reason: fmt.Sprint("step ", k), Since: w.now, Until: w.now + time.Hour})
		return
	case 1:
		w.node.Bans().Remove(w.peer(fmt.Sprintf("10.0.2.%d:4000", random.IntN(250))))
		return
	case 2, 3:
		req.Kind, req.Body = message.KindApprovalAdd, &message.ApprovalAddRequest{Action: "client", Key: key, StartedAt: w.now.Truncate(5 * time.Minute)}
	case 4:
		req.Kind, req.Body = message.KindApprovalInfo, &message.ApprovalInfoRequest{Action: "client", Key: key}
	case 5:
		if slaves := w.node.Structure().Slaves; len(slaves) > 0 { // only members may check
			req.From = slaves[random.IntN(len(slaves))]
		}
		req.Kind, req.Body = message.KindApprovalCheck, &message.ApprovalCheckRequest{Key: key, Answer: client.String(), Approvers: []core.Peer{w.peer(self)}, ClientIP: client}
	case 6:
		req.Kind, req.Body = message.KindRegister, &message.RegisterRequest{Target: other}
	}
	w.serve(&req)
}

// serve lets the node answer a request, and its peers answer what it asks.
func (w *world) serve(req *message.Request) {
	w.node.Serve(req, 0)
	w.answer()
}

// answer lets the peers answer what the node asks.
func (w *world) answer() {
	for len(w.asks) > 0 {
		ask := w.asks[0]
		w.asks = w.asks[1:]
		ask()
	}
}

// text is a state as a text, to compare and to show.
func text(s state.State) string {
	var infos []string
	for i := range s.Approvals {
		if info := s.Approvals[i].Info; info != nil {
			infos = append(infos, *info)
		}
	}
	approvals := make([]state.Approval, len(s.Approvals))
	copy(approvals, s.Approvals)
	for i := range approvals {
		approvals[i].Info = nil
	}
	slices.SortFunc(approvals, func(a, b state.Approval) int { return a.Client.Compare(b.Client) })
	slices.Sort(infos)
	s.Approvals = approvals
	return fmt.Sprintf("%+v %q", s, infos)
}

func addresses(t *rapid.T, label string) []string {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%s:%d", rapid.SampledFrom([]string{"10.0.0.2", "n.example.com", "[2001:0db8:0000:0000:0000:0000:0000:0005]"}).Draw(t, "host"),
			rapid.IntRange(1, 65535).Draw(t, "port"))
	}), 0, 6, rapid.ID[string]).Draw(t, label)
}

// drawState draws a state that a node could have.
func drawState(t *rapid.T) state.State {
	past := func(label string) time.Duration {
		return time.Duration(rapid.Int64Range(1, int64(begin)).Draw(t, label))
	}
	s := state.State{Self: self, SyncCount: rapid.IntRange(1, 9).Draw(t, "syncs"), SyncTotal: past("total")}
	if roots := addresses(t, "root"); len(roots) > 0 {
		s.Root, s.Backlink, s.RootChecked = roots[0], roots[len(roots)-1], past("checked")
	}
	for _, a := range addresses(t, "slaves") {
		s.Slaves = append(s.Slaves, state.Slave{Address: a, Joined: past("joined")})
	}
	for _, a := range addresses(t, "masters") {
		s.Masters = append(s.Masters, state.Master{Address: a, Size: rapid.Uint32().Draw(t, "size"), Seen: past("seen")})
	}
	for _, a := range addresses(t, "banned") {
		ip := netip.AddrFrom4([4]byte{10, 1, 2, rapid.Byte().Draw(t, "ip")})
		s.Bans = append(s.Bans, state.Ban{Address: a, IP: ip, Reason: rapid.String().Draw(t, "reason"), Since: past("since"), Until: past("until")})
	}
	for _, a := range addresses(t, "candidates") {
		s.Candidates = append(s.Candidates, state.Candidate{Action: "store", Address: a, Suspicion: rapid.Float64Range(2, 9).Draw(t, "suspicion"), Excuse: 1, Since: past("since")})
	}
	for _, a := range addresses(t, "suspects") {
		s.Scores = append(s.Scores, state.Score{Address: a, Action: "registration", Up: 3, Suspicion: rapid.Float64Range(1e-9, 1e9).Draw(t, "suspicion"), Since: past("since"), Used: past("used")})
	}
	for i, a := range addresses(t, "keys") {
		s.Keys = append(s.Keys, state.Key{Key: fmt.Sprint(rapid.String().Draw(t, "key"), i), Approvers: []string{a}, Until: past("until")})
		row := state.Approval{Key: s.Keys[i].Key, StartedAt: past("started"), Updated: past("updated"), Answer: rapid.String().Draw(t, "answer")}
		row.Action, row.Client = "client", netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		for _, host := range addresses(t, "users") {
			s.Uses = append(s.Uses, state.Use{Key: row.Key, Host: host})
		}
		if info := rapid.String().Draw(t, "info"); info != "" {
			row.Info = &info
		}
		s.Approvals = append(s.Approvals, row)
	}
	for _, a := range addresses(t, "fails") {
		s.Fails = append(s.Fails, state.Fail{Address: a, Count: 1})
	}
	return s
}

// restored is a world whose node has a state.
func restored(t testing.TB, s state.State, now time.Duration) *world {
	t.Helper()
	w := newWorld()
	w.now = now
	if err := w.node.Restore(s); err != nil {
		t.Fatal(err)
	}
	return w
}
