package sim

import (
	"cmp"
	"slices"
	"time"

	"spreadable/sim/result"
)

// What a run tells of its stores.

// summary of the store of a name; nil if the run has none.
func (o *objects) summary(name string) *result.Store {
	if o == nil {
		return nil
	}
	i := slices.IndexFunc(o.kinds, func(k *storage) bool { return k.name == name })
	if i < 0 {
		return nil
	}
	k := o.kinds[i]
	s := &result.Store{Preloaded: k.placed, Bytes: o.world.directBytes()}
	o.operations(k, s)
	k.copies(s)
	return s
}

// directBytes is how many bytes requests from node to node have taken, with their streams.
func (w *world) directBytes() (bytes int64) {
	for _, p := range w.net.Partitions() {
		bytes += int64(p.Direct)
	}
	return bytes
}

// operations sums up what clients have done.
func (o *objects) operations(k *storage, s *result.Store) {
	writes := o.history(k)
	var readTimes, writeTimes []time.Duration
	var readCost, writeCost uint64
	got, stale, acknowledged := 0, 0, 0
	worst := time.Duration(0)
	for i := range o.ops {
		op := &o.ops[i]
		if op.kind != k.number || !op.begun {
			continue
		}
		cost := o.world.net.Trace(o.trace + uint32(i)).Requests
		if op.write {
			s.Writes++
			writeCost += cost
			if op.done && op.err == nil {
				acknowledged++
				writeTimes = append(writeTimes, op.end-op.at)
			}
			continue
		}
		if !writes.exists(k, op) {
			continue
		}
		s.Reads++
		readCost += cost
		if op.done && op.found && op.err == nil {
			got++
			readTimes = append(readTimes, op.end-op.at)
			if age := writes.age(op); age > 0 {
				stale++
				worst = max(worst, age)
			}
		}
	}
	s.Availability, s.Acknowledged = result.Share(got, s.Reads), result.Share(acknowledged, s.Writes)
	s.ReadRequests, s.WriteRequests = result.Share(int(readCost), s.Reads), result.Share(int(writeCost), s.Writes)
	s.ReadMS, s.WriteMS = result.LatencyOf(readTimes), result.LatencyOf(writeTimes)
	if k.name == "documents" {
		s.Stale = result.Share(stale, got)
		if stale > 0 {
			s.StaleSMax = result.Finite(worst.Seconds())
		}
	}
}

// history are the acknowledged writes of each object, in the order in which they ended.
type history map[int][]past

// past is an acknowledged write. Latest is the latest start of it and those before.
type past struct {
	value              uint64
	start, end, latest time.Duration
}

func (o *objects) history(k *storage) history {
	all := make(history)
	for i := range o.ops {
		op := &o.ops[i]
		if op.kind == k.number && op.write && op.done && op.err == nil {
			all[op.object] = append(all[op.object], past{value: op.value, start: op.at, end: op.end})
		}
	}
	for _, list := range all { // order-free: each on its own
		slices.SortStableFunc(list, func(a, b past) int { return cmp.Compare(a.end, b.end) })
		latest := time.Duration(0)
		for i := range list {
			latest = max(latest, list[i].start)
			list[i].latest = latest
		}
	}
	return all
}

// before are the writes of an object that had ended when an operation began.
func (h history) before(op *operationOf) []past {
	list := h[op.object]
	n, _ := slices.BinarySearchFunc(list, op.at, func(p past, at time.Duration) int { return cmp.Compare(p.end, at) })
	return list[:n]
}

// exists reports whether the object of a read was there when the read began.
func (h history) exists(k *storage, op *operationOf) bool {
	return op.object < k.preload || len(h.before(op)) > 0
}

// age is for how long the version that a read has got had been replaced when the read began:
// by a write that began after it had ended. 0 if it had not been.
func (h history) age(op *operationOf) time.Duration {
	ended := time.Duration(-1) // what was preloaded
	for _, p := range h[op.object] {
		if p.value == op.value {
			ended = p.end
		}
	}
	if op.value != 0 && ended < 0 {
		return 0 // it was never acknowledged: no order is promised
	}
	for _, p := range h.before(op) {
		if p.start > ended {
			return op.at - p.end
		}
	}
	return 0
}

// copies sums up how many there are at the end, and how long it took to make them.
func (k *storage) copies(s *result.Store) {
	if len(k.rows) == 0 {
		return
	}
	last := k.rows[len(k.rows)-1]
	s.Watched = last.objects
	s.Copies = result.Share(last.copies, last.objects)
	s.Whole, s.Missing = result.Share(last.whole, last.objects), result.Share(last.objects-last.held, last.objects)
	lacking := func(r copiesRow) bool { return r.whole < r.held }
	first := slices.IndexFunc(k.rows, lacking)
	if first < 0 || lacking(last) {
		return
	}
	again := len(k.rows)
	for again > 0 && !lacking(k.rows[again-1]) {
		again--
	}
	s.WholeS = result.Finite((k.rows[again].at - k.rows[first].at).Seconds())
}

// startRows puts the first rows at the start, as the sample is.
func (o *objects) startRows() {
	if o == nil {
		return
	}
	for _, k := range o.kinds {
		k.rows[0].at = 0
	}
}

// rows are the copies over time, of all kinds.
func (o *objects) rows() (rows []result.CopiesRow) {
	if o == nil {
		return nil
	}
	for _, k := range o.kinds {
		for _, r := range k.rows {
			mean := 0.0
			if r.objects > 0 {
				mean = float64(r.copies) / float64(r.objects)
			}
			rows = append(rows, result.CopiesRow{Store: k.name, Time: r.at, Objects: r.objects, Held: r.held, Whole: r.whole, Copies: mean})
		}
	}
	return rows
}
