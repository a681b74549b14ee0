// Package lie has nodes that lie. A lie stands between a node and those that ask it: it
// answers in the node's place, or lets the node answer. Each kind of lie is one file and
// one row of a table, and knows its world by a small interface, so that the simulator's
// networks and the little one of the tests (core/coretest) have the same liars.
package lie

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// World is what a liar knows besides its own host.
type World interface {
	// Now is the virtual time, At does something when it has come to t.
	Now() time.Duration
	At(t time.Duration, do func())
	// Peers are the hosts of all nodes, honest or not.
	Peers() []core.Peer
	// Phantom is the i-th address where there is no host.
	Phantom(i int) core.Peer
	// Known is how many addresses there are, of hosts and phantoms: peers 1 to Known.
	Known() int
}

// Host is where a liar lives.
type Host interface {
	Peer() core.Peer
	// Structure is what the host's node would tell, if it has one.
	Structure() *message.Structure
	// Serve is what that node answers to a request that it answers at once
	// (message.Row.Leaf).
	Serve(req *message.Request) message.Response
	// Call sends a request from the host, past its node.
	Call(to core.Peer, req message.Request, done func(message.Response))
}

// Liar is a host that lies.
type Liar struct {
	World
	Host
	Random *rand.Rand
	Victim core.Peer // of a lie that needs one: a master
	Root   core.Peer // of the Victim's network or branch; none stands for peer 1
	Levels int       // of the Victim's network; 0 stands for one
	// Band are all hosts that tell this lie together, this one among them; nil where it
	// is alone.
	Band []core.Peer
}

// Answer is what a liar makes of a request: its own response or, if answers is false,
// that of its node. A response with message.ErrTimeout is never sent.
type Answer func(from core.Peer, req *message.Request) (resp message.Response, answers bool)

// Kind is a kind of lie. One that is not of this package needs no more than Begin.
type Kind struct {
	// Begin makes a liar lie from now on, and returns what it answers. What the answers
	// depend on must be the liar's own: in the simulator several liars answer at once.
	Begin func(*Liar) Answer
	// Intrudes says that a liar is no node of the network, but one of the ports of a host
	// outside: one for each master, its Victim.
	Intrudes bool
	// Runs says that an intruder runs a node, which joins as all do.
	Runs bool
	// Grinds says that intruders are at addresses of some IPs that come first in draws.
	Grinds bool
	// Serves says that a liar serves its slaves as an honest master does.
	Serves bool
	// Mute says that a liar answers no search for its slaves.
	Mute bool
	// Omits says that a liar keeps honest slaves out of draws of approvers.
	Omits bool
	// Late says that its answers arrive just before their askers give up. Worlds that
	// know nothing of it do not tell such lies.
	Late bool
	// Tree says that it is a lie about branches: networks of one level hear nothing of it.
	Tree bool
	// Named says that the swarm tells it only when it is named: a search from a seed is
	// the same as before there was this lie, and networks need not be whole with it.
	Named bool
	// Rounds is how many sync intervals the liars need to do what harm they can.
	Rounds int
}

// Kinds are the names of all lies, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds())) }

// Of returns the kind with a name; ok is false if there is none.
func Of(name string) (k Kind, ok bool) {
	k, ok = kinds()[name]
	if k.Rounds == 0 {
		k.Rounds = 40
	}
	return k, ok
}

// kinds are the lies by name.
func kinds() map[string]Kind {
	return map[string]Kind{
		"phantoms":      {Begin: (*Liar).phantoms},
		"flapping":      {Begin: (*Liar).flapping},
		"claims-all":    {Begin: (*Liar).claimsAll},
		"sizes":         {Begin: (*Liar).sizes},
		"false-masters": {Begin: (*Liar).falseMasters},
		"denies":        {Begin: (*Liar).denies},
		"hides":         {Begin: (*Liar).hides, Serves: true, Mute: true, Named: true},
		"faithless":     {Begin: (*Liar).faithless, Serves: true},
		"renames":       {Begin: (*Liar).renames, Serves: true, Tree: true},
		"refuses":       {Begin: (*Liar).refuses, Mute: true},
		"drops":         {Begin: (*Liar).drops, Named: true},
		"stalls":        {Begin: (*Liar).stalls, Serves: true, Late: true, Named: true},
		"silent":        {Begin: (*Liar).silent, Mute: true},
		"captor":        {Begin: (*Liar).captor},
		"garbage":       {Begin: (*Liar).garbage, Mute: true},
		"best":          {Begin: (*Liar).best, Serves: true, Named: true},
		"approves":      {Begin: (*Liar).approves, Serves: true, Named: true},
		"rejects":       {Begin: (*Liar).rejects, Serves: true, Named: true},
		"omits":         {Begin: (*Liar).omits, Serves: true, Omits: true, Named: true},
		"withholds":     {Begin: (*Liar).withholds, Serves: true, Named: true},
		"eclipse":       {Begin: (*Liar).eclipse, Serves: true, Named: true},
		"toggle":        {Begin: (*Liar).toggle, Intrudes: true, Rounds: 300},
		"ports":         {Begin: (*Liar).ports, Intrudes: true, Runs: true, Serves: true},
		"grinds":        {Begin: (*Liar).grinds, Intrudes: true, Runs: true, Grinds: true, Serves: true, Named: true},
	}
}

// structure is a lie about the structure only, of which change gets a copy. To a draw the
// liar names all slaves that it claims, whatever the limit.
func (l *Liar) structure(change func(s *message.Structure, from core.Peer)) Answer {
	return func(from core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind != message.KindStructure && req.Kind != message.KindEntrants {
			return message.Response{}, false
		}
		s := *l.Structure()
		s.Masters = heard(s.Masters.List)
		change(&s, from)
		if req.Kind == message.KindEntrants {
			return message.Response{Body: &message.Entrants{Slaves: s.Slaves}}, true
		}
		return message.Response{Body: &s}, true
	}
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
func (l *Liar) claim(s *message.Structure, slaves []core.Peer) {
	others := slices.DeleteFunc(slices.Clone(s.Masters.List), func(m message.Master) bool { return m.Peer == l.Peer() })
	s.Slaves = slaves
	s.Masters = heard(append(others, message.Master{Peer: l.Peer(), Size: uint32(len(slaves))}))
}

// anyPeer is a host, or an address without one.
func (l *Liar) anyPeer() core.Peer { return peer.FromID(uint32(1 + l.Random.IntN(l.Known()))) }

// band are the hosts that lie together.
func (l *Liar) band() []core.Peer {
	if l.Band == nil {
		return []core.Peer{l.Peer()}
	}
	return l.Band
}

// honest lets the node answer.
func honest(core.Peer, *message.Request) (message.Response, bool) { return message.Response{}, false }
