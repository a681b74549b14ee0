package core

import (
	"errors"
	"slices"
	"time"

	"spreadable/core/message"
)

// original is the rule of npm spreadable 0.3, to the letter and with its quirks, so that
// a simulation shows what the npm network does. Its sync cycle differs from ours in that
// it acts on a view of the network that has not settled.
type original struct{}

// firstSync and nextSync: the original syncs when start has found its bootstrap node, and
// then at every interval. SyncNoise is how far the timers of a busy machine drift.
func (original) firstSync(*Node) time.Duration { return notByTimer }

func (original) nextSync(n *Node) time.Duration {
	interval, noise := n.cfg.SyncInterval, n.cfg.SyncNoise
	if noise == 0 {
		return interval
	}
	return interval + n.jitter(-noise, noise)
}

// start pings the bootstrap node in use, as the original does, and begins to sync when that
// has answered. So nodes that start at one instant, and whose pings the bootstrap node
// answers one after the other, sync one after the other from then on. That decides how
// their network develops: what one of them has changed, the next one sees.
func (original) start(n *Node) {
	if n.cfg.ManualSync {
		return
	}
	n.pool.run(n, func(t *Task) {
		l := &t.node.level1
		for range n.cfg.Bootstrap {
			if l.provider == n.self {
				break
			}
			ping := message.Request{Kind: message.KindPing, Timeout: n.cfg.PingTimeout}
			if t.Call(l.provider, ping).Err == nil {
				break
			}
			l.changeProvider()
		}
		n.env.After(0, n.tag(wakeSync))
	}, nil, 0)
}

// retry does nothing: the original looks for a place at its syncs only.
func (original) retry(*level) {}

// lifetime is npm's, which grows with the size that others claim.
func (original) lifetime(c *Config, size int) time.Duration { return c.lifetime(size, levels) }

func (original) wantsPlaces() bool { return false }

func (original) hasCapacity(*level, int) bool { return true }

func (original) mostSlaves(optimum int) int { return optimum }

// hear does nothing: the original knows no introductions.
func (original) hear(*level, Peer) {}

// suspect does nothing: the original waits until a peer has failed MaxFails times.
func (original) suspect(*level, Peer, error) {}

// sync is one cycle.
func (original) sync(l *level, t *Task) {
	n := l.node
	b := n.budget(n.cfg.SyncInterval)
	n.tidy()
	l.keepProvider()
	l.forgetSilent()
	if status := n.checkRoot(t, b); status != nil && !status.IsRegistered {
		l.loseBacklink()
	}
	master := l.isMaster() // also if it loses all slaves below
	if master {
		l.setMaster(n.self, len(l.slaves), n.env.Now())
	} else {
		l.removeMaster(n.self, n.env.Now())
	}
	l.arrange()
	actual := l.syncUpOriginal(t, b)
	l.arrange()
	actual = append(actual, l.syncDownOriginal(t)...)
	l.arrange()
	if master {
		l.lookAtMasters(t, actual, b)
	} else {
		l.adoptReported(actual)
	}
	l.arrange()
	l.breakMutual()
	l.stepDownOriginal()
	if excess := len(l.slaves) - Optimum(l.size(), levels); excess > 0 {
		for _, s := range l.newestSlaves(excess) {
			l.dropSlave(s)
		}
	}
	if err := l.registerOriginal(t, b); err != nil {
		l.loseBacklink()
		l.registerFailed(err)
	}
	l.arrange()
}

// forgetSilent takes masters that did not answer for a sync lifetime off all lists.
func (l *level) forgetSilent() {
	n := l.node
	if !n.isNormalized() || l.seen == nil {
		return
	}
	now, life := n.env.Now(), n.lifetime()
	masters, seen := l.masters.List, l.seen
	for i, m := range masters {
		if m.Peer != n.self && seen[i] < now-life {
			n.forget(m.Peer)
		}
	}
}

// syncUpOriginal asks the backlink and returns the masters it reports.
func (l *level) syncUpOriginal(t *Task, b budget) []*message.Masters {
	up := l.askUp(t, b.left())
	if up.said == nil {
		return nil
	}
	if l.isMaster() {
		l.setMaster(up.peer, len(up.said.Slaves), l.node.env.Now())
	}
	return []*message.Masters{up.said.Masters}
}

// syncDownOriginal asks every slave and drops those that have another backlink. It
// returns the lists of masters of those slaves that are masters themselves.
func (l *level) syncDownOriginal(t *Task) []*message.Masters {
	n := l.node
	var actual []*message.Masters
	slaves := l.slaves
	responses := t.Gather(slaves, message.Request{Kind: message.KindStructure, Timeout: n.cfg.ServerTimeout})
	l.meetNpm(responses)
	for i, s := range slaves {
		down, err := message.As[message.Structure](responses[i])
		if err != nil {
			continue
		}
		if !l.judgeDown(s, down) {
			l.dropSlave(s)
		}
		if len(down.Slaves) > 0 {
			l.setMaster(s, len(down.Slaves), n.env.Now())
			actual = append(actual, down.Masters)
		}
	}
	return actual
}

// countSlave adds a new slave to the own size, unless it had another role here before: the
// original counts rows. So the own size may be wrong until the next sync.
func (original) countSlave(l *level, known bool) {
	if !known {
		l.changeOwnSize(1)
	}
}

// dropSlave takes a slave off the list, and off the own size unless it has another role.
func (l *level) dropSlave(s Peer) {
	l.removeSlave(s)
	if !l.has(s) {
		l.changeOwnSize(-1)
	}
}

// changeOwnSize adds to the size of the own entry among the masters, if there is one.
func (l *level) changeOwnSize(by int) {
	n := l.node
	if i := l.masterIndex(n.self); i >= 0 {
		l.setMaster(n.self, max(0, int(l.masters.List[i].Size)+by), n.env.Now())
	}
}

// lookAtMasters asks every master that we or our neighbours know for its true size. A
// node without slaves is no master. A master that does not answer stays until it has
// failed too often.
func (l *level) lookAtMasters(t *Task, actual []*message.Masters, b budget) {
	n := l.node
	var peers []Peer
	for _, m := range append([]*message.Masters{l.masters}, actual...) {
		for _, e := range m.List {
			if e.Peer != n.self && !slices.Contains(peers, e.Peer) && n.allowed(e.Peer) {
				peers = append(peers, e.Peer)
			}
		}
	}
	responses := t.Gather(peers, message.Request{Kind: message.KindStructure, Timeout: b.left()})
	for i, p := range slices.Backward(peers) { // as the original does: the last one gets its row first
		answer, err := message.As[message.Structure](responses[i])
		if err != nil {
			continue
		}
		if len(answer.Slaves) > 0 {
			l.setMaster(p, len(answer.Slaves), n.env.Now())
		} else {
			l.removeMaster(p, n.env.Now())
		}
	}
}

// adoptReported gives a plain slave the list of masters that its backlink reported.
// Without an answer the list is empty, and the node believes itself alone until the next
// answer.
func (l *level) adoptReported(actual []*message.Masters) {
	if len(actual) == 0 {
		l.adopt(noMasters)
		return
	}
	l.adoptAllowed(actual[0])
}

// breakMutual leaves a backlink that is also a slave, in networks of more than two nodes:
// such a pair is cut off from all others.
func (l *level) breakMutual() {
	if l.size() > 2 && l.hasSlave(l.backlink) {
		l.loseBacklink()
	}
}

// stepDownOriginal gives up all slaves when there are more masters than the optimum and
// we are not among the largest of them. The own entry stays until the next sync.
func (l *level) stepDownOriginal() {
	optimum := Optimum(l.size(), levels)
	if !l.isMaster() || len(l.masters.List) <= optimum || l.rank() < optimum {
		return
	}
	for _, s := range slices.Clone(l.slaves) {
		l.dropSlave(s)
	}
	l.node.env.Note(Note{What: NoteSteppedDown, Text: tooManyMasters})
}

// provide asks every master for its structure and lists those that have slaves, with
// their slaves as spares.
func (original) provide(l *level, t *Task) message.Response {
	n := l.node
	l.arrange()
	masters := []Peer{n.self}
	if len(l.masters.List) > 0 {
		masters = masters[:0]
		for _, m := range l.masters.List {
			masters = append(masters, m.Peer)
		}
	}
	p := &message.Provision{Lifetime: n.lifetime(), NetworkSize: l.size()}
	ask := message.Request{Kind: message.KindStructure, Timeout: t.requestBudget().left()}
	for i, resp := range t.Gather(masters, ask) {
		s, err := message.As[message.Structure](resp)
		switch {
		case err != nil:
		case len(s.Slaves) > 0:
			p.Results = append(p.Results, message.Place{Address: masters[i], NetworkSize: s.Size(), Spares: s.Slaves})
		case masters[i] == n.self:
			p.Results = append(p.Results, message.Place{Address: n.self, NetworkSize: s.Size(), Spares: []Peer{n.self}})
		}
	}
	return message.Response{Body: p}
}

// registerOriginal looks for a backlink if there is none.
func (l *level) registerOriginal(t *Task, b budget) error {
	n := l.node
	if !l.backlink.IsZero() {
		return nil
	}
	p, err := l.askProvider(t, b)
	if err != nil {
		return err
	}
	results, err := l.agreeing(p)
	if err != nil {
		return err
	}
	winner := l.chooseOriginal(results, p.NetworkSize)
	if winner.IsZero() {
		return errNoMaster
	}
	if err := l.registerAt(t, winner, p, b.left()); err != nil {
		return err
	}
	clear(l.delays())
	n.failsRevision++
	return nil
}

// askProvider asks the bootstrap node in use for a place, and after a failure the others of
// the list, in its order. (The original asks one only, which it has drawn at its start.)
func (l *level) askProvider(t *Task, b budget) (p *message.Provision, err error) {
	n := l.node
	for range n.cfg.Bootstrap {
		provider := l.provider
		if provider == n.self && len(l.masters.List) == 0 && l.isMaster() {
			provider = l.slaves[0]
		}
		if p, err = l.askForPlace(t, provider, b.left()); err == nil {
			return p, nil
		}
		l.changeProvider()
	}
	return nil, err
}

// keepProvider draws another bootstrap node when the one in use is no longer in the list,
// which the owner can change.
func (l *level) keepProvider() {
	if !slices.Contains(l.node.cfg.Bootstrap, l.provider) {
		l.provider = l.firstBootstrap()
	}
}

// changeProvider takes the next bootstrap node of the list into use, the own address only
// if there is no other.
func (l *level) changeProvider() {
	n := l.node
	at := slices.Index(n.cfg.Bootstrap, l.provider)
	for i := range n.cfg.Bootstrap {
		next := n.cfg.Bootstrap[(at+1+i)%len(n.cfg.Bootstrap)]
		if next != n.self {
			l.provider = next
			return
		}
	}
}

var errNotNormalized = errors.New("the network is not normalized yet")

// agreeing is the rule that stalls the original: every master must report the network
// size that the provider sees. The first time that a master disagrees, the registration
// fails. For a sync lifetime after that the master is left out, and with it every result
// behind it in the list, because of a mistake in the original (a splice without a count).
// Then it fails the registration again.
func (l *level) agreeing(p *message.Provision) ([]message.Place, error) {
	n := l.node
	now := n.env.Now()
	results := slices.Clone(p.Results)
	for i := len(results) - 1; i >= 0; i-- {
		r := &results[i]
		if r.NetworkSize == p.NetworkSize {
			delete(l.delays(), r.Address)
			n.failsRevision++
			if !n.allowed(r.Address) {
				results = slices.Delete(results, i, i+1)
			}
			continue
		}
		delays := l.table().delays
		since, delayed := delays[r.Address]
		if !delayed {
			delays[r.Address] = now
			n.failsRevision++
		}
		if !delayed || since+p.Lifetime <= now {
			return nil, errNotNormalized
		}
		results = results[:i]
	}
	return results, nil
}

// chooseOriginal draws a free master: an eligible one with fewer slaves than the optimum.
// When none is free it draws among one random slave of each result. A result without an
// eligible slave can be drawn as well: then there is no place this time, and the answer
// is the zero Peer.
func (l *level) chooseOriginal(results []message.Place, networkSize int) Peer {
	n := l.node
	var free, fallback []Peer
	rng := n.env.Rand()
	for i := len(results) - 1; i >= 0; i-- {
		r := results[i]
		spares := slices.DeleteFunc(slices.Clone(r.Spares), func(p Peer) bool {
			return !n.allowed(p) || !l.eligible(p, networkSize)
		})
		spare := Peer{}
		if len(spares) > 0 {
			spare = spares[rng.IntN(len(spares))]
		}
		fallback = append(fallback, spare)
		if l.eligible(r.Address, networkSize) && len(spares) < Optimum(r.NetworkSize, levels) {
			free = append(free, r.Address)
		}
	}
	if most := Optimum(networkSize, levels); len(free) > most {
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
