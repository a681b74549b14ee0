package queue

import "fmt"

const (
	initialShift = 20 // 2^20 ns: buckets of about a millisecond
	manyLate     = 64 // late events that are better sorted than kept in a heap
)

// Queue is the set of pending events. The zero value is an empty queue at time 0; one
// from New adapts to its load sooner. A Queue belongs to one goroutine.
type Queue struct {
	// due[head:] is what is left of the last bucket opened, sorted; late are
	// events pushed since for a bucket below next. The least of the two is the
	// least of all, for everything in the wheels lies in bucket next or above.
	due  []Event
	head int
	late lateHeap

	shift uint   // the finest buckets are 1<<shift nanoseconds wide
	next  uint64 // number of the first bucket, in finest width, not yet opened
	now   int64  // time of the last event popped
	n     int    // events in the queue

	pool   pool
	sorter sorter
	load   load
	wheels [wheelCount]wheel // wheel i has buckets 1<<(shift+10i) wide
}

// New returns an empty queue at time 0, ready for delays of milliseconds; to
// others it adapts.
func New() *Queue {
	return &Queue{shift: initialShift}
}

// Len returns the number of pending events.
func (q *Queue) Len() int { return q.n }

// Bytes returns the memory that the queue holds. Memory once needed is kept for
// reuse and not given back, so this is what the queue took at its fullest.
func (q *Queue) Bytes() int {
	events := cap(q.due) + cap(q.late) + cap(q.sorter.scratch) + len(q.pool.slabs)*slabSize*chunkSize
	words := cap(q.pool.link) + cap(q.sorter.ends)
	return events*eventSize + words*4 + wheelCount*wheelSize*bucketSize
}

// Push adds an event. It panics when e.Time is before the time of the last
// event popped (or negative): the past cannot be changed.
func (q *Queue) Push(e Event) {
	if e.Time < q.now {
		panic(fmt.Sprintf("queue: event pushed at %d ns, before the present at %d ns", e.Time, q.now))
	}
	q.n++
	k := uint64(e.Time) >> (q.shift & 63)
	if k-q.next < wheelSize {
		q.add(&q.wheels[0], k, &e)
		return
	}
	if k < q.next {
		q.pushLate(e)
		return
	}
	q.place(&e)
}

// pushLate adds an event whose bucket has been opened already. When traffic
// springs up in a bucket that quiet times have made wide, it closes the bucket
// again rather than be a heap until its end.
func (q *Queue) pushLate(e Event) {
	q.late.push(e)
	q.load.lates++
	if len(q.late) <= crowd {
		return
	}
	q.load.crowded++
	if q.load.crowded > max(q.n, leastLoad) {
		q.rebuild(narrow(q.shift))
	}
}

// place puts an event that is not late on the finest wheel that reaches it.
func (q *Queue) place(e *Event) {
	k, next := uint64(e.Time)>>q.shift, q.next
	for i := range q.wheels {
		if k-next < wheelSize {
			q.add(&q.wheels[i], k, e)
			return
		}
		k, next = k>>wheelBits, next>>wheelBits
	}
	panic("queue: time out of reach") // not possible: the wheels span 63 bits
}

// add puts an event into bucket number k of a wheel.
func (q *Queue) add(w *wheel, k uint64, e *Event) {
	i := k & wheelMask
	b := &w.buckets[i]
	if b.free == 0 {
		if b.head == 0 {
			w.used[i/64] |= 1 << (i % 64)
			w.count++
			b.min = e.Time
		}
		b.head = q.pool.get(b.head)
		b.free = chunkSize
	}
	if e.Time < b.min {
		b.min = e.Time
	}
	b.free--
	q.pool.at(b.head)[b.free%chunkSize].set(e)
}

// PeekTime returns the time of the least event, or false when there is none.
func (q *Queue) PeekTime() (int64, bool) {
	if q.n == 0 {
		return 0, false
	}
	if q.head < len(q.due) {
		if len(q.late) > 0 {
			return min(q.due[q.head].Time, q.late[0].Time), true
		}
		return q.due[q.head].Time, true
	}
	if len(q.late) > 0 {
		return q.late[0].Time, true
	}
	return q.wheelsMin(), true
}

// wheelsMin returns the least time in the wheels, which must not be empty.
func (q *Queue) wheelsMin() int64 {
	least := int64(-1)
	for i := range q.wheels {
		w := &q.wheels[i]
		if w.count == 0 {
			continue
		}
		from := q.next >> (wheelBits * i)
		t := w.buckets[(from+w.first(from))&wheelMask].min
		if least < 0 || t < least {
			least = t
		}
	}
	return least
}

// Ahead returns up to n of the events that come next, in order, as a hint of
// which nodes to load into the cache: at the end of a bucket it falls short, and
// events pushed meanwhile may come in between. The slice is read only, and valid
// until the next call of another method.
func (q *Queue) Ahead(n int) []Event {
	due := q.due[q.head:]
	return due[:min(n, len(due))]
}

// Pop removes and returns the least event, or false when there is none.
func (q *Queue) Pop() (Event, bool) {
	var e Event
	if q.n == 0 {
		return e, false
	}
	q.take(&e)
	return e, true
}

// PopBefore is Pop for events before limit only, and stores the event in e. The
// queue does not look past limit, so events pushed later for that time find
// their buckets unopened.
func (q *Queue) PopBefore(limit int64, e *Event) bool {
	if t, ok := q.PeekTime(); !ok || t >= limit {
		return false
	}
	q.take(e)
	return true
}

// take moves the least event of a queue that is not empty to e.
func (q *Queue) take(e *Event) {
	q.n--
	if q.head == len(q.due) {
		q.refill()
	}
	if len(q.late) > 0 && (q.head == len(q.due) || q.late[0].Before(&q.due[q.head])) {
		q.now = q.late[0].Time
		*e = q.late.pop()
		return
	}
	*e = q.due[q.head]
	q.head++
	q.now = e.Time
}

// refill is called when due has run out. Late events, all earlier than those in
// the wheels, go first: a few stay in their heap, many are sorted into due.
func (q *Queue) refill() {
	if 0 < len(q.late) && len(q.late) <= manyLate {
		return
	}
	if shift := q.load.tune(q.shift, q.n); shift != q.shift {
		q.rebuild(shift)
	}
	if len(q.late) > 0 {
		q.sortLate()
	} else {
		q.open()
	}
}

// sortLate makes all late events due.
func (q *Queue) sortLate() {
	lo, hi := q.late[0].Time, q.late[0].Time
	for i := range q.late {
		hi = max(hi, q.late[i].Time)
	}
	q.sorter.parts = append(q.sorter.parts[:0], q.late)
	q.sortDue(len(q.late), lo, hi)
	q.late = q.late[:0]
}

// sortDue makes due of the n events in the sorter's parts.
func (q *Queue) sortDue(n int, lo, hi int64) {
	if cap(q.due) < n {
		q.due = make([]Event, n+n/4)
	}
	q.due, q.head = q.due[:n], 0
	q.sorter.sort(q.due, lo, hi)
}

// open makes the first bucket in use due. Coarser buckets that start no later
// are first dealt out to the finer wheels.
func (q *Queue) open() {
	level, k := q.firstBucket()
	for level > 0 {
		q.next = k << (wheelBits * level)
		q.spread(q.wheels[level].take(k))
		level, k = q.firstBucket()
	}
	b := q.wheels[0].take(k)
	q.next = k + 1
	parts, n := q.sorter.parts[:0], 0
	for id, free := b.head, b.free; id != 0; id, free = q.pool.link[id], 0 {
		parts = append(parts, q.pool.at(id)[free:])
		n += chunkSize - int(free)
	}
	q.sorter.parts = parts
	q.load.buckets++
	q.load.events += n
	end := int64(q.next<<q.shift - 1)
	q.sortDue(n, b.min, end)
	for id := b.head; id != 0; {
		id = q.pool.put(id)
	}
}

// firstBucket returns the level and number of the bucket in use that starts
// first; of two that start together, the coarser. The wheels must not be empty.
func (q *Queue) firstBucket() (level int, k uint64) {
	var start uint64
	level = -1
	for i := range q.wheels {
		w := &q.wheels[i]
		if w.count == 0 {
			continue
		}
		from := q.next >> (wheelBits * i)
		number := from + w.first(from)
		if at := number << (wheelBits * i); level < 0 || at <= start {
			level, k, start = i, number, at
		}
	}
	return level, k
}

// spread places the events of a bucket anew and frees its chunks.
func (q *Queue) spread(b bucket) {
	for id, free := b.head, b.free; id != 0; free = 0 {
		part := q.pool.at(id)[free:]
		q.load.moves += len(part)
		for i := range part {
			q.place(&part[i])
		}
		id = q.pool.put(id)
	}
}

// rebuild changes the width of the buckets and deals out all events anew. The
// bucket of the present is then not open.
func (q *Queue) rebuild(shift uint) {
	var all []bucket
	for i := range q.wheels {
		w := &q.wheels[i]
		for w.count > 0 {
			all = append(all, w.take(w.first(0)))
		}
	}
	q.shift = shift
	q.next = uint64(q.now) >> shift
	for _, b := range all {
		q.spread(b)
	}
	for _, opened := range [][]Event{q.due[q.head:], q.late} {
		for i := range opened {
			q.place(&opened[i])
		}
	}
	q.due, q.head, q.late = q.due[:0], 0, q.late[:0]
	q.load = load{}
}
