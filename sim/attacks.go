package sim

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/internal/stream"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// attacks are the hosts that lie in a world. Attacks begin and end at the ends of slices,
// as faults do. So which hosts have lied is constant while workers run; what a liar says
// is touched by its host's partition alone.
type attacks struct {
	world  *world
	course []change
	liars  []*liar // by host; nil for one that has never lied
	told   [][]int // by attack: the hosts that it is on
	steps  []result.Attack
	share  float64 // of all masters: those that lied when the latest attack began
	peers  []core.Peer
	absent []core.Peer // addresses without a host

	intruders [][]intruder // by attack: the hosts beside the nodes, in the order of their numbers
}

// newAttacks plans the attacks of a scenario; nil without any. The book must have the
// addresses of all hosts.
func newAttacks(w *world, intruders [][]intruder) (*attacks, error) {
	s := w.scenario
	if len(s.Attacks) == 0 {
		return nil, nil
	}
	a := &attacks{world: w, liars: make([]*liar, w.hosts), told: make([][]int, len(s.Attacks)), intruders: intruders}
	for i, attack := range s.Attacks {
		a.course = append(a.course, change{attack.At, i, true})
		if attack.For > 0 {
			a.course = append(a.course, change{attack.At + attack.For, i, false})
		}
	}
	slices.SortStableFunc(a.course, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	for i := range w.nodes {
		a.peers = append(a.peers, peerOf(i))
	}
	return a, a.nameAbsent()
}

// absentCount is how many addresses without a host liars can name.
const absentCount = 4096

// nameAbsent enters addresses without a host into the book, behind those that stand for
// clients, so that the number of no host is the number of one.
func (a *attacks) nameAbsent() error {
	w := a.world
	for i := range w.clients.operations {
		if _, err := intern(w.book, fmt.Sprintf("%s:1", clientIP(i))); err != nil {
			return err
		}
	}
	for i := range absentCount {
		p, err := intern(w.book, fmt.Sprintf("198.18.%d.%d:80", i>>8, i&255))
		if err != nil {
			return err
		}
		a.absent = append(a.absent, p)
	}
	return nil
}

// next is the time of the next change.
func (a *attacks) next() time.Duration {
	if a == nil || len(a.course) == 0 {
		return math.MaxInt64
	}
	return a.course[0].at
}

// act makes the changes that are due. All workers stand still.
func (a *attacks) act(now time.Duration) {
	for a.next() <= now {
		c := a.course[0]
		a.course = a.course[1:]
		if c.begin {
			a.begin(c.number, now)
		} else {
			a.end(c.number, now)
			w := a.world
			w.film.step("attack", w.scenario.Attacks[c.number].Lie, false, len(a.told[c.number]), now)
		}
	}
}

// begin lets the hosts of an attack lie.
func (a *attacks) begin(number int, now time.Duration) {
	w, attack := a.world, a.world.scenario.Attacks[number]
	kind, _ := w.scenario.Lie(attack.Lie)
	masters := a.masters(now)
	var hosts []int
	if kind.Intrudes {
		first := w.nodes
		for _, others := range a.intruders[:number] {
			first += len(others)
		}
		for i := range a.intruders[number] {
			hosts = append(hosts, first+i)
		}
	} else {
		hosts = w.targets(attack.On, now, rand.New(stream.New(w.scenario.Seed, uint64(number), stream.Attack)), a.spared)
	}
	a.told[number] = hosts
	for i, host := range hosts {
		l := newLiar(a, host, number, kind)
		if len(masters) > 0 {
			victim := masters[i%len(masters)]
			l.lie.Victim, l.lie.Root, l.lie.Levels = peerOf(victim), w.node(victim).NetworkRoot(), int(w.scenario.Levels)
		}
		a.liars[host] = l
		w.weather.Host(host).Late = kind.Late
		from := now
		if kind.Grinds {
			h := a.intruders[number][i]
			from = h.from
			l.plan(h.until, l.leave)
		}
		l.plan(from, l.begin)
	}
	a.band(number)
	a.tell(number, true, hosts, now)
	w.film.step("attack", attack.Lie, true, len(hosts), now)
	a.steps = append(a.steps, result.Attack{AtS: now.Seconds(), Lie: attack.Lie, Nodes: len(hosts)})
	a.share = 0
	for _, host := range masters {
		if a.lies(host) {
			a.share += 1 / float64(len(masters))
		}
	}
}

// band tells the liars of an attack which hosts lie together: theirs, and those of attacks
// with the same lie that have begun at the same time.
func (a *attacks) band(number int) {
	all, attack := a.world.scenario.Attacks, a.world.scenario.Attacks[number]
	var band []core.Peer
	for i, hosts := range a.told {
		if all[i].Lie != attack.Lie || all[i].At != attack.At {
			continue
		}
		for _, host := range hosts {
			if a.liars[host].attack == i { // or it tells another lie by now
				band = append(band, peerOf(host))
			}
		}
	}
	for _, p := range band {
		a.liars[p.ID()-1].lie.Band = band
	}
}

// spared reports whether an attack must leave a host alone: a bootstrap node that is not
// named. What all nodes know beforehand is taken to be honest.
func (a *attacks) spared(t scenario.Target, host int) bool {
	return t.List == nil && t.Role != scenario.Bootstrap && host < a.world.scenario.Join.Bootstrap
}

// masters are the nodes that are up and list slaves.
func (a *attacks) masters(now time.Duration) (list []int) {
	for host := range a.world.population.At(now).All() {
		if a.world.net.Host(host).Up() && len(a.world.node(host).Structure().Slaves) > 0 {
			list = append(list, host)
		}
	}
	return list
}

// end lets the hosts of an attack tell the truth again. Hosts beside the nodes go.
func (a *attacks) end(number int, now time.Duration) {
	var ended []int
	for _, host := range a.told[number] {
		l := a.liars[host]
		if l.attack != number {
			continue // it tells another lie by now
		}
		ended = append(ended, host)
		l.answer, l.actions = nil, nil
		a.world.weather.Host(host).Late = false
		if host >= a.world.nodes {
			a.world.net.Stop(host)
		}
	}
	a.tell(number, false, ended, now)
}

// tell records that hosts begin or end to tell a lie.
func (a *attacks) tell(number int, begins bool, hosts []int, now time.Duration) {
	recorder, text := a.world.recorder, "tells the truth again"
	if recorder == nil || len(hosts) == 0 {
		return
	}
	if begins {
		text = "lies: " + a.world.scenario.Attacks[number].Lie
	}
	recorder.Struck(hosts, trace.Lie, begins, text, now)
}

// front is the liar that answers in place of the node of a host; nil for none. It is called
// from the host's partition.
func (a *attacks) front(to uint32) *liar {
	if l := a.liars[to]; l != nil && l.answer != nil {
		return l
	}
	return nil
}

// lies reports whether a host lies or has lied.
func (a *attacks) lies(host int) bool { return a != nil && host < len(a.liars) && a.liars[host] != nil }

// mute reports whether a host answers no searches for its slaves.
func (a *attacks) mute(host int) bool {
	return a.lies(host) && a.liars[host].answer != nil && a.liars[host].kind.Mute
}

// intruding yields the hosts beside the nodes that are up.
func (a *attacks) intruding() iter.Seq[int] {
	return func(yield func(int) bool) {
		if a == nil {
			return
		}
		for host := a.world.nodes; host < a.world.hosts; host++ {
			if a.world.net.Host(host).Up() && !yield(host) {
				return
			}
		}
	}
}

// count is how many hosts lie or have lied, of the nodes that are up and of those beside
// them.
func (a *attacks) count(up population.Alive) (count int) {
	if a == nil || len(a.steps) == 0 {
		return 0
	}
	for host := range up.All() {
		if a.lies(host) {
			count++
		}
	}
	for range a.intruding() {
		count++
	}
	return count
}

// settledAt is the time from which the numbers of a network with liars count: some rounds
// after the latest attack has begun.
func (a *attacks) settledAt() time.Duration {
	latest := time.Duration(0)
	for _, attack := range a.world.scenario.Attacks {
		latest = max(latest, attack.At)
	}
	return latest + settledRounds*a.world.scenario.SyncInterval
}

// summary sums up what the liars have reached; nil without attacks.
func (a *attacks) summary(samples []result.Sample, notes []result.Note) *result.Attacks {
	if a == nil {
		return nil
	}
	sum := &result.Attacks{Steps: a.steps, MastersShare: a.share}
	banned := make(map[int]bool)
	for _, n := range notes {
		if !n.Lies && n.AboutLies {
			banned[n.About] = true
		}
	}
	for host := range a.liars {
		if a.lies(host) {
			sum.Liars++
		}
		if a.lies(host) && banned[host] {
			sum.Convicted++
		}
	}
	if sum.Liars > 0 {
		sum.ConvictedShare = float64(sum.Convicted) / float64(sum.Liars)
	}
	sum.Settled(samples, a.settledAt())
	return sum
}
