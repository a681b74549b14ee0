package queue

// What decides the width of the buckets. All of it is flat around its optimum:
// from 50 to 16,000 events a bucket, rates differ by a tenth.
const (
	leastLoad  = 8192    // events to observe before the width is judged
	fewEach    = 32      // events a bucket; with fewer, opening costs more than sorting
	manyEach   = 1 << 15 // 1 MiB: above, a bucket and its sorted copy outgrow the cache
	crowd      = 256     // late events: above, their heap is slower than buckets are
	narrower   = 3       // bits at a time
	wider      = 2       // bits; not the same, so that a width is not tried twice in turn
	widestBits = 40      // 2^40 ns, 18 minutes a bucket
)

// load is what has been observed since the width of the buckets was last
// judged. It judges by costs, not by an estimate of the delays, so that a
// mixture of microseconds and days needs no special care.
type load struct {
	events  int // events that became due with their bucket
	buckets int // buckets opened
	moves   int // events moved from a coarser wheel to a finer one
	lates   int // events pushed too late for their bucket
	crowded int // of these, those that found a crowd
}

// tune returns the shift to go on with, given the present one. It waits for as
// many events as are pending, so that a rebuild moves each of them once at most.
func (l *load) tune(shift uint, pending int) uint {
	pops := l.events + l.lates
	if pops < max(pending, leastLoad) {
		return shift
	}
	seen := *l
	*l = load{}
	each := seen.events / max(seen.buckets, 1)
	switch {
	case seen.crowded > pops/8:
		return narrow(shift)
	// With that many moves it is bursts that fill buckets, not their width.
	case each > manyEach && seen.moves < pops/2:
		return narrow(shift)
	case each < fewEach || each < manyEach/4 && seen.moves > pops/4:
		return min(shift+wider, widestBits)
	}
	return shift
}

func narrow(shift uint) uint { return max(shift, narrower) - narrower }
