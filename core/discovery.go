package core

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"spreadable/core/message"
)

// discovery is a master's walk over the graph of which master knows which. It asks every
// master that it meets, and meets every master that these name, until no new one turns
// up.
//
// A name is worth nothing until its node has answered: any peer can name addresses
// without end. So what one peer names is asked in portions, of which only the first is
// free. An answer makes room for another name, and one of a master for several, so an
// honest list is asked as a whole within a few waves. A new name that did not answer is
// not asked again for some syncs, unless it introduces itself.
//
// Every master does this at every sync, and each of its √N answers lists all √N masters:
// as many names as the network has nodes. So a name costs one look at the marks. A list
// costs nothing if it was looked through at the last discovery, or if it names the same
// masters as another.
type discovery struct {
	level     *level
	budget    budget
	met       []acquaintance       // in the order of meeting
	asked     int                  // how many of met have been asked
	informers []informer           // the peers whose lists are looked through
	confirmed []message.Master     // those that answered with slaves
	told      []*message.Structure // parallel to confirmed: what each answered
	places    []int32              // parallel to confirmed, too: as in acquaintance
	silent    []Peer               // no answer, or no time left to ask
	lost      int                  // masters of our old list that did not answer
	thorough  bool                 // look through lists again that were seen before
	most      int                  // how many to meet at most
	sets      [8]uint64            // digests of the latest lists of masters
	last      int                  // index in sets of the latest
	hosts     map[host]meetings    // see hostFits
	wave      []Peer               // those that are asked at once
}

// acquaintance is a peer to ask.
type acquaintance struct {
	peer     Peer
	place    int32 // its index in our old list, or -1
	informer int32 // index of the informer that named it, or -1
}

// informer is a peer whose list of masters is looked through, portion by portion.
type informer struct {
	list []message.Master // that have not been looked at
	left int              // new names that it may still tell
}

const (
	// maxWaves bounds the walk. Each wave reaches one step further in the graph. As every
	// master walks, the next syncs find what one sync has not reached.
	maxWaves = 8
	// maxMasters is the most masters of any network: those of a billion nodes.
	maxMasters = 32_000
	// thoroughEvery is how many syncs pass until a settled master looks through all lists
	// again.
	thoroughEvery = 64
	// namesForMaster is how many more new names a peer may tell for each master that it
	// has told of.
	namesForMaster = 4
	// absentFor is how many syncs a new name that did not answer is not asked again, and
	// maxAbsent how many such names are remembered.
	absentFor = 4
	maxAbsent = 1024
)

// beginDiscovery starts a walk. Until the next wait the marks are the peers that it has
// met.
func (l *level) beginDiscovery(b budget) *discovery {
	d := l.node.pool.walk()
	d.level, d.budget = l, b
	d.thorough = l.view.changed || l.unfinished || l.rounds%thoroughEvery == 0
	d.met = slices.Grow(d.met, len(l.masters.List)+8)
	d.most = maxMasters
	if l.view.calmed() {
		// A network does not grow more than that between two syncs: the rest are lies.
		d.most = 4*len(l.masters.List) + 64
	}
	d.confirmed = slices.Grow(d.confirmed, cap(d.met))
	d.told = slices.Grow(d.told, cap(d.met))
	d.places = slices.Grow(d.places, cap(d.met))
	l.node.pool.marks.reset()
	l.node.pool.marks.put(l.node.self, 0)
	return d
}

// meet puts p on the list of those to ask, once.
func (d *discovery) meet(p Peer) { d.meetAs(acquaintance{p, -1, -1}) }

// meetAs is meet for a peer of which we know more. It reports whether the peer is new.
func (d *discovery) meetAs(a acquaintance) bool {
	n := d.level.node
	if len(d.met) >= d.most || a.peer.IsZero() || !n.pool.marks.put(a.peer, 0) || !n.allowed(a.peer) ||
		!d.hostFits(a) {
		return false
	}
	d.met = append(d.met, a)
	return true
}

// meetings are how many peers of a host were met, and which of them comes last by address.
type meetings struct {
	count int
	last  Peer
}

// hostFits counts a peer that is met for its host, and reports whether the walk may ask it:
// of one host it asks no more than the network takes, for a machine has thousands of
// ports, and each could answer as a master. Those of our own list are few already, and once
// as many as these are asked only if they could take the place of one; see keepFew.
func (d *discovery) hostFits(a acquaintance) bool {
	n := d.level.node
	if !n.perHost {
		return true
	}
	of, places := n.hostOf(a.peer), n.cfg.HostPlaces
	met := d.hosts[of]
	full := met.count >= places && (met.count >= 2*places || !n.cfg.Book.Less(a.peer, met.last))
	if a.place < 0 && full && !n.trusted(a.peer) {
		return false
	}
	if d.hosts == nil {
		d.hosts = make(map[host]meetings)
	}
	if met.last.IsZero() || n.cfg.Book.Less(met.last, a.peer) {
		met.last = a.peer
	}
	d.hosts[of] = meetings{met.count + 1, met.last}
	return true
}

// skip leaves out a peer that has already said what we would ask.
func (d *discovery) skip(p Peer) { d.level.node.pool.marks.put(p, 0) }

// take uses an answer: its sender is a master if it has slaves, and the walk meets all
// masters that it knows.
func (d *discovery) take(from acquaintance, answer *message.Structure) {
	d.level.recovered(from.peer)
	if d.level.ledger != nil {
		d.level.ledger.report(from.peer, answer.Slaves)
	}
	if len(answer.Slaves) > 0 {
		d.confirmed = append(d.confirmed, message.Master{Peer: from.peer, Size: uint32(len(answer.Slaves))})
		d.told, d.places = append(d.told, answer), append(d.places, from.place)
	}
	if i := from.informer; i >= 0 {
		d.informers[i].left++
		if len(answer.Slaves) > 0 {
			d.informers[i].left += namesForMaster - 1
		}
	}
	if !d.thorough && d.level.sawList(from.place, answer.Masters) {
		return
	}
	d.level.judgeMaster(from.peer, answer)
	if set := answer.Masters.Set(); set != 0 {
		if slices.Contains(d.sets[:], set) {
			return
		}
		d.last = (d.last + 1) % len(d.sets)
		d.sets[d.last] = set
	}
	d.informers = append(d.informers, informer{answer.Masters.List, d.level.node.cfg.NewNames})
	d.listen(len(d.informers) - 1)
}

// sawList reports whether the master at a place of the list named these very masters at
// the last discovery, too.
func (l *level) sawList(place int32, m *message.Masters) bool {
	return place >= 0 && int(place) < len(l.looked) && l.looked[place] != nil && l.looked[place].Masters == m
}

// listen meets the next names of an informer, as many as it may still tell.
func (d *discovery) listen(i int) {
	l, in := d.level, &d.informers[i]
	for in.left > 0 && len(in.list) > 0 && len(d.met) < d.most {
		p := in.list[0].Peer
		in.list = in.list[1:]
		if !l.isAbsent(p) && d.meetAs(acquaintance{p, -1, int32(i)}) {
			in.left--
		}
	}
}

func (d *discovery) run(t *Task) {
	req := message.Request{Kind: message.KindStructure}
	if d.level.view.changed {
		req.Body = introduction
	}
	for wave := 0; wave < maxWaves && d.asked < len(d.met) && d.budget.left() > 0; wave++ {
		req.Timeout = d.budget.atMost(d.level.node.cfg.ServerTimeout)
		asked := d.met[d.asked:]
		d.asked = len(d.met)
		d.wave = d.wave[:0]
		for _, a := range asked {
			d.wave = append(d.wave, a.peer)
		}
		responses := t.Gather(d.wave, req)
		d.remark()
		for i, resp := range responses {
			if answer, err := message.As[message.Structure](resp); err == nil {
				d.take(asked[i], answer)
				d.level.satisfied(d.wave[i])
			} else {
				d.silent = append(d.silent, d.wave[i])
				d.miss(asked[i])
				if err != message.ErrTimeout || req.Timeout == d.level.node.cfg.ServerTimeout {
					d.level.disappointed(d.wave[i], err)
				}
			}
		}
		for i := range d.informers {
			d.listen(i)
		}
	}
	for _, a := range d.met[d.asked:] {
		d.silent = append(d.silent, a.peer)
	}
}

// miss remembers a new name that did not answer.
func (d *discovery) miss(a acquaintance) {
	l := d.level
	if a.place >= 0 {
		d.lost++
	} else if d.hosts != nil { // names without a node keep out no others
		of := l.node.hostOf(a.peer)
		d.hosts[of] = meetings{d.hosts[of].count - 1, d.hosts[of].last}
	}
	if a.informer >= 0 && len(l.guarded().absent) < maxAbsent {
		l.guard.absent[a.peer] = l.rounds + absentFor
	}
}

// remark restores the marks after a wait, in which other nodes have used them.
func (d *discovery) remark() {
	marks := &d.level.node.pool.marks
	marks.reset()
	marks.put(d.level.node.self, 0)
	for _, a := range d.met {
		marks.put(a.peer, 0)
	}
	for _, m := range d.confirmed {
		marks.put(m.Peer, 0)
	}
}

// finish makes the new list of masters: the node itself, then those that it knew, in
// their order, then the new ones. A master that did not answer keeps its last size and
// the time when it was last seen.
func (d *discovery) finish() {
	l, n := d.level, d.level.node
	now := n.env.Now()
	places := &n.pool.marks // among the confirmed, from 1
	places.reset()
	for i, m := range d.confirmed {
		places.put(m.Peer, uint32(i)+1)
	}
	capacity := len(d.confirmed) + 1
	next := masterTable{
		make([]message.Master, 0, capacity), make([]time.Duration, 0, capacity), make([]*message.Structure, 0, capacity),
	}
	if l.isMaster() {
		next.add(message.Master{Peer: n.self, Size: uint32(len(l.slaves))}, now, nil)
	}
	for i, m := range l.masters.List {
		if at := places.take(m.Peer); at > 0 {
			next.add(d.confirmed[at-1], now, d.told[at-1])
		} else if m.Peer != n.self && slices.Contains(d.silent, m.Peer) {
			next.add(m, l.seenAt(i), nil)
		}
	}
	for i, m := range d.confirmed {
		if places.take(m.Peer) > 0 {
			next.add(m, now, d.told[i])
		}
	}
	l.setMasters(next.list, next.seen)
	l.looked = next.told
	d.leave()
}

// free leaves the memory of a walk that is over to a later one, and nothing else of it.
func (d *discovery) free() {
	pool := d.level.node.pool
	clear(d.told[:cap(d.told)])
	clear(d.informers)
	*d = discovery{
		met: d.met[:0], informers: d.informers[:0], silent: d.silent[:0], wave: d.wave[:0],
		confirmed: d.confirmed[:0], told: d.told[:0], places: d.places[:0],
	}
	pool.walks = append(pool.walks, d)
}

// leave counts the names that had to wait for another sync, and forgets absences that
// have ended.
func (d *discovery) leave() {
	l, left := d.level, 0
	for i := range d.informers {
		left += len(d.informers[i].list)
	}
	if left > 0 {
		l.guarded().NamesLeft += uint64(left)
		if !l.unfinished { // one note while it lasts
			l.node.env.Note(Note{What: NoteNamesLeft, Text: fmt.Sprintf("%d names of masters wait for the next sync (option new_names)", left)})
		}
	}
	l.unfinished = left > 0
	if l.guard != nil {
		maps.DeleteFunc(l.guard.absent, func(_ Peer, until int32) bool { return until <= l.rounds })
	}
}

// masterTable is a list of masters with what belongs to each entry.
type masterTable struct {
	list []message.Master
	seen []time.Duration
	told []*message.Structure
}

func (t *masterTable) add(m message.Master, seen time.Duration, told *message.Structure) {
	t.list, t.seen, t.told = append(t.list, m), append(t.seen, seen), append(t.told, told)
}
