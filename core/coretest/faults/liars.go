package faults

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// liar is a node that lies. Between lies it tells what its node, which runs, would say.
type liar struct {
	w      *World
	host   *coretest.Host
	random *rand.Rand
}

// Liars are the names of all kinds of lies, sorted.
func Liars() []string { return slices.Sorted(maps.Keys(lies())) }

// lies are the kinds of liars by name. Each makes an actor of a host.
func lies() map[string]func(*liar) coretest.Actor {
	return map[string]func(*liar) coretest.Actor{
		"phantoms":      (*liar).phantoms,
		"flapping":      (*liar).flapping,
		"claims-all":    (*liar).claimsAll,
		"sizes":         (*liar).sizes,
		"false-masters": (*liar).falseMasters,
		"denies":        (*liar).denies,
		"faithless":     (*liar).faithless,
		"refuses":       (*liar).refuses,
		"silent":        (*liar).silent,
		"captor":        (*liar).captor,
		"garbage":       (*liar).garbage,
	}
}

// structure is an actor that tells the truth but for its structure, of which lie changes
// a copy.
func (l *liar) structure(lie func(s *message.Structure, from core.Peer)) coretest.Actor {
	return coretest.ActorFunc(func(from core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindStructure {
			return message.Response{}, coretest.Pass
		}
		s := *l.host.Node.Structure()
		s.Masters = heard(s.Masters.List)
		lie(&s, from)
		return message.Response{Body: &s}, coretest.Answer
	})
}

// heard is a list of masters as one that came by wire: without a digest, which could be
// forged.
func heard(list []message.Master) *message.Masters {
	m := &message.Masters{List: list}
	for _, e := range list {
		m.Total += int(e.Size)
	}
	return m
}

// claim makes the slaves those of the liar, in its list of masters, too.
func (l *liar) claim(s *message.Structure, slaves []core.Peer) {
	others := slices.DeleteFunc(slices.Clone(s.Masters.List), func(m message.Master) bool { return m.Peer == l.host.Peer() })
	s.Slaves = slaves
	s.Masters = heard(append(others, message.Master{Peer: l.host.Peer(), Size: uint32(len(slaves))}))
}

// phantom is an address where there is no host.
func (w *World) phantom(i int) core.Peer {
	return w.Peer(fmt.Sprintf("198.18.%d.%d:80", i>>8&255, i&255))
}

func (l *liar) crowd() []core.Peer {
	crowd := make([]core.Peer, 3000)
	for i := range crowd {
		crowd[i] = l.w.phantom(i)
	}
	return crowd
}

// phantoms is a master of thousands of slaves that do not exist.
func (l *liar) phantoms() coretest.Actor {
	crowd := l.crowd()
	return l.structure(func(s *message.Structure, _ core.Peer) { l.claim(s, crowd) })
}

// flapping is one of another number at each answer: the size never settles.
func (l *liar) flapping() coretest.Actor {
	crowd := l.crowd()
	return l.structure(func(s *message.Structure, _ core.Peer) { l.claim(s, crowd[:1+l.random.IntN(len(crowd))]) })
}

// claimsAll claims all hosts as its slaves.
func (l *liar) claimsAll() coretest.Actor {
	return l.structure(func(s *message.Structure, _ core.Peer) {
		var all []core.Peer
		for _, h := range l.w.Hosts() {
			if h != l.host {
				all = append(all, h.Peer())
			}
		}
		l.claim(s, all)
	})
}

// sizes gives all masters wrong sizes.
func (l *liar) sizes() coretest.Actor {
	return l.structure(func(s *message.Structure, _ core.Peer) {
		list := slices.Clone(s.Masters.List)
		for i := range list {
			list[i].Size = list[i].Size*3 + 1
		}
		s.Masters = heard(list)
	})
}

// falseMasters names masters that do not exist.
func (l *liar) falseMasters() coretest.Actor {
	return l.structure(func(s *message.Structure, _ core.Peer) {
		list := []message.Master{{Peer: l.host.Peer(), Size: uint32(len(s.Slaves))}}
		for range 30 {
			list = append(list, message.Master{Peer: l.w.phantom(l.random.IntN(2000)), Size: uint32(1 + l.random.IntN(20))})
		}
		s.Masters = heard(list)
	})
}

// denies tells each slave that it is none.
func (l *liar) denies() coretest.Actor {
	return l.structure(func(s *message.Structure, from core.Peer) {
		s.Slaves = slices.DeleteFunc(slices.Clone(s.Slaves), func(p core.Peer) bool { return p == from })
	})
}

// faithless does not name its backlink.
func (l *liar) faithless() coretest.Actor {
	return l.structure(func(s *message.Structure, _ core.Peer) { s.Backlink = core.Peer{} })
}

// refuses refuses all but pings, interviews and its structure.
func (l *liar) refuses() coretest.Actor {
	return coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch req.Kind {
		case message.KindPing, message.KindInterview, message.KindStructure:
			return message.Response{}, coretest.Pass
		}
		return message.Response{Err: &message.Error{Code: "NO"}}, coretest.Answer
	})
}

// silent answers pings and interviews only.
func (l *liar) silent() coretest.Actor {
	return coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind == message.KindPing || req.Kind == message.KindInterview {
			return message.Response{}, coretest.Pass
		}
		return message.Response{}, coretest.Ignore
	})
}

// captor refuses its structure with a code: it is alive, and its slaves learn nothing.
func (l *liar) captor() coretest.Actor {
	return coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind == message.KindStructure {
			return message.Response{Err: &message.Error{Code: "LATER"}}, coretest.Answer
		}
		return message.Response{}, coretest.Pass
	})
}

// garbage answers nonsense, drawn anew each time.
func (l *liar) garbage() coretest.Actor {
	return coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch l.random.IntN(4) {
		case 0:
			return message.Response{Err: message.ErrMalformed}, coretest.Answer
		case 1:
			return message.Response{Err: &message.Error{Code: "X"}}, coretest.Answer
		}
		switch req.Kind {
		case message.KindStructure:
			return message.Response{Body: l.anyStructure()}, coretest.Answer
		case message.KindProvide:
			return message.Response{Body: l.anyProvision()}, coretest.Answer
		case message.KindRegister:
			return message.Response{Body: &message.Registered{Size: l.random.IntN(100) - 5}}, coretest.Answer
		}
		return message.Response{}, coretest.Pass
	})
}

func (l *liar) anyPeer() core.Peer { return peer.FromID(uint32(1 + l.random.IntN(l.w.Book.Len()))) }

func (l *liar) anyStructure() *message.Structure {
	s := &message.Structure{Address: l.anyPeer(), Backlink: l.anyPeer()}
	for range l.random.IntN(20) {
		if p := l.anyPeer(); !slices.Contains(s.Slaves, p) {
			s.Slaves = append(s.Slaves, p)
		}
	}
	var list []message.Master
	for range l.random.IntN(20) {
		p := l.anyPeer()
		if !slices.ContainsFunc(list, func(m message.Master) bool { return m.Peer == p }) {
			list = append(list, message.Master{Peer: p, Size: uint32(l.random.IntN(50))})
		}
	}
	s.Masters = heard(list)
	return s
}

func (l *liar) anyProvision() *message.Provision {
	p := &message.Provision{NetworkSize: l.random.IntN(1000) - 10, Lifetime: time.Minute}
	for range l.random.IntN(6) {
		x := l.anyPeer()
		p.Results = append(p.Results, message.Place{Address: x, NetworkSize: l.random.IntN(1000), Spares: []core.Peer{x}})
	}
	return p
}

// RunLiars lets so many nodes of a settled network lie for some rounds. The first liar is
// a master if there is one besides the bootstrap node. The world that is left is closed:
// it may be looked at, not run.
func RunLiars(t testing.TB, kind string, size, liars int, seed uint64, rounds int, log io.Writer) *World {
	w := grown(t, size, seed, 1, log)
	w.Run(12 * round)
	for _, h := range w.drawLiars(liars) {
		l := &liar{w: w, host: h, random: rand.New(rand.NewPCG(seed, uint64(h.Number)+0xbad))}
		h.Actor = lies()[kind](l)
	}
	w.Run(time.Duration(rounds) * round)
	return w.finish()
}

func (w *World) drawLiars(count int) []*coretest.Host {
	var drawn []*coretest.Host
	for _, i := range w.plan.Perm(len(w.Hosts()) - 1) {
		drawn = append(drawn, w.Hosts()[i+1])
	}
	isMaster := func(h *coretest.Host) int { return min(1, len(h.Node.Structure().Slaves)) }
	slices.SortStableFunc(drawn, func(a, b *coretest.Host) int { return isMaster(b) - isMaster(a) })
	if mid := len(drawn) / 2; count > 1 {
		drawn[1], drawn[mid] = drawn[mid], drawn[1]
	}
	return drawn[:count]
}
