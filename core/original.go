package core

import (
	"slices"
	"spreadable/core/message"
	"time"
)

// The registration rule of npm spreadable 0.3, to the letter and with its quirks, so that a simulation shows what the
// npm network does. Its sync cycle differs from ours in what it does with an unsettled view: it acts on it.

// syncOriginal is one cycle.
func (n *Node) syncOriginal(t *Task) {
	b := n.budget(n.cfg.SyncInterval)
	n.tidy()
	n.forgetSilent()
	if status := n.checkRoot(t, b); status != nil && !status.IsRegistered {
		n.loseBacklink()
	}
	if n.isMaster() {
		n.setMaster(n.self, len(n.slaves), n.env.Now())
	} else {
		n.removeMaster(n.self, n.env.Now())
	}
	actual := n.syncUpOriginal(t, b)
	actual = append(actual, n.syncDownOriginal(t)...)
	if n.isMaster() {
		n.lookAtMasters(t, actual, b)
	} else {
		n.adoptReported(actual)
	}
	n.breakMutual()
	n.stepDownOriginal()
	if excess := len(n.slaves) - Optimum(n.size()); excess > 0 {
		for _, s := range n.newestSlaves(excess) {
			n.removeSlave(s)
		}
		n.bumpOwnSize()
	}
	if err := n.registerOriginal(t, b); err != nil {
		n.loseBacklink()
		n.registerFailed(err)
	}
}

// forgetSilent deletes masters that were not confirmed for a sync lifetime, with whatever else they were to us.
func (n *Node) forgetSilent() {
	if !n.isNormalized() || n.seen == nil {
		return
	}
	now, life := n.env.Now(), n.cfg.lifetime(n.size())
	masters, seen := n.masters.List, n.seen
	for i, m := range masters {
		if m.Peer != n.self && seen[i] < now-life {
			n.forget(m.Peer)
		}
	}
}

// syncUpOriginal asks the backlink and returns the masters it reports.
func (n *Node) syncUpOriginal(t *Task, b budget) []*message.Masters {
	up := n.askUp(t, b.left())
	if up.said == nil {
		return nil
	}
	if n.isMaster() {
		n.setMaster(up.peer, len(up.said.Slaves), n.env.Now())
	}
	return []*message.Masters{up.said.Masters}
}

// syncDownOriginal asks every slave and drops those that have gone elsewhere. It returns the masters that slaves report
// who are masters themselves.
func (n *Node) syncDownOriginal(t *Task) []*message.Masters {
	var actual []*message.Masters
	slaves := n.slaves
	responses := t.gather(slaves, message.Request{Kind: message.KindStructure, Timeout: n.cfg.ServerTimeout})
	for i, s := range slaves {
		down, err := message.As[message.Structure](responses[i])
		if err != nil {
			continue
		}
		if !n.judgeDown(s, down) {
			n.removeSlave(s)
			n.bumpOwnSize()
		}
		if len(down.Slaves) > 0 {
			n.setMaster(s, len(down.Slaves), n.env.Now())
			actual = append(actual, down.Masters)
		}
	}
	return actual
}

// lookAtMasters asks every master that we or our neighbours know for its true size. Who has no slaves is no master; who
// does not answer stays until it is broken.
func (n *Node) lookAtMasters(t *Task, actual []*message.Masters, b budget) {
	var peers []Peer
	for _, m := range append([]*message.Masters{n.masters}, actual...) {
		for _, e := range m.List {
			if e.Peer != n.self && !slices.Contains(peers, e.Peer) && n.allowed(e.Peer) {
				peers = append(peers, e.Peer)
			}
		}
	}
	responses := t.gather(peers, message.Request{Kind: message.KindStructure, Timeout: b.left()})
	for i, p := range peers {
		answer, err := message.As[message.Structure](responses[i])
		if err != nil {
			continue
		}
		if len(answer.Slaves) > 0 {
			n.setMaster(p, len(answer.Slaves), n.env.Now())
		} else {
			n.removeMaster(p, n.env.Now())
		}
	}
}

// adoptReported makes a plain slave's list the one its backlink reported; without an answer it is empty, and the node
// believes itself alone until the next good one.
func (n *Node) adoptReported(actual []*message.Masters) {
	if len(actual) == 0 {
		n.adopt(noMasters)
		return
	}
	n.adoptAllowed(actual[0])
}

// breakMutual leaves a backlink that is also a slave, in networks of more than two: such a pair hangs on nothing.
func (n *Node) breakMutual() {
	if n.size() > 2 && n.hasSlave(n.backlink) {
		n.loseBacklink()
	}
}

// stepDownOriginal gives up all slaves when there are more masters than the optimum and we are not among the largest.
func (n *Node) stepDownOriginal() {
	optimum := Optimum(n.size())
	if !n.isMaster() || len(n.masters.List) <= optimum || n.rank() < optimum {
		return
	}
	n.stepDown()
}

// provideOriginal asks every master for its structure and lists those that have slaves, with their slaves as candidates.
func (n *Node) provideOriginal(t *Task) *message.Provision {
	masters := []Peer{n.self}
	if len(n.masters.List) > 0 {
		masters = masters[:0]
		for _, m := range n.masters.List {
			masters = append(masters, m.Peer)
		}
	}
	p := &message.Provision{Lifetime: n.cfg.lifetime(n.size()), NetworkSize: n.size()}
	for i, resp := range t.gather(masters, message.Request{Kind: message.KindStructure, Timeout: t.requestBudget().left()}) {
		s, err := message.As[message.Structure](resp)
		switch {
		case err != nil:
		case len(s.Slaves) > 0:
			p.Results = append(p.Results, message.Place{Address: masters[i], NetworkSize: s.Size(), Spares: s.Slaves})
		case masters[i] == n.self:
			p.Results = append(p.Results, message.Place{Address: n.self, NetworkSize: s.Size(), Spares: []Peer{n.self}})
		}
	}
	return p
}

// registerOriginal looks for a backlink if there is none.
func (n *Node) registerOriginal(t *Task, b budget) error {
	if !n.backlink.IsZero() {
		return nil
	}
	provider := n.provider
	if provider == n.self && len(n.masters.List) == 0 && n.isMaster() {
		provider = n.slaves[0]
	}
	p, err := n.askForPlace(t, provider, b.left())
	if err != nil {
		return err
	}
	results, err := n.agreeing(p)
	if err != nil {
		return err
	}
	winner := n.chooseOriginal(results, p.NetworkSize)
	if winner.IsZero() {
		return errNoMaster
	}
	if err := n.registerAt(t, winner, p, b.left()); err != nil {
		return err
	}
	n.delays = nil
	n.failsRevision++
	return nil
}

var errNotNormalized = message.Refusal(message.CodeNotNormalized, "")

// agreeing is the rule that stalls the original: every master must report the network size that the provider sees. The
// first disagreement of a master fails the registration; for a sync lifetime after that the master is left out, and,
// because of a slip in the original (a splice without a count), with it every result behind it in the list; then it fails
// the registration again.
func (n *Node) agreeing(p *message.Provision) ([]message.Place, error) {
	now := n.env.Now()
	results := slices.Clone(p.Results)
	for i := len(results) - 1; i >= 0; i-- {
		r := &results[i]
		if r.NetworkSize == p.NetworkSize {
			delete(n.delays, r.Address)
			n.failsRevision++
			if !n.allowed(r.Address) {
				results = slices.Delete(results, i, i+1)
			}
			continue
		}
		since, delayed := n.delays[r.Address]
		if n.delays == nil {
			n.delays = make(map[Peer]time.Duration)
		}
		if !delayed {
			n.delays[r.Address] = now
			n.failsRevision++
		}
		if !delayed || since+p.Lifetime <= now {
			return nil, errNotNormalized
		}
		results = results[:i]
	}
	return results, nil
}

// chooseOriginal draws a free master: an eligible one with fewer slaves than the optimum. When none is free it draws among
// one random candidate of each result, where an empty slot can be drawn as well. Nobody means no luck this time.
func (n *Node) chooseOriginal(results []message.Place, networkSize int) Peer {
	var free, fallback []Peer
	rng := n.env.Rand()
	for i := len(results) - 1; i >= 0; i-- {
		r := results[i]
		candidates := slices.DeleteFunc(slices.Clone(r.Spares), func(p Peer) bool {
			return !n.allowed(p) || !n.eligible(p, networkSize)
		})
		spare := Peer{}
		if len(candidates) > 0 {
			spare = candidates[rng.IntN(len(candidates))]
		}
		fallback = append(fallback, spare)
		if n.eligible(r.Address, networkSize) && len(candidates) < Optimum(r.NetworkSize) {
			free = append(free, r.Address)
		}
	}
	if most := Optimum(networkSize); len(free) > most {
		slices.SortFunc(free, func(a, b Peer) int {
			if n.cfg.Book.Less(a, b) {
				return -1
			}
			return 1
		})
		free = free[:most]
	}
	if len(free) == 0 {
		free = fallback
	}
	if len(free) == 0 {
		return Peer{}
	}
	return free[rng.IntN(len(free))]
}
