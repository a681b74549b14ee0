package core

import "time"

// watch is what a node remembers in order to judge others, and what it has answered as a
// master. Most nodes have none: it appears with the first slave, or the first peer that
// disappoints.
type watch struct {
	ownSizes
	standings map[Peer]standing // see standing.go
	served    *servedDraw       // nil without any; see entrants.go
	ages      *ages             // nil without any; see ages.go

	beacon       *beacon // nil without any; see beacon.go
	drawsServed  uint32  // requests of other nodes for entrants of a draw
	agesRevision uint32  // counts the changes of ages; see Node.Revision
}

// ownSizes is how many slaves a node has had lately, as a range: what others believe of
// the node is right if it is any size in it.
//
// What an honest peer knows of us is as old as its latest sync. That is up to one
// interval, two if a sync was so long that the next one was left out, and its answer may
// be on its way for half an interval more: staleSyncs. The range covers at least that
// time, and at most twice as much, because it is kept in two parts of that length.
type ownSizes struct {
	since         time.Duration // when the present part began
	now, previous sizeRange
}

// staleSyncs is how old what an honest peer knows of us may be, in sync intervals.
const staleSyncs = 2.5

// staleness is that time.
func (c *Config) staleness() time.Duration {
	return time.Duration(staleSyncs * float64(c.SyncInterval))
}

// sizeRange is a range of sizes, both ends included.
type sizeRange struct{ low, high int32 }

func (r *sizeRange) include(size int) {
	r.low, r.high = min(r.low, int32(size)), max(r.high, int32(size))
}

// watched returns what is remembered, which it creates if there is nothing.
func (l *lists) watched() *watch {
	if l.watch == nil {
		was := sizeRange{int32(len(l.slaves)), int32(len(l.slaves))}
		l.watch = &watch{ownSizes: ownSizes{now: was, previous: was}}
	}
	return l.watch
}

// resized must be called before the number of slaves changes to size.
func (l *lists) resized(size int) { l.watched().now.include(size) }

// passTime begins another part of the range if the present one is as long as part.
func (l *lists) passTime(now, part time.Duration) {
	if s := l.watch; s != nil && now-s.since >= part {
		size := int32(len(l.slaves))
		s.since, s.previous, s.now = now, s.now, sizeRange{size, size}
	}
}

// had reports whether we have, or lately had, so many slaves.
func (l *lists) had(size int) bool {
	s := l.watch
	if s == nil {
		return size == len(l.slaves)
	}
	return size >= int(min(s.now.low, s.previous.low)) && size <= int(max(s.now.high, s.previous.high))
}
