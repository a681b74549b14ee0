package core

import (
	"math"
	"slices"
	"time"

	"spreadable/core/message"
)

// The directed rule, which is ours. It uses the messages of the original and differs in
// four things, for which the package comment gives the reasons: the provider chooses the
// place (placement.go); masters discover each other until no new one turns up
// (discovery.go); a node without a place asks again soon; and no node steps down or
// sheds slaves before its view has calmed, or refuses newcomers before it has settled.

// view is how steady the network size is, as the node knows it.
type view struct {
	size    int32 // at the last sync
	rounds  int32 // syncs in a row in which the size changed by no more than a 32nd
	changed bool  // the size was another at the sync before
	calm    uint8 // syncs in a row in which it changed by no more than an eighth, up to 2
}

// settled reports whether the network size has roughly held for two rounds.
func (v *view) settled() bool { return v.rounds >= 2 }

// calmed reports whether the size has changed little for two rounds. Only then does a
// node normalize, or after one round if it has lost a peer lately. A master that steps
// down takes its slaves out of all counts until they have found a place: in a network of
// a thousand nodes two of them change the size by more than settled allows. So after two
// halves have met, the masters that are too many would step down one after the other.
func (v *view) calmed() bool { return v.calm >= 2 }

func (v *view) observe(size int) {
	size = min(size, math.MaxInt32)
	last := int(v.size)
	difference := max(size-last, last-size)
	v.changed = difference > 0
	if difference*32 <= size {
		v.rounds++
	} else {
		v.rounds = 0
	}
	if difference*8 <= size {
		v.calm = min(v.calm+1, 2)
	} else {
		v.calm = 0
	}
	v.size = int32(size)
}

// slack is how far the number of masters, or of a master's slaves, may exceed the optimum
// before a node acts on it. Very small networks, in which all other masters are slaves of
// one master, need one; the sixteenth keeps networks near a square number from moving
// nodes back and forth.
func slack(optimum int) int { return 1 + optimum/16 }

// directed is our rule.
type directed struct{}

// firstSync and nextSync spread the syncs over the interval, so that nodes that start
// together do not all ask their bootstrap node at the same instant.
func (directed) firstSync(n *Node) time.Duration { return n.jitter(0, n.cfg.SyncInterval/16) }

func (directed) nextSync(n *Node) time.Duration {
	interval := n.cfg.SyncInterval
	if n.env.Now()-n.started > interval/2 {
		return interval
	}
	return n.jitter(interval/4, interval*5/4)
}

// start names the network at once if no other node could.
func (directed) start(n *Node) { n.startRoot() }

// lifetime is the same in all networks, and as long as the original's in one of three
// nodes: by default five minutes and 20 seconds. The directed rule mends a network of any
// size within a few intervals. And the size is what others claim: if it counted here, one
// liar could stretch the delay of its own ban to hours.
func (directed) lifetime(c *Config, _ int) time.Duration { return c.lifetime(1, levels) }

func (directed) wantsPlaces() bool { return true }

func (directed) mostSlaves(optimum int) int { return optimum + slack(optimum) }

// sync is one cycle.
func (directed) sync(l *level, t *Task) {
	n := l.node
	b := n.budget(n.cfg.SyncInterval)
	n.tidy()
	n.findRoot(t, b)
	up := l.askUp(t, b.atMost(n.cfg.ServerTimeout))
	l.rate(up)
	down := l.askDown(t, b)
	before, calm := l.masters, l.view.calmed()
	if l.isMaster() {
		l.findMasters(t, up, down, b)
	} else {
		l.believe(up)
		l.know(up, b)
	}
	if 2*len(l.masters.List) < len(before.List) {
		l.keepBridges()
	}
	l.askBridge(b)
	if up.said != nil && l.backlink == up.peer {
		l.audit(t, up.said, b, before, calm)
	}
	l.question(t, b)
	l.setExact(up.said != nil && l.backlink == up.peer)
	l.view.observe(l.size())
	l.rounds++
	if up.said != nil {
		l.dropped = max(0, l.dropped-1)
	}
	l.leaveMutual(up)
	if l.mayNormalize() {
		l.normalize()
		l.shedCrowds()
	}
	if l.ledger != nil {
		l.ledger.refresh(l)
	}
	l.registerDirected(t, b)
}

// askDown asks every slave, drops those that have another backlink and returns the
// answers of those that are masters. A slave learns of its registration one message later
// than its master, so a newcomer may still be without a backlink.
func (l *level) askDown(t *Task, b budget) []answer {
	var masters []answer
	slaves := l.slaves
	responses := t.Gather(slaves, message.Request{
		Kind: message.KindStructure, Timeout: b.atMost(l.node.cfg.ServerTimeout),
	})
	l.meetNpm(responses)
	var gone []Peer
	for i, s := range slaves {
		down, err := message.As[message.Structure](responses[i])
		if err != nil {
			l.disappointed(s, err)
			continue
		}
		switch faithful := l.judgeDown(s, down); {
		case faithful && l.knownBy(down):
			l.satisfied(s)
		case faithful:
			l.disappointed(s, nil)
		case !down.Backlink.IsZero() || !l.isNew(s):
			gone = append(gone, s)
			l.parted(s, excusable)
		}
		if len(down.Slaves) > 0 {
			masters = append(masters, answer{peer: s, said: down})
		}
	}
	if len(gone) > 0 {
		l.keepSlaves(func(i int) bool { return !slices.Contains(gone, l.slaves[i]) })
		l.bumpOwnSize()
	}
	return masters
}

// rate counts whether the backlink was of use: it has answered, and knows a master's size.
func (l *level) rate(up answer) {
	switch {
	case up.err != nil:
		l.disappointed(up.peer, up.err)
	case up.said == nil: // there is no backlink
	case l.isMaster() && !l.knownBy(up.said) || contradictory(up.peer, up.said):
		l.disappointed(up.peer, nil)
	default:
		if !l.node.tree().mayMisname(up.peer) {
			l.satisfied(up.peer)
		}
		l.askAgain(up.peer, 0)
	}
}

// isNew reports whether slave s was listed so recently that it may not know of it yet.
func (l *level) isNew(s Peer) bool {
	n := l.node
	for i, p := range l.slaves {
		if p == s {
			return n.env.Now()-l.joined[i] < n.cfg.ServerTimeout+n.cfg.PingTimeout
		}
	}
	return false
}

// believe renews a plain slave's list of masters: it takes over the backlink's. Without
// an answer it keeps the old list, without itself.
func (l *level) believe(up answer) {
	n := l.node
	l.forgetAges()
	l.looked = nil // else a former master would hold what all others answered
	if up.said == nil {
		l.removeMaster(n.self, n.env.Now())
		return
	}
	l.adoptAllowed(up.said.Masters)
}

// findMasters renews a master's list of masters by a discovery: it asks all that it
// knows, and all that they know, until no new one turns up. A node that answers with
// slaves is a master of that size. A master that does not answer keeps its last known
// size until it has failed too often.
//
// One discovery visits a component of the graph of which master knows which, however its
// backlinks run. Asking a bootstrap node as well joins the components. And a master whose
// view has just changed introduces itself to every node that it asks, so that both know
// each other.
func (l *level) findMasters(t *Task, up answer, down []answer, b budget) {
	s := l.beginDiscovery(b)
	told := down
	if up.said != nil {
		told = append(told, up)
	}
	for _, a := range told {
		s.skip(a.peer)
	}
	for i, m := range l.masters.List {
		s.meetAs(acquaintance{m.Peer, int32(i), -1})
	}
	if r := l.reserve; r != nil {
		for _, p := range r.heard {
			s.meet(p)
		}
		r.heard = nil
	}
	if l.ledger != nil {
		l.ledger.meet(s)
	}
	rendezvous := l.rendezvous()
	s.meet(rendezvous)
	s.meet(l.lookBack())
	for _, a := range told {
		s.take(acquaintance{a.peer, -1, -1}, a.said)
	}
	s.run(t)
	s.verify(t)
	s.learnAges(t)
	if adrift := slices.Contains(s.silent, rendezvous); adrift || l.reserve != nil {
		l.reserves().adrift = adrift
	}
	s.finish()
	s.free()
}

// rendezvous is the bootstrap address to ask in this sync, of several another one each
// time. It is zero if that is the node itself.
func (l *level) rendezvous() Peer {
	n := l.node
	list := n.bootstrap()
	p := list[(int(l.rounds)+int(n.self.ID()))%len(list)]
	if p == n.self {
		return Peer{}
	}
	return p
}

// hear remembers, as a master, another one that introduced itself, to ask it at our next
// sync. A sender without an address cannot be asked. A slave that knows few addresses
// elsewhere adds this one: a bootstrap node that is back without its data knows only the
// node that took it, which may lie.
func (directed) hear(l *level, from Peer) {
	switch {
	case from.IsZero():
	case !l.isMaster():
		if l.backlink.IsZero() {
			l.call(from)
		} else if l.known[len(l.known)-1].IsZero() {
			l.knowElsewhere(from)
		}
	case l.masterIndex(from) < 0:
		r := l.reserves()
		// bounds against a flood of introductions, from one host and in all
		if len(r.heard) < 64+4*len(l.masters.List) && !slices.Contains(r.heard, from) &&
			l.heardOf(from) < l.node.cfg.HostPlaces {
			r.heard = append(r.heard, from)
			l.greet()
		}
	}
}

// heardOf is how many introductions of a peer's host are remembered.
func (l *level) heardOf(from Peer) int {
	n, count := l.node, 0
	if !n.perHost || l.reserve == nil {
		return 0
	}
	for _, p := range l.reserve.heard {
		if n.hostOf(p) == n.hostOf(from) {
			count++
		}
	}
	return count
}

var introduction = &message.Introduction{}

// leaveMutual leaves a backlink that is also our slave, in networks of more than two
// nodes: such a pair is cut off from all others. Of two Go nodes only one leaves: the one
// with fewer slaves, for which it is easier to find another place.
func (l *level) leaveMutual(up answer) {
	n := l.node
	if up.said == nil || l.backlink != up.peer || l.size() <= 2 || !l.hasSlave(l.backlink) {
		return
	}
	own, other := len(l.slaves), len(up.said.Slaves)
	if own < other || own == other && n.cfg.Book.Less(n.self, l.backlink) {
		l.loseBacklink()
	}
}

// normalize brings the lists of a settled network back to their optimum when they exceed
// it by more than the slack: the smallest masters step down, and the latest slaves of an
// overfull master have to look for another. The masters that stay have the capacity for
// them, because the optimum squared is more than the size. All that are concerned are told,
// because they would notice it only at their next sync.
func (l *level) normalize() {
	n := l.node
	optimum := Optimum(l.size(), levels)
	most := optimum + slack(optimum)
	if l.isMaster() && len(l.masters.List) > most && l.rank() >= l.spared(optimum) {
		l.giveUp(tooManyMasters)
		return
	}
	if len(l.slaves) <= most {
		return
	}
	shed := l.newestSlaves(len(l.slaves) - optimum)
	l.keepSlaves(func(i int) bool { return !slices.Contains(shed, l.slaves[i]) })
	l.bumpOwnSize()
	n.tell(shed, message.LeaveRequest{})
	for _, s := range shed {
		n.env.Note(Note{What: NoteShed, About: s})
	}
}

// tooManyMasters is why a master steps down where there are more than the optimum.
const tooManyMasters = "there are too many masters"

// mayNormalize reports whether the lists are right enough. After deaths one steady round is
// enough: the network is being put right anyhow, and a later correction would make exact
// sizes wrong again. But while many masters are silent, there seem to be far too many.
func (l *level) mayNormalize() bool {
	switch {
	case l.manySilent():
		return false
	case l.lostLately():
		return l.view.rounds > 0
	}
	return l.view.calmed()
}

func (directed) countSlave(l *level, _ bool) { l.bumpOwnSize() }

// hasCapacity refuses a newcomer only at a settled master, by the larger of its own view
// of the network and that of the newcomer's provider; and at a node that has just stepped
// down, so that an old list does not make it a master again. A master that has lost a peer
// lately, but none of its slaves, is a young one: it takes as many as a provider expects
// while masters die.
func (directed) hasCapacity(l *level, networkSize int) bool {
	n := l.node
	if l.steppedDown > 0 && n.env.Now()-l.steppedDown < 2*n.cfg.SyncInterval {
		return false // if it leaves, for ever
	}
	// a newcomer may exaggerate, but not without bounds
	size := max(l.size(), min(networkSize, 4*l.size()))
	if after := l.sizeAfterDeaths(); after > 0 {
		size = min(size, after)
	} else if !l.view.settled() {
		return true
	} else if l.lostLately() {
		return len(l.slaves)+int(l.interviews) < Optimum(size*survivors/16, levels)
	}
	optimum := Optimum(size, levels)
	return len(l.slaves)+int(l.interviews) < optimum+slack(optimum)
}

// retry asks for a place again, well before the next sync, after the last attempt failed.
func (directed) retry(l *level) {
	n := l.node
	l.retryDue = false
	if l.backlink.IsZero() && !n.syncing {
		n.syncing = true
		n.pool.run(n, retryCycle, nil, 0)
	}
}

func retryCycle(t *Task) {
	n := t.node
	b := n.budget(n.cfg.SyncInterval / 2)
	n.findRoot(t, b)
	n.level1.registerDirected(t, b)
	n.syncing = false
}

// registerDirected looks for a backlink if there is none. If that fails it sets the timer
// for the next attempt: after 1 to 8 sixteenths of the interval, the longer the more
// attempts have failed, with jitter.
func (l *level) registerDirected(t *Task, b budget) {
	n := l.node
	if !l.backlink.IsZero() || l.isKeptOut() || l.steppedDown == parts {
		return
	}
	if l.dropped >= 2*maxDrops {
		l.dropped = 0
		l.shedNewest()
	}
	answered, err := l.tryPlaces(t, b)
	if err != nil {
		l.registerFailed(err)
		err = l.comeUnder(t, answered, b)
	}
	if err == nil {
		l.tries, l.firstAsked = 0, 0
		l.catchUp()
		return
	}
	if !n.cfg.ManualSync && !l.retryDue && !l.isKeptOut() {
		l.retryDue = true
		wait := min(n.cfg.SyncInterval/16<<min(l.tries, 3), n.cfg.SyncInterval/2)
		n.env.After(n.jitter(wait/2, wait), n.tag(wakeRetry))
	}
	l.tries++
}

// maxPlaces is how many places a newcomer tries before it asks again.
const maxPlaces = 4

// tryPlaces tries to register at the places that a provider names. Answered says whether
// there was a provider.
func (l *level) tryPlaces(t *Task, b budget) (answered bool, err error) {
	p, err := l.findPlaces(t, b)
	if err != nil {
		return false, err
	}
	l.firstAsked++
	err = errNoMaster
	for _, place := range l.order(p) {
		if err = l.registerAt(t, place, p, l.placeTimeout(b)); err == nil {
			break
		}
	}
	return true, err
}

// findPlaces asks the bootstrap nodes for places in the order of the list, so that all
// newcomers ask the same one while it answers. After a failure the next attempt begins
// with the next of them. We may be one of them. One that was lost, or does not answer, is
// asked last, after others that we know.
func (l *level) findPlaces(t *Task, b budget) (p *message.Provision, err error) {
	n := l.node
	if n.root.IsZero() {
		return nil, message.ErrWrongRoot // a member would refuse us
	}
	providers, late, full := n.bootstrap(), []Peer(nil), error(nil)
	for i := range providers {
		provider := providers[(int(l.firstAsked)+i)%len(providers)]
		if provider == n.self {
			return l.placesOfSelf(t, b), nil
		}
		if l.isLost(provider) || l.isAdrift() {
			late = append(late, provider)
		} else if p, err = l.askForPlace(t, provider, l.placeTimeout(b)); err == nil {
			return p, nil
		} else if message.IsRefusal(err, message.CodeMasterFull) {
			full = err
		}
	}
	if p = l.askOthers(t, b, full == nil && l.tries == 0); p != nil {
		return p, nil
	}
	if l.isMaster() && l.tries%2 == 1 { // the silent ones would leave no time for our slaves
		late = nil
	}
	for _, provider := range late {
		if p, err = l.askForPlace(t, provider, b.share(2*n.cfg.ServerTimeout)); err == nil {
			return p, nil
		}
	}
	if full != nil {
		l.keepOut()
		return nil, full
	}
	if l.isMaster() { // our slaves are all that is left
		return l.findPlacesFor(t, n.self, l.formerBacklink(), b), nil
	}
	return nil, err
}

// placesOfSelf are the places that we find for ourselves, as a bootstrap node. The lists
// of a node that is no master are old if it has no backlink, and those of a master did
// not help if the last attempt failed: then others know better, if there are any.
func (l *level) placesOfSelf(t *Task, b budget) *message.Provision {
	if !l.isMaster() || l.tries%2 == 1 {
		if p := l.askOthers(t, b, false); p != nil {
			return p
		}
	}
	return l.findPlacesFor(t, l.node.self, l.formerBacklink(), b)
}

// placeTimeout is enough for a provider or a master that has to ask a peer itself. One
// that hangs must not use up the whole budget, and where the bootstrap node is silent
// others may be, too.
func (l *level) placeTimeout(b budget) time.Duration {
	enough := 2 * l.node.cfg.ServerTimeout
	if l.isAdrift() {
		return b.share(enough)
	}
	return b.atMost(enough)
}

// order returns the places to try, best first. A provider of the directed rule has
// ordered them. An npm provider lists all masters with their slaves: then the order is
// random, free masters first, slaves of all masters after them.
func (l *level) order(p *message.Provision) []Peer {
	n := l.node
	var places, spare []Peer
	directed := true
	for _, r := range p.Results {
		directed = directed && len(r.Spares) == 1 && r.Spares[0] == r.Address
		free := len(r.Spares) < Optimum(r.NetworkSize, levels)
		if free && l.eligible(r.Address, p.NetworkSize) && n.allowed(r.Address) && !l.avoids(r.Address) {
			places = append(places, r.Address)
		}
		for _, c := range r.Spares {
			if l.eligible(c, p.NetworkSize) && n.allowed(c) && !l.avoids(c) && c != r.Address {
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
	// one that has just not answered us may be back, but is tried last
	slices.SortStableFunc(places, func(a, b Peer) int { return compareBools(l.justLost(a), l.justLost(b)) })
	return places[:min(maxPlaces, len(places))]
}

// compareBools orders false before true.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
