package core

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// A host whose nodes have all its places may still ask for more, from one port after the
// other. The masters refuse it, by what the others list (hosts.go). But a node that is no
// master does not know what masters list. If it took such a newcomer it would be a master
// of one, and each master more is in all lists and is asked by all other masters: the
// owner of a thousand ports would make upkeep for all others many times as expensive. So
// each step on the way to such a place is closed:
//
//   - A provider gives no place to a newcomer whose host has its share, or has as many
//     newcomers on their way. The newcomer asks again, but later each time.
//   - A node that would become a master of a newcomer asks two masters first whether the
//     newcomer's host has its share: its backlink, and one that all nodes ask about this
//     host. It remembers hosts that have their share for a while.
//   - A discovery asks only so many masters of one host (discovery.hostFits).

// None of these is an option: what a host may have is (Config.HostPlaces), and the numbers
// follow from the time that a place takes to become free, which is a few syncs.
const (
	// fullFor is for how many syncs a node that is no master refuses a host that had its
	// share of places, before it asks masters again: some four minutes.
	fullFor = 16
	// surveysPerSync is how many newcomers such a node asks masters about between two
	// syncs. More are refused: they find other places.
	surveysPerSync = 4
	// maxFull is how many full hosts a node remembers.
	maxFull = 1024
	// maxKeptOut bounds how long a newcomer whose host is full waits before it asks again:
	// 2^4 sync intervals, some four minutes.
	maxKeptOut = 4
)

// crowd is what masters list of one host.
type crowd struct {
	of     host
	except Peer   // not counted, because it may be on its way from one master to another
	by     []host // of the masters that list nodes of it
	nodes  []Peer // that they list, of each host of masters no more than most
	most   int
}

// count adds what a master lists.
func (c *crowd) count(n *Node, master Peer, slaves []Peer) {
	by, found := n.hostOf(master), 0
	if slices.Contains(c.by, by) {
		return
	}
	for _, p := range slaves {
		if p.IsZero() || p == c.except || n.hostOf(p) != c.of {
			continue
		}
		if found++; found <= c.most && !slices.Contains(c.nodes, p) {
			c.nodes = append(c.nodes, p)
		}
		if found >= c.most {
			break
		}
	}
	if found > 0 {
		c.by = append(c.by, by)
	}
}

// hostIsServed reports whether a provider has no place for a newcomer, because its host
// has its share of places, as far as the masters have said, or as many of its newcomers
// are on their way.
func (l *level) hostIsServed(newcomer Peer) bool {
	n := l.node
	if !n.perHost || n.trusted(newcomer) {
		return false
	}
	slaves, masters := l.hostShare()
	c := crowd{of: n.hostOf(newcomer), except: newcomer, most: slaves}
	if lg := l.ledger; lg != nil && lg.hosts[c.of] >= lg.places {
		if _, again := lg.sent[newcomer]; !again {
			return true
		}
	}
	if l.view.calm == 0 {
		return false // and to look through all lists for each of many newcomers takes long
	}
	c.count(n, n.self, l.slaves)
	l.countLooked(&c)
	return len(c.by) >= masters && len(c.nodes) >= n.cfg.HostPlaces
}

// survey is what a node that is no master knows of hosts that have their share of places.
type survey struct {
	full  map[host]int32 // until which round they are refused
	round int32          // of the latest questions
	asked int            // newcomers that were asked about since then
}

// mayBecomeMaster reports whether a node that is no master may become one by listing a
// newcomer. In a network that begins, or changes a lot, it may: there the lists are no
// help.
func (l *level) mayBecomeMaster(t *Task, newcomer Peer) bool {
	n := l.node
	if l.isMaster() || !n.perHost || n.trusted(newcomer) || n.cfg.Registration == Original || l.backlink.IsZero() || l.view.calm == 0 {
		return true
	}
	defer t.Lock("core/survey")()
	if l.isMaster() { // meanwhile
		return true
	}
	s, of := &l.guarded().survey, n.hostOf(newcomer)
	if until, full := s.full[of]; full && until > l.rounds {
		return false
	}
	if s.round != l.rounds {
		s.round, s.asked = l.rounds, 0
	}
	if s.asked++; s.asked > surveysPerSync {
		return false
	}
	if l.isFull(t, newcomer) {
		s.enter(of, l.rounds)
		return false
	}
	return true
}

// registrar is the master that is asked about a newcomer's host. It is the same one for all
// nodes, so that it can count what it has granted: rendezvous hashing, which gives the host
// to the master whose hash with it is highest.
func (l *level) registrar(newcomer Peer) (registrar Peer) {
	n, highest := l.node, uint64(0)
	of := peer.HostsStrict.Of(n.cfg.Book.Address(newcomer), n.cfg.Book.IP(newcomer)).String()
	for _, m := range l.masters.List {
		hash := fnv.New64a()
		fmt.Fprint(hash, of, " ", n.cfg.Book.Address(m.Peer))
		if sum := hash.Sum64(); m.Peer != n.self && (registrar.IsZero() || sum > highest) {
			registrar, highest = m.Peer, sum
		}
	}
	return registrar
}

// grant answers a node that would become a master of a newcomer whether it may. Between two
// syncs as many may as the newcomer's host has places left. Otherwise many nodes would
// take its ports at once, before any list shows it.
func (l *level) grant(newcomer Peer) message.Response {
	n := l.node
	if n.perHost && !n.trusted(newcomer) {
		g, of := l.guarded(), n.hostOf(newcomer)
		if g.granted.of == nil || g.granted.round != l.rounds {
			g.granted = granted{round: l.rounds, of: make(map[host]int)}
		}
		_, masters := l.hostShare()
		c := crowd{of: of, except: newcomer}
		c.count(n, n.self, l.slaves)
		l.countLooked(&c)
		if len(c.by)+g.granted.of[of] >= masters {
			return l.refuseHost(newcomer)
		}
		g.granted.of[of]++
	}
	return message.Response{Body: &message.Provision{Lifetime: n.lifetime(), NetworkSize: l.size()}}
}

// granted is how many newcomers of each host other nodes were told to take since a sync.
type granted struct {
	round int32
	of    map[host]int
}

// isFull asks the backlink and the registrar whether a newcomer's host has its share of
// places. One that says so is enough: the newcomer will find a place elsewhere if it lies.
func (l *level) isFull(t *Task, newcomer Peer) bool {
	n, asked := l.node, make([]Peer, 0, 2)
	for _, p := range []Peer{l.backlink, l.registrar(newcomer)} {
		if !p.IsZero() && !slices.Contains(asked, p) {
			asked = append(asked, p)
		}
	}
	responses := t.Gather(asked, message.Request{
		Kind: message.KindProvide, Timeout: t.requestBudget().atMost(n.cfg.PingTimeout),
		Body: &message.ProvideRequest{Target: newcomer, Places: true},
	})
	return slices.ContainsFunc(responses, func(resp message.Response) bool {
		return message.IsRefusal(resp.Err, message.CodeMasterFull)
	})
}

// enter remembers a host that is full. If too many are, it forgets those that it would
// soon ask about again.
func (s *survey) enter(of host, round int32) {
	if s.full == nil {
		s.full = make(map[host]int32)
	}
	if len(s.full) >= maxFull {
		maps.DeleteFunc(s.full, func(_ host, until int32) bool { return until <= round+fullFor/2 })
	}
	if len(s.full) < maxFull {
		s.full[of] = round + fullFor
	}
}

// keptOut is how a newcomer waits whose provider has said that its host has its share.
type keptOut struct {
	times int32 // in a row
	until int32 // the round in which it asks again
}

// keepOut is called when all providers that have answered said that our host has its share
// of places.
func (l *level) keepOut() {
	k := &l.reserves().keptOut
	k.until = l.rounds + 1<<min(k.times, maxKeptOut)
	k.times++
}

// isKeptOut reports whether it is too early to ask again.
func (l *level) isKeptOut() bool { return l.reserve != nil && l.reserve.keptOut.until > l.rounds }
