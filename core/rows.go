package core

import (
	"slices"
	"time"

	"spreadable/core/message"
)

// rows is the order in which an npm node lists its peers. It keeps one row for each, with a
// flag for every role, from the first role on until the last one ends. So a master that was
// a slave before stands among the masters where it stood as a slave, and a node itself
// behind the slaves that made it a master. The order matters: a newcomer drops all results
// of its provider behind the first master that disagrees.
type rows struct {
	order []Peer

	// Masters that reported another network size, and since when.
	delays map[Peer]time.Duration
}

// table is what the original rule remembers, made when it is needed.
func (l *level) table() *rows {
	if l.rows == nil {
		l.rows = &rows{delays: make(map[Peer]time.Duration)}
	}
	return l.rows
}

// delays are masters that reported another network size, and since when.
func (l *level) delays() map[Peer]time.Duration {
	if l.rows == nil {
		return nil
	}
	return l.rows.delays
}

// arrange puts the masters into the order of their rows. The original calls it after each
// step that may have changed its lists.
func (l *level) arrange() {
	r := l.table()
	r.order = slices.DeleteFunc(r.order, func(p Peer) bool { return !l.has(p) })
	known := make(map[Peer]int, len(r.order)+1)
	for i, p := range r.order {
		known[p] = i
	}
	add := func(p Peer) {
		if _, found := known[p]; !found && !p.IsZero() {
			known[p] = len(r.order)
			r.order = append(r.order, p)
		}
	}
	add(l.backlink)
	for _, s := range l.slaves {
		add(s)
	}
	for _, m := range l.masters.List {
		add(m.Peer)
	}
	byRow := func(a, b message.Master) int { return known[a.Peer] - known[b.Peer] }
	if l.seen == nil || slices.IsSortedFunc(l.masters.List, byRow) {
		return // a plain slave has the order of its backlink
	}
	times := make(map[Peer]time.Duration, len(l.seen))
	for i, m := range l.masters.List {
		times[m.Peer] = l.seen[i]
	}
	list, seen := slices.SortedFunc(slices.Values(l.masters.List), byRow), make([]time.Duration, len(l.seen))
	for i, m := range list {
		seen[i] = times[m.Peer]
	}
	l.setMasters(list, seen)
}
