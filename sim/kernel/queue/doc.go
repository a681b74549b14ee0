// Package queue holds the pending events of the discrete-event kernel and gives them back
// in the total order (Time, To, From, Seq).
//
// The kernel pops the least event, lets its node act, and pushes what the node causes, at
// that instant or later:
//
//	q := queue.New()
//	q.Push(queue.Event{Time: 1e9, To: 7, From: 3, Seq: 1})
//	for e, ok := q.Pop(); ok; e, ok = q.Pop() {
//		act(e, q)
//	}
//
// A kernel that works in windows of time pops with PopBefore, which looks no further than
// the end of the window.
//
// # Layout
//
// With a million events pending, 32 MB, what an event costs is its cache misses, not its
// comparisons. A heap misses at nearly every level, and each miss must end before the
// next can start. Here events only stream:
//
//   - A push writes the event behind the last one of its bucket, a stretch of time a few
//     milliseconds wide. There are 1,024 buckets in a wheel, so the 1,024 cache lines
//     being filled fit in the second-level cache; with many more of them, every push
//     would miss.
//   - A bucket is a list of chunks of 32 events, 1 KiB. Chunks lie in slabs and are named
//     by number: nothing in the queue but a handful of slabs is a pointer that the
//     garbage collector has to follow, and a freed chunk is the next one used, still
//     warm. Nothing is allocated per event.
//   - When a bucket becomes due, its events are read once in sequence, counted and dealt
//     out by the high bits of their times into a run that fits in the cache; there only
//     neighbours are compared. The sort of a bucket depends on no branch that a processor
//     cannot foresee. Pops then read the run.
//   - Events for the bucket that is already open, those of zero delay among them, go to a
//     small heap, merged with the run on every pop. If it grows large, it is sorted into
//     the next run, or the bucket is closed again.
//   - Events beyond the 1,024 buckets go to a coarser wheel with buckets 1,024 times as
//     wide, and so on up to seven wheels, the whole range of int64. When the time comes,
//     a coarse bucket is dealt out to the finer wheel. A timer of a week is moved two to
//     four times in all, and not looked at in between.
//
// A burst, when a mass start or a constant latency puts 100,000 events on one instant,
// fills one bucket. Times tell such events apart no longer, so they are dealt out by
// destination, then source, then counter. Each level of that passes over the events once,
// and there are few: O(n log n) at worst.
//
// The width of the buckets follows the load: after as many events as are pending, the
// queue compares what it has spent on opening buckets, on moving events between wheels
// and on its heap, and deals itself out anew with buckets four times wider or eight times
// narrower if one of them prevails. The order of events does not depend on it.
//
// # Figures
//
// PHOLD (each event causes one, 0.1 + Exp(0.9) s later, at any node) without state of
// nodes, one core of an AMD EPYC (Zen 4) with 1 MiB of second-level cache; millions of
// events a second beside container/heap of events by value in the same run. Medians of
// three runs, with other work on the second core:
//
//	pending    queue   heap   ratio   bytes/event
//	1k          20.3    4.4    4.6    908
//	10k         17.3    3.2    5.4    143
//	100k        19.5    2.9    6.8     41
//	1M          13.0    1.5    8.6     33
//	10M          6.0    0.9    6.5     32
//
// The memory of small queues is that of one chunk for each bucket in use. A burst costs
// 35 to 150 ns for each of 10,000 to 1,000,000 events, and for a while twice the memory:
// the bucket and the run. Other shapes of delay, constant, mixed with long timers,
// nanoseconds, days, zero, pass 11 M/s at 100,000 pending, the heap 3.
//
// With a million nodes the node itself is one more miss for every event. Ahead shows
// which are next; to load a field of 32 of them in one loop overlaps their misses. With
// 64 bytes of state for each node, in the same unit:
//
//	pending    alone   ahead
//	1M           4.4    10.3
//	10M          3.1     5.1
//
// Beyond the caches the rates depend on what else uses the memory: in quiet minutes 10M
// pending gave 8 to 10 without nodes, and 7.5 ahead. To repeat:
//
//	go test -run '^$' -bench 'Hold|Nodes|Delays|Burst' -benchtime 2000000x ./sim/kernel/queue
package queue
