package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// This file has the only goroutines of the simulator: no more of them than processors,
// and one only while there is little to do.

// share does something on so many goroutines, numbered from 0, and waits for all of them.
func share(goroutines int, do func(worker int)) {
	var done sync.WaitGroup
	for i := 1; i < goroutines; i++ {
		done.Go(func() { do(i) })
	}
	do(0)
	done.Wait()
}

// atWork is how many workers can really work at the same time.
func (k *Kernel[E]) atWork() int { return min(k.workers, runtime.GOMAXPROCS(0)) }

// worthSplitting is how many numbers are worth a goroutine that looks at each of them.
const worthSplitting = 2000

// Split has the workers do something with the numbers below n, each with a part of them,
// between two calls of RunUntil. What it does must not depend on how n is divided.
func (k *Kernel[E]) Split(n int, do func(from, to int)) {
	parts := min(k.atWork(), max(1, n/worthSplitting))
	share(parts, func(part int) { do(n*part/parts, n*(part+1)/parts) })
}

// shift is the time in which a number of workers drive the partitions up to a limit.
type shift[E any] struct {
	kernel  *Kernel[E]
	limit   time.Duration
	workers int
}

// work is what one worker does, by its number, until all partitions have come to the
// limit.
func (s *shift[E]) work(worker int) {
	for looks := 0; ; looks++ {
		next, arrived := s.take(worker)
		switch p := next.partition; {
		case p != nil:
			p.accept()
			p.runUntil(next.until)
			p.publish(next.until)
			p.taken.Store(false)
			looks = 0
		case arrived:
			return
		case looks > mostLooks:
			s.park(worker)
			looks = 0
		}
	}
}

// turn is what a worker can do next: drive a partition to its safe time.
type turn[E any] struct {
	partition   *Partition[E]
	from, until time.Duration
}

// take finds the next turn and takes its partition. There is none when all partitions
// that could go on are taken, or when all have arrived at the limit.
func (s *shift[E]) take(worker int) (next turn[E], arrived bool) {
	for {
		next, arrived = s.find(worker)
		if next.partition == nil {
			return next, arrived
		}
		if next.partition.taken.CompareAndSwap(false, true) {
			if next.partition.behind() == next.from {
				return next, false
			}
			next.partition.taken.Store(false) // another worker has driven it in between
		}
	}
}

// find looks for the free partition that is furthest behind: among those that this worker
// drives most of the time, whose memory its processor has in the cache, if one of them
// can go on for a while; else among all.
func (s *shift[E]) find(worker int) (next turn[E], arrived bool) {
	partitions, lookahead := s.kernel.partitions, s.kernel.lookahead
	least, second := s.limit, s.limit // the first two clocks
	var last *Partition[E]            // the one with the least
	for _, p := range partitions {
		if now := p.behind(); now < least {
			least, second, last = now, least, p
		} else {
			second = min(second, now)
		}
	}
	atHome := false
	for i, p := range partitions {
		if p.taken.Load() {
			continue
		}
		safe := least // until here the others have handed over all that they will
		if p == last {
			safe = second
		}
		safe = min(s.limit, safe+lookahead)
		now := p.behind()
		home := i%s.workers == worker && (safe == s.limit || safe-now >= lookahead/4)
		if now < safe && (next.partition == nil || home && !atHome || home == atHome && now < next.from) {
			next, atHome = turn[E]{p, now, safe}, home
		}
	}
	return next, least == s.limit
}

// mostLooks is how often a worker looks again for the others' progress before it sleeps:
// for a few hundred microseconds, many times what it takes to wake it up again.
const mostLooks = 20000

// parking is where workers wait for a clock to move, on a machine that has other things
// to do.
type parking struct {
	sleepers atomic.Int32
	mutex    sync.Mutex
	changed  sync.Cond
}

// park sleeps until a clock has moved, unless there is something to do.
func (s *shift[E]) park(worker int) {
	p := &s.kernel.parking
	p.mutex.Lock()
	defer p.mutex.Unlock()
	// This comes before the last look: a worker that publishes later sees a sleeper.
	p.sleepers.Add(1)
	defer p.sleepers.Add(-1)
	if next, arrived := s.find(worker); next.partition == nil && !arrived {
		p.changed.Wait()
	}
}

// wake wakes up the workers that wait: some clock has moved.
func (p *parking) wake() {
	if p.sleepers.Load() > 0 {
		p.mutex.Lock()
		p.changed.Broadcast()
		p.mutex.Unlock()
	}
}
