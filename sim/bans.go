package sim

import (
	"cmp"
	"slices"

	"spreadable/core"
	"spreadable/sim/result"
	"spreadable/transport/inmem"
)

// noteBan takes down a ban.
func (w *world) noteBan(node int, note core.Note) {
	about := inmem.Index(note.About)
	n := result.Note{
		Time: w.net.Host(node).Now() - w.epoch, Node: node, Lies: w.attacks.lies(node), What: note.What.String(),
		About: about, Address: w.book.Text(note.About), AboutLies: w.attacks.lies(about), Text: note.Text,
	}
	if about >= w.hosts {
		n.About = result.NoHost
	}
	part := w.net.PartitionOf(uint32(node))
	w.bans[part] = append(w.bans[part], n)
}

// notes are the bans of all partitions, in their order.
func (w *world) notes() []result.Note {
	all := slices.Concat(w.bans...)
	slices.SortStableFunc(all, func(a, b result.Note) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Node, b.Node))
	})
	return all
}

// behavior counts the bans by honest nodes. What liars make of others is theirs.
func behavior(notes []result.Note) (b result.Behavior) {
	for _, n := range notes {
		if n.Lies {
			continue
		}
		b.Bans++
		if !n.AboutLies && n.About != result.NoHost {
			b.FalseBans++
		}
	}
	return b
}
