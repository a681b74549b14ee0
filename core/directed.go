package core

import (
	"slices"
	"spreadable/core/message"
	"time"
)

// Our registration rule. It speaks the messages of the original and differs in four things, for which doc.go gives the
// reasons: the provider chooses the place (place.go), masters look for each other until nobody new turns up, whoever has
// no place asks again soon, and nobody steps down, sheds or refuses on a view that has not settled.

// view is how steady our idea of the network size is.
type view struct {
	size    int  // at the last sync
	changed bool // then it was another than at the sync before
	rounds  int  // syncs in a row in which it changed by no more than a 32nd
}

// settled reports that the network size has roughly held for two rounds: only then do we normalise.
func (v *view) settled() bool { return v.rounds >= 2 }

func (v *view) observe(size int) {
	difference := max(size-v.size, v.size-size)
	v.changed = difference > 0
	if difference*32 <= size {
		v.rounds++
	} else {
		v.rounds = 0
	}
	v.size = size
}

// slack is how far the number of masters, or of a master's slaves, may pass the optimum before anybody does something
// about it. One is needed for the very small networks in which all other masters are one master's slaves; the sixteenth
// keeps networks near a square number from moving nodes to and fro.
func slack(optimum int) int { return 1 + optimum/16 }

// syncDirected is one cycle.
func (n *Node) syncDirected(t *Task) {
	b := n.budget(n.cfg.SyncInterval)
	n.tidy()
	n.findRoot(t, b)
	up := n.askUp(t, b.atMost(n.cfg.ServerTimeout))
	down := n.askDown(t, b)
	if n.isMaster() {
		n.findMasters(t, up, down, b)
	} else {
		n.believe(up)
	}
	n.view.observe(n.size())
	n.rounds++
	if up.said != nil {
		n.dropped = max(0, n.dropped-1)
	}
	n.leaveMutual(up)
	if n.view.settled() {
		n.normalize()
	}
	if n.ledger != nil {
		n.ledger.refresh(n)
	}
	n.registerDirected(t, b)
}

// askDown asks every slave, drops those that have gone elsewhere and returns the answers of those that are masters.
// A slave learns of its registration one message later than its master, so a newcomer may still be without a backlink.
func (n *Node) askDown(t *Task, b budget) []account {
	var masters []account
	slaves := n.slaves
	responses := t.gather(slaves, message.Request{Kind: message.KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)})
	var gone []Peer
	for i, s := range slaves {
		down, err := message.As[message.Structure](responses[i])
		if err != nil {
			continue
		}
		if !n.judgeDown(s, down) && !(down.Backlink.IsZero() && n.isNew(s)) {
			gone = append(gone, s)
		}
		if len(down.Slaves) > 0 {
			masters = append(masters, account{s, down})
		}
	}
	if len(gone) > 0 {
		n.keepSlaves(func(i int) bool { return !slices.Contains(gone, n.slaves[i]) })
	}
	return masters
}

// isNew reports whether slave s was listed so recently that it may not know yet.
func (n *Node) isNew(s Peer) bool {
	for i, p := range n.slaves {
		if p == s {
			return n.env.Now()-n.joined[i] < n.cfg.ServerTimeout+n.cfg.PingTimeout
		}
	}
	return false
}

// believe is a plain slave's way to renew its list of masters: it takes over the backlink's. Without an answer it keeps
// the old one, but not itself in it.
func (n *Node) believe(up account) {
	n.looked = nil // or a former master would hold the lists of all others
	if up.said == nil {
		n.removeMaster(n.self, n.env.Now())
		return
	}
	n.adoptAllowed(up.said.Masters)
}

// findMasters renews a master's list of masters: it asks all that it knows, and all that they know, until nobody new
// turns up. Whoever answers with slaves is a master, of just that size. Who does not answer keeps its last known size until it
// is broken.
//
// One such search closes a component of the graph of who knows whom, however its backlinks run; asking the bootstrap node
// as well joins the components; and a master whose view has just changed introduces itself to whomever it asks, so that
// knowing is mutual.
func (n *Node) findMasters(t *Task, up account, down []account, b budget) {
	s := n.beginSearch(b)
	told := down
	if up.said != nil {
		told = append(told, up)
	}
	for _, a := range told {
		s.skip(a.peer)
	}
	for i, m := range n.masters.List {
		s.meetKnown(m.Peer, i)
	}
	for _, p := range n.heard {
		s.meet(p)
	}
	n.heard = nil
	if n.ledger != nil {
		n.ledger.meet(s)
	}
	if p := n.rendezvous(); !p.IsZero() {
		s.meet(p)
	}
	for _, a := range told {
		s.take(a.peer, -1, a.said)
	}
	s.run(t)
	s.finish()
}

// rendezvous is the bootstrap address to ask in this sync: with several, another one each time.
func (n *Node) rendezvous() Peer {
	p := n.cfg.Bootstrap[(n.rounds+int(n.self.ID()))%len(n.cfg.Bootstrap)]
	if p == n.self {
		return Peer{}
	}
	return p
}

// hear remembers, as a master, another one that introduced itself, to be asked at our next sync. Nobody, who is what a
// request without an address comes from, has nothing to be asked for.
func (n *Node) hear(req *message.Request) {
	if req.Body == nil || req.From.IsZero() || !n.isMaster() || n.cfg.Registration != Directed {
		return
	}
	if n.masterIndex(req.From) >= 0 || slices.Contains(n.heard, req.From) {
		return
	}
	if len(n.heard) < 64+4*len(n.masters.List) { // a bound against a flood of introductions
		n.heard = append(n.heard, req.From)
	}
}

// Introduction is the body of a structure request from a master that wants to be known. Npm peers ignore it.
type Introduction struct{}

var introduction = &message.Introduction{}

// leaveMutual leaves a backlink that is also our slave, in networks of more than two: such a pair hangs on nothing. Of
// two Go nodes only one leaves: the one with fewer slaves, for which it is easier to find somebody else.
func (n *Node) leaveMutual(up account) {
	if up.said == nil || n.backlink != up.peer || n.size() <= 2 || !n.hasSlave(n.backlink) {
		return
	}
	own, other := len(n.slaves), len(up.said.Slaves)
	if own < other || own == other && n.cfg.Book.Less(n.self, n.backlink) {
		n.loseBacklink()
	}
}

// normalize brings the lists of a settled network back to their optimum when they have left it by more than the slack:
// the smallest masters step down, and the latest slaves of an overfull master have to look for another. The masters that
// stay have room for them: the optimum squared is more than the size.
func (n *Node) normalize() {
	optimum := Optimum(n.size())
	most := optimum + slack(optimum)
	if n.isMaster() && len(n.masters.List) > most && n.rank() >= optimum {
		n.steppedDown = n.env.Now()
		n.stepDown()
		return
	}
	if len(n.slaves) <= most {
		return
	}
	shed := n.newestSlaves(len(n.slaves) - optimum)
	n.keepSlaves(func(i int) bool { return !slices.Contains(shed, n.slaves[i]) })
	for _, s := range shed {
		n.env.Note(Note{What: NoteShed, About: s})
	}
}

// hasRoom decides whether a newcomer is refused. Only a settled master refuses, by the larger of its own view and the
// newcomer's provider's; and whoever has just stepped down, so that it is not made a master again by an old list.
func (n *Node) hasRoom(providerSize int) bool {
	if n.cfg.Registration != Directed {
		return true
	}
	if n.steppedDown > 0 && n.env.Now()-n.steppedDown < 2*n.cfg.SyncInterval {
		return false
	}
	if !n.view.settled() {
		return true
	}
	optimum := Optimum(max(n.size(), min(providerSize, 4*n.size()))) // a newcomer may exaggerate, but not without bounds
	return len(n.slaves)+n.interviews < optimum+slack(optimum)
}

// registerDirected looks for a backlink if there is none, and arranges to try again soon if that fails.
func (n *Node) registerDirected(t *Task, b budget) {
	if !n.backlink.IsZero() {
		return
	}
	if n.dropped >= 2*maxDrops {
		n.dropped = 0
		n.shedNewest()
	}
	err := n.tryPlaces(t, b)
	if err == nil {
		n.tries, n.firstAsked = 0, 0
		return
	}
	n.registerFailed(err)
	n.letOneGo()
	if !n.cfg.ManualSync && !n.retryDue {
		n.retryDue = true
		wait := min(n.cfg.SyncInterval/16<<min(n.tries, 3), n.cfg.SyncInterval/2)
		n.env.After(n.jitter(wait/2, wait), wakeRetry)
	}
	n.tries++
}

// letOneGo sheds a slave when every other node is our slave: then nobody is left who could list us, until one of them
// finds another master. Only networks of a handful of nodes get there.
func (n *Node) letOneGo() {
	if n.tries < 3 || len(n.slaves) < max(2, n.size()) {
		return
	}
	n.shedNewest()
}

// shedNewest lets the latest slave go, if there is any.
func (n *Node) shedNewest() {
	if !n.isMaster() {
		return
	}
	shed := n.newestSlaves(1)[0]
	n.removeSlave(shed)
	n.env.Note(Note{What: NoteShed, About: shed})
}

// maxDrops is how many backlinks may drop us, one soon after the other, before we let a slave go. In small networks with
// npm nodes all masters may be our slaves, or full: then we make a master of an npm node, which steps down at once, being
// one master too many, for ever. With a slave less of ours the network has to find another order.
const maxDrops = 3

// maxPlaces is how many places a newcomer tries before it asks again.
const maxPlaces = 4

func (n *Node) tryPlaces(t *Task, b budget) error {
	p, err := n.findPlaces(t, b)
	if err != nil {
		return err
	}
	n.firstAsked++
	err = error(errNoMaster)
	for _, place := range n.order(p) {
		if err = n.registerAt(t, place, p, n.placePatience(b)); err == nil {
			return nil
		}
	}
	return err
}

// findPlaces asks the bootstrap nodes in the order of the list, so that all newcomers ask the same one while it is there;
// after a failure the next attempt begins one further down. We may be one of them. After them it asks any master that we know.
func (n *Node) findPlaces(t *Task, b budget) (p *message.Provision, err error) {
	if n.root.IsZero() {
		return nil, message.ErrWrongRoot // of no network yet: nobody who is would take us
	}
	providers := n.cfg.Bootstrap
	for i := range providers {
		provider := providers[(n.firstAsked+i)%len(providers)]
		if provider == n.self {
			return n.provide(t, n.self, true, b), nil
		}
		if p, err = n.askForPlace(t, provider, n.placePatience(b)); err == nil {
			return p, nil
		}
	}
	if len(n.masters.List) > 0 {
		if m := n.masters.List[n.env.Rand().IntN(len(n.masters.List))].Peer; m != n.self {
			return n.askForPlace(t, m, n.placePatience(b))
		}
	}
	return nil, err
}

// placePatience is enough for a provider or a master that has to ask somebody itself; one that hangs must not use up all.
func (n *Node) placePatience(b budget) time.Duration { return b.atMost(2 * n.cfg.ServerTimeout) }

// order returns the places to try, best first. A directing provider has ordered them. An npm provider lists all masters
// with their slaves: then we draw among the free ones, and after them among the slaves of the full ones.
func (n *Node) order(p *message.Provision) []Peer {
	var places, spare []Peer
	directed := true
	for _, r := range p.Results {
		directed = directed && len(r.Spares) == 1 && r.Spares[0] == r.Address
		if n.eligible(r.Address, p.NetworkSize) && n.allowed(r.Address) && len(r.Spares) < Optimum(r.NetworkSize) {
			places = append(places, r.Address)
		}
		for _, c := range r.Spares {
			if n.eligible(c, p.NetworkSize) && n.allowed(c) && c != r.Address {
				spare = append(spare, c)
			}
		}
	}
	if !directed {
		rng := n.env.Rand()
		rng.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
		rng.Shuffle(len(spare), func(i, j int) { spare[i], spare[j] = spare[j], spare[i] })
		places = append(places, spare...)
	}
	return places[:min(maxPlaces, len(places))]
}
