package core

import (
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"spreadable/core/message"
)

// How a newcomer finds its branch. It asks a bootstrap node which branch of the top it
// should join, then the head of that branch which branch below it, and so on down to level
// 1. So no one node places all: each places in its own subtree, by a ledger of its own.

// branchLedger counts the newcomers that were sent to branches and are not in their sizes
// yet, as ledger does for masters. Each counts once, where it was sent last, and of one host
// as many as the network takes.
type branchLedger struct {
	sent    map[Peer]*sentTo       // by the name of the branch
	known   map[Peer]time.Duration // since when we know each branch, by its name
	founded []message.Branch       // whose founders we have sent, until their heads say so
	coming  map[Peer]coming        // the newcomers
	order   []arrival              // of them, the first first; some have come again
	hosts   map[host]int           // how many of them are of one host
}

// sentTo counts the newcomers of one branch.
type sentTo struct {
	pending int
	arrived int // of those that are still remembered: as many as the branch has grown by
	seen    int // the size that the branch had when we last looked
	at      time.Duration
}

// forget counts one less: it has come there, or does so no more.
func (s *sentTo) forget() {
	if s.arrived > 0 {
		s.arrived--
	} else {
		s.pending = max(0, s.pending-1)
	}
}

// coming is a newcomer on its way.
type coming struct {
	to []Peer // the branches that it was sent to, the last last
	at time.Duration
	of host
}

func (c coming) last() Peer { return c.to[len(c.to)-1] }

// maxSent is how many branches are remembered for each.
const maxSent = 8

// arrival is when a newcomer has asked.
type arrival struct {
	newcomer Peer
	at       time.Duration
}

// pendingFor is for how many sync intervals a newcomer is counted where it was sent, if
// the size of the branch does not grow: as long as a size takes to travel.
const pendingFor = 6

func newBranchLedger() *branchLedger {
	return &branchLedger{
		sent: make(map[Peer]*sentTo), known: make(map[Peer]time.Duration),
		coming: make(map[Peer]coming), hosts: make(map[host]int),
	}
}

// refresh returns the branches to choose from, with the newcomers on their way.
func (lg *branchLedger) refresh(list []message.Branch, now, life time.Duration) []message.Branch {
	lg.see(list, now)
	lg.forget(now - life)
	lg.founded = slices.DeleteFunc(lg.founded, func(b message.Branch) bool {
		return branchIndex(list, b.Name) >= 0 || lg.sent[b.Name] == nil || now-lg.known[b.Name] > life
	})
	all := append(slices.Clone(list), lg.founded...)
	maps.DeleteFunc(lg.sent, func(name Peer, s *sentTo) bool { // of branches that are gone
		return now-s.at > life && branchIndex(all, name) < 0
	})
	for i := range all {
		s := lg.sent[all[i].Name]
		if s == nil {
			continue
		}
		grown := min(s.pending, max(0, int(all[i].Size)-s.seen))
		s.seen = int(all[i].Size)
		s.pending, s.arrived = s.pending-grown, s.arrived+grown
		if now-s.at > life {
			s.pending, s.arrived = 0, 0
		}
		all[i].Size += uint32(s.pending)
	}
	return all
}

// forget forgets the newcomers that have last asked before a time.
func (lg *branchLedger) forget(before time.Duration) {
	done := 0
	for ; done < len(lg.order) && lg.order[done].at < before; done++ {
		p := lg.order[done].newcomer
		if c := lg.coming[p]; c.at == lg.order[done].at {
			if s := lg.sent[c.last()]; s != nil {
				s.forget()
			}
			lg.take(p, c)
		}
	}
	lg.order = lg.order[done:]
}

// take removes a newcomer.
func (lg *branchLedger) take(p Peer, c coming) {
	delete(lg.coming, p)
	if lg.hosts[c.of]--; lg.hosts[c.of] == 0 {
		delete(lg.hosts, c.of)
	}
}

// send counts a newcomer at a branch, if its host has not its share of newcomers already.
// One that asks again was not taken where it was sent before.
func (lg *branchLedger) send(n *Node, newcomer Peer, b message.Branch, size int) {
	now, of := n.env.Now(), n.hostOf(newcomer)
	c, again := lg.coming[newcomer]
	if again {
		if s := lg.sent[c.last()]; s != nil {
			s.pending = max(0, s.pending-1)
		}
		if c.last() == newcomer && b.Name != newcomer { // it has not founded that one, or has left it
			lg.founded = slices.DeleteFunc(lg.founded, func(f message.Branch) bool { return f.Name == newcomer })
		}
		lg.take(newcomer, c)
	} else if n.perHost && lg.hosts[of] >= n.cfg.HostPlaces && !n.trusted(newcomer) {
		return
	}
	if len(c.to) >= maxSent || slices.Contains(c.to, b.Name) {
		c.to = nil
	}
	lg.coming[newcomer] = coming{to: append(c.to, b.Name), at: now, of: of}
	lg.hosts[of]++
	lg.order = append(lg.order, arrival{newcomer, now})
	s := lg.sent[b.Name]
	if s == nil {
		s = &sentTo{seen: size}
		lg.sent[b.Name] = s
	}
	s.pending, s.at = s.pending+1, now
}

// serveBranch tells a newcomer which branch it should join.
func (n *Node) serveBranch(req *message.Request) message.Response {
	tr, asked := n.tree(), message.Asked[message.BranchRequest](req)
	if err := n.checkLevels(req.From, asked); err != nil {
		return message.Response{Err: err}
	}
	if tr == nil || asked.Level < 0 || asked.Level > tr.top() || req.From.IsZero() {
		return message.Refuse(message.CodeInvalidTarget)
	}
	if !tr.placed() {
		return message.Refuse(message.CodeNoBranch)
	}
	return message.Response{Body: tr.offer(req.From, *asked)}
}

// offer chooses the branch for a newcomer: the one with the fewest nodes. If even that has
// as many as a network of this size wants, the newcomer founds a new one. A new branch gets
// few nodes until all nodes know it: no search that begins elsewhere reaches the others.
func (tr *tree) offer(newcomer Peer, asked message.BranchRequest) *message.BranchOffer {
	n := tr.node
	level := asked.Level
	if level == 0 {
		level = tr.entryLevel()
	}
	lg := tr.ledger(level)
	now, reported := n.env.Now(), tr.lists[level-1].List
	all := lg.refresh(reported, now, pendingFor*n.cfg.SyncInterval)
	size := 1
	for _, b := range all {
		size += int(b.Size)
	}
	if level < tr.entryLevel() {
		size = max(asked.NetworkSize, tr.size())
	}
	offer := &message.BranchOffer{
		Network: tr.network, NetworkSize: size, Siblings: message.NewBranches(all),
		Levels: tr.saidLevels(), Level: level, Above: tr.above(level),
	}
	c := tr.choices(level, newcomer, asked.Alone, all, lg)
	capacity := tr.capacity(size, level)
	switch {
	case c.least < 0 || !asked.Alone && int(all[c.least].Size) >= capacity && c.mayFound(tr, size, level):
		offer.Founder, lg.known[newcomer] = true, now
		offer.Branch = message.Branch{Name: newcomer, Head: newcomer}
		lg.founded = append(slices.DeleteFunc(lg.founded, func(b message.Branch) bool { return b.Name == newcomer }), offer.Branch)
	default:
		offer.Branch = all[c.least]
	}
	at := 0
	if i := branchIndex(reported, offer.Branch.Name); i >= 0 {
		at = int(reported[i].Size)
	}
	lg.send(n, newcomer, offer.Branch, at)
	return offer
}

// ledger is the one of a level.
func (tr *tree) ledger(level int) *branchLedger {
	if tr.ledgers == nil {
		tr.ledgers = make([]*branchLedger, tr.top())
	}
	if tr.ledgers[level-1] == nil {
		lg := newBranchLedger()
		for _, b := range tr.lists[level-1].List {
			lg.known[b.Name] = 0
		}
		tr.ledgers[level-1] = lg
	}
	return tr.ledgers[level-1]
}

// capacity is how many nodes a branch of a level has in a network of this size. A level
// that the network does without has one branch of all nodes.
func (tr *tree) capacity(size, level int) int {
	if level >= tr.levels {
		return math.MaxInt
	}
	return capacityOf(size, tr.levels, level)
}

// capacityOf is how many nodes a branch of a level has in a network of this size: all
// groups have Optimum members, so Optimum^(level+1).
func capacityOf(size, levels, level int) int {
	return int(math.Pow(float64(Optimum(size, levels)), float64(level+1)))
}

// findBranch looks for a branch if the node has none.
func (n *Node) findBranch(t *Task, b budget) {
	tr := n.tree()
	if tr.placed() {
		tr.leaveLost()
	}
	if tr.placed() {
		tr.moveOn()
	}
	if !n.root.IsZero() {
		return
	}
	offer := tr.seek(t, b)
	level := tr.top()
	if offer != nil && offer.Level >= 1 && offer.Level < level {
		level = offer.Level
	}
	for ; offer != nil && n.root.IsZero(); level-- {
		if offer.Founder || level == 1 {
			tr.settle(level, offer)
			return
		}
		offer = tr.descend(t, level, offer, b)
	}
}

// descend asks the head of the offered branch for a branch below it, and if it does not
// answer some of its siblings: all masters of a branch can have died, and those that offer
// it notice that later. A node that has left its branch may still be taken for the head of
// the branch above: then it asks the heads below that it knew.
func (tr *tree) descend(t *Task, level int, offer *message.BranchOffer, b budget) *message.BranchOffer {
	req := message.BranchRequest{
		Levels: tr.node.cfg.Levels, Level: level - 1, NetworkSize: offer.NetworkSize, Alone: tr.alone,
	}
	heads := []Peer{offer.Branch.Head}
	if heads[0] == tr.node.self && len(tr.lists) == tr.top() {
		heads = heads[:0]
		for _, known := range tr.lists[level-2].List {
			if known.Head != tr.node.self {
				heads = append(heads, known.Head)
			}
		}
	}
	tr.place(level, offer)
	var below *message.BranchOffer
	for i := 0; below == nil && i < len(heads); i++ {
		below = tr.askOurs(t, heads[i], req, b)
	}
	siblings := offer.Siblings.List
	for tries := 0; below == nil && tries < 2 && len(siblings) > 0; tries++ {
		offer.Branch = siblings[tr.node.env.Rand().IntN(len(siblings))]
		tr.place(level, offer)
		below = tr.askOurs(t, offer.Branch.Head, req, b)
	}
	return below
}

// seek asks the bootstrap nodes, in their order, and then the heads that the node knows
// from before. A bootstrap node that gets no answer from those before it begins a network.
// If one knows no branches, its network has one level.
func (tr *tree) seek(t *Task, b budget) *message.BranchOffer {
	n := tr.node
	req := message.BranchRequest{Levels: n.cfg.Levels, Alone: tr.alone}
	begin := false
	for _, p := range n.cfg.Bootstrap {
		if p == n.self {
			begin = true
			continue
		}
		offer, err := tr.ask(t, p, req, b)
		if offer != nil {
			tr.setNetwork(offer.Network)
			return offer
		}
		if message.IsRefusal(err, message.CodeUnknownQuery) || errors.Is(err, message.ErrWrongRoot) {
			n.stayFlat(p) // npm nodes look at the root first, which ours do not
			return nil
		}
	}
	if len(tr.lists) == tr.top() {
		for level := max(1, tr.used()); level >= 1; level-- { // above there is one branch, maybe our own
			known := tr.lists[level-1].List
			for _, i := range n.env.Rand().Perm(len(known)) {
				h := known[i].Head
				if h == n.self || b.left() <= 0 {
					continue
				}
				if offer := tr.askOurs(t, h, req, b); offer != nil {
					return offer
				}
			}
		}
	}
	if offer := tr.seekStrays(t, req, b); offer != nil {
		return offer
	}
	if tr.sought++; begin || tr.sought >= foundAfter && !tr.network.IsZero() {
		return tr.begin()
	}
	return nil
}

// begin is the offer of a first node to itself: to found the network, or, where no other
// answers, its first branch anew.
func (tr *tree) begin() *message.BranchOffer {
	self := tr.node.self
	if tr.network.IsZero() {
		tr.setNetwork(self)
	}
	own := message.Branch{Name: self, Head: self}
	return &message.BranchOffer{Network: tr.network, Level: tr.top(), Founder: true, Branch: own, Siblings: message.NewBranches(nil), NetworkSize: 1}
}

// ask asks a node which branch to join; nil without an answer, and why.
func (tr *tree) ask(t *Task, p Peer, req message.BranchRequest, b budget) (*message.BranchOffer, error) {
	n := tr.node
	resp := t.Call(p, message.Request{Kind: message.KindBranch, Timeout: b.share(n.cfg.ServerTimeout), Body: &req})
	offer, err := message.As[message.BranchOffer](resp)
	if err != nil || offer.Branch.Name.IsZero() || offer.Branch.Head.IsZero() || offer.Network.IsZero() {
		return nil, err
	}
	if tr.auto() && (offer.Level < 1 || offer.Level+len(offer.Above) != tr.top() || !wholePath(offer.Above)) {
		return nil, message.ErrMalformed
	}
	return offer, nil
}

// askOurs is ask for nodes that the owner has not named: an offer of another network is
// none.
func (tr *tree) askOurs(t *Task, p Peer, req message.BranchRequest, b budget) *message.BranchOffer {
	offer, _ := tr.ask(t, p, req, b)
	if offer != nil && offer.Network != tr.network {
		return nil
	}
	return offer
}

// place takes over an offer at one level.
func (tr *tree) place(level int, offer *message.BranchOffer) {
	if len(tr.path) != tr.top() {
		tr.path, tr.lists = make([]message.Branch, tr.top()), make([]*message.Branches, tr.top())
		for i := range tr.lists {
			tr.lists[i] = message.NewBranches(nil)
		}
	}
	tr.changed()
	tr.setLevels(offer.Levels)
	for i, b := range offer.Above[:min(len(offer.Above), tr.top()-level)] {
		tr.setPath(level+1+i, b)
		tr.setList(level+1+i, message.NewBranches([]message.Branch{b}))
	}
	tr.setPath(level, offer.Branch)
	tr.setList(level, offer.Siblings)
}

// settle takes the last offer: the node belongs to a branch of level 1 from now on. A
// founder has new branches at all levels below, too.
func (tr *tree) settle(level int, offer *message.BranchOffer) {
	tr.place(level, offer)
	if offer.Founder {
		own := message.Branch{Name: tr.node.self, Head: tr.node.self, Size: 1}
		for ; level >= 1; level-- {
			tr.setPath(level, own)
			if level < tr.top() && tr.path[level].Name == own.Name {
				tr.setList(level, message.NewBranches([]message.Branch{own}))
			} else {
				tr.enter(level, own)
			}
		}
	}
	tr.sought = 0
	tr.node.setRoot(tr.path[0].Name)
	tr.node.env.Note(Note{What: NoteBranchJoined, About: tr.path[0].Name})
}
