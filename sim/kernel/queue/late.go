package queue

// lateHeap is a binary heap of the events whose bucket had already been opened
// when they were pushed. It is small as a rule, so it stays in the cache.
type lateHeap []Event

func (h *lateHeap) push(e Event) {
	*h = append(*h, e)
	s := *h
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.Before(&s[parent]) {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = e
}

// pop removes and returns the least event of a heap that is not empty.
func (h *lateHeap) pop() Event {
	s := *h
	least, last := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return least
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(s) {
			break
		}
		if child+1 < len(s) && s[child+1].Before(&s[child]) {
			child++
		}
		if !s[child].Before(&last) {
			break
		}
		s[i] = s[child]
		i = child
	}
	s[i] = last
	return least
}
