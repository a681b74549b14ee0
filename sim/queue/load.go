package queue

const (
	crowd     = 256  // late events that make their heap slow
	leastLoad = 8192 // events between two looks at the width
)

// load is what has been observed since the width of the buckets was last
// considered.
type load struct {
	events  int // events that became due with their bucket
	buckets int // buckets opened
	moves   int // events moved from a coarser wheel to a finer one
	lates   int // events pushed too late for their bucket
	crowded int // of these, those that found a large heap
}

func (l *load) opened(n int) {
	l.events += n
	l.buckets++
}

// tune returns the shift to go on with.
func (l *load) tune(shift uint, pending int) uint {
	pops := l.events + l.lates
	if pops < max(pending, leastLoad) {
		return shift
	}
	each := l.events / max(l.buckets, 1)
	moves, crowded := l.moves, l.crowded
	*l = load{}
	switch {
	case crowded > pops/8 || each > 32768 && moves < pops/2:
		return max(shift, 3) - 3
	case each < 32 || moves > pops/4 && each < 8192:
		return min(shift+2, 40)
	}
	return shift
}
