package core

import (
	"fmt"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// noting is a world at one moment that takes down the latest note with its text.
type noting struct {
	*asking
	note Note
}

func (w *noting) Note(n Note) {
	if n.What != NoteBacklinkLost { // follows from the others
		w.note = n
	}
}

// A note that ends a relation says why, and each cause has its own words.
func TestNotesSayWhyARelationEnds(t *testing.T) {
	backlink := peer.FromID(101)
	for _, test := range []struct {
		what What
		text string
		do   func(n *Node, l *level)
	}{
		{NoteSilent, "denied by the address filter", func(_ *Node, l *level) { l.lose(backlink, message.ErrDenied) }},
		{NoteSilent, "request timed out", func(_ *Node, l *level) { l.lose(backlink, message.ErrTimeout) }},
		{NoteSilent, "denied by our own address filter", func(n *Node, l *level) {
			n.Ban(backlink, time.Hour, "test")
			l.lose(backlink, message.ErrDenied)
		}},
		{NoteUseless, "of no use for too many syncs", func(n *Node, l *level) {
			for range n.cfg.MaxFails {
				l.rounds++
				l.disappointed(backlink, nil)
			}
		}},
		{NoteUseless, "it refuses to tell its place in the network", func(_ *Node, l *level) {
			l.rounds++
			l.disappointed(backlink, message.Refuse(message.CodeFailed).Err)
		}},
		{NoteUseless, "it answers too many searches for less than half of the nodes that it claims", func(_ *Node, l *level) {
			for range shortSearches {
				l.rounds++
				l.rateSearch(backlink, message.Refuse(message.CodeFailed), 9)
			}
		}},
		{NoteSteppedDown, "it is about to leave the network", func(n *Node, _ *level) { n.retire() }},
		{NoteSteppedDown, "there are too many masters", func(_ *Node, l *level) {
			for id := range uint32(40) {
				l.setMaster(peer.FromID(110+id), 5, l.node.env.Now())
			}
			l.normalize()
		}},
		{NoteSteppedDown, "it finds no place as a master", func(n *Node, l *level) {
			l.tries = lostCause
			n.pool.run(n, func(t *Task) { l.comeUnder(t, true, n.budget(time.Second)) }, nil, 0)
		}},
	} {
		n, env := alone(t, 2, 3)
		world := &noting{asking: env.asks(n)}
		n.env = world
		n.level1.setBacklink(backlink)
		test.do(n, &n.level1)
		if world.note.What != test.what || world.note.Text != test.text {
			t.Errorf("want %s for the reason %q, got %s for %q", test.what, test.text, world.note.What, world.note.Text)
		}
	}
}

// A slave that doubts its backlink says what it has against it.
func TestAnAuditSaysWhatItFound(t *testing.T) {
	for want, slaves := range map[string]int{
		"its slave, a master, knows another network than it says": 2,
		"other nodes contradict what it says of the network":      0,
	} {
		n, env := alone(t, slaves, 3)
		world, l := &noting{asking: env.asks(n)}, &n.level1
		n.env = &witnesses{world, &message.Structure{Masters: message.NewMasters(nil)}}
		l.setBacklink(peer.FromID(101))
		l.doubts, l.audited = doubtLimit-1, false
		up := &message.Structure{Masters: message.NewMasters(nil), Slaves: make([]Peer, 90)}
		n.pool.run(n, func(t *Task) { l.audit(t, up, n.budget(time.Second), l.masters, false) }, nil, 0)
		if got := fmt.Sprint(world.note.What, ": ", world.note.Text); got != fmt.Sprint(NoteUseless, ": ", want) {
			t.Errorf("with %d slaves the note is %q, want %q", slaves, got, want)
		}
	}
}

// witnesses is a world in which all nodes answer with one structure.
type witnesses struct {
	*noting
	said *message.Structure
}

func (w *witnesses) Call(_ Peer, req message.Request, sink Sink, tag uint32) {
	if req.Kind == message.KindRegister {
		sink.Answer(tag, message.Response{Err: message.ErrTimeout})
		return
	}
	sink.Answer(tag, message.Response{Body: w.said})
}
