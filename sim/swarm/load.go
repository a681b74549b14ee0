package swarm

import (
	"fmt"
	"math/rand/v2"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/sim/fault"
	"spreadable/sim/invariant"
	"spreadable/sim/probe"
)

// load is what clients do in each quiet phase: a search, an approval of which several
// entry nodes make the draw, and one with a wrong answer. Each operation is a client of
// its own.
type load struct {
	world   *world
	clients int // how many there are
	next    int // of them
	proofs  []shown
}

// perPhase is how many clients come in a quiet phase.
const perPhase = 2 + entries

// The approval: by default its draws have one approver in most small networks, which
// would say little.
const approvalAction = "client"

func approvalTerms() core.Terms {
	terms := core.DefaultTerms()
	terms.Approvers, _ = draw.ParseCount("r-2")
	return terms
}

// entries is how many entry nodes draw the approvers of one approval.
const entries = 3

func newLoad(w *world, phases int) *load {
	return &load{world: w, clients: phases * perPhase}
}

// client is the next client.
func (l *load) client() *core.Client {
	l.next++
	return &l.world.net.Client(l.next - 1).Client
}

// judge lets the clients of a quiet phase do what they do, and says what went wrong.
// Between nodes that are all within reach of each other nothing may.
func (l *load) judge(r *rand.Rand) error {
	nodes := l.world.honest()
	if len(nodes) < 2 {
		return nil
	}
	l.proofs = nil
	ended := []func() error{l.search(r, nodes), l.approve(r, nodes), l.deceive(r, nodes), l.world.demand(r, nodes)}
	l.world.Run(fault.Round)
	for _, end := range ended {
		if err := end(); err != nil {
			return err
		}
	}
	return l.replay()
}

// shown is a request for an action, as a client has sent it.
type shown struct {
	client, entry int
	body          any
}

// see is told of all requests that reach a node.
func (l *load) see(from, to uint32, req *message.Request) {
	if client := int(from) - len(l.world.hosts); client >= 0 && req.Kind == message.KindAction {
		l.proofs = append(l.proofs, shown{client, int(to), req.Body})
	}
}

// replay shows each proof again at the same node, which must refuse it.
func (l *load) replay() (err error) {
	for _, s := range l.proofs {
		l.world.net.Client(s.client).Call(peerOf(s.entry), message.Request{
			Kind: message.KindAction, Timeout: clientTimeout, Client: clientIP(s.client), Body: s.body,
		}, sink(func(resp message.Response) {
			if resp.Err == nil {
				err = fmt.Errorf("an approval is granted twice at %d", s.entry+1)
			}
		}), 0)
	}
	l.world.Run(fault.Round)
	return err
}

// search asks all nodes through one of them.
func (l *load) search(r *rand.Rand, nodes []*core.Node) func() error {
	entry := nodes[r.IntN(len(nodes))].Structure().Address
	failed := fmt.Errorf("search at %d: no answer", entry.ID())
	query := &message.QueryRequest{Name: probe.Name}
	l.client().Ask(entry, 0, query, func(answer *message.QueryAnswer, err error) {
		failed = nil
		if err != nil {
			failed = fmt.Errorf("search at %d: %w", entry.ID(), err)
			return
		}
		reached := probe.Nodes(answer.Result, len(l.world.hosts))
		for _, n := range nodes {
			if own := n.Structure().Address; !reached.Has(int(own.ID()) - 1) {
				failed = fmt.Errorf("search at %d does not reach %d", entry.ID(), own.ID())
			}
		}
	})
	return func() error { return failed }
}

// approve goes through an approval at one node, and has others make the same draw.
func (l *load) approve(r *rand.Rand, nodes []*core.Node) func() error {
	entry := nodes[r.IntN(len(nodes))].Structure().Address
	failed := fmt.Errorf("approval at %d: no answer", entry.ID())
	var draws []*message.ApprovalKey
	same := func(question string) string { return question }
	l.client().Approve(entry, 0, approvalAction, same, func(key *message.ApprovalKey, err error) {
		failed = nil
		if err != nil && !l.world.mayFail() { // slow approvers may be passed over, or be late
			failed = fmt.Errorf("approval at %d: %w", entry.ID(), err)
		}
		draws = append(draws, key)
	})
	for range entries - 1 {
		other := nodes[r.IntN(len(nodes))].Structure().Address
		l.client().Draw(other, 0, approvalAction, func(key *message.ApprovalKey, _ error) { draws = append(draws, key) })
	}
	return func() error {
		if failed != nil {
			return failed
		}
		return l.judgeDraws(draws, nodes)
	}
}

// deceive goes through an approval with a wrong answer, which must be refused.
func (l *load) deceive(r *rand.Rand, nodes []*core.Node) func() error {
	entry := nodes[r.IntN(len(nodes))].Structure().Address
	failed := fmt.Errorf("approval with a wrong answer at %d: no answer", entry.ID())
	wrong := func(question string) string { return question + "?" }
	l.client().Approve(entry, 0, approvalAction, wrong, func(_ *message.ApprovalKey, err error) {
		switch {
		case err == nil:
			failed = fmt.Errorf("approval with a wrong answer at %d: granted", entry.ID())
		case message.IsRefusal(err, message.CodeWrongAnswer), l.world.mayFail():
			failed = nil
		default:
			failed = fmt.Errorf("approval with a wrong answer at %d: %w", entry.ID(), err)
		}
	})
	return func() error { return failed }
}

// judgeDraws compares draws with those that follow from the addresses of all nodes.
func (l *load) judgeDraws(draws []*message.ApprovalKey, nodes []*core.Node) error {
	var all []core.Peer
	for _, n := range nodes {
		all = append(all, n.Structure().Address)
	}
	for _, d := range draws {
		if d == nil {
			return fmt.Errorf("no draw")
		}
		want := invariant.Ranking(l.world.book, all, d.StartedAt)
		if !invariant.Follows(d.Approvers, want, approvalTerms().Approvers.Of(len(all)), l.world.mayFail()) {
			return fmt.Errorf("drew approvers %v, the order begins with %v", ids(d.Approvers), ids(want[:min(len(want), len(d.Approvers)+2)]))
		}
	}
	return nil
}

func ids(peers []core.Peer) []uint32 {
	var list []uint32
	for _, p := range peers {
		list = append(list, p.ID())
	}
	return list
}
