package inmem

// table holds values under small numbers that are used again: the calls and messages in
// flight of a partition. The numbers go into events, which hold no pointers, so that the
// collector never looks into the event queue. Free slots are reused last in, first out:
// what was touched last is still in the cache.
//
// It grows by chunks that stay where they are. One slice would be copied as it grows, and
// be up to a quarter too long, at the moment when a run takes most memory.
type table[T any] struct {
	chunks []*[chunkSlots]slot[T]
	opened uint32 // numbers given out so far, all below this one
	vacant []uint32
}

type slot[T any] struct {
	value T
	gen   uint32 // counts the uses of the slot; an old number does not match the next use
}

const chunkSlots = 256

// put stores a copy of a value.
func (t *table[T]) put(v *T) (number, gen uint32) {
	if last := len(t.vacant) - 1; last >= 0 {
		number = t.vacant[last]
		t.vacant = t.vacant[:last]
	} else {
		number = t.opened
		t.opened++
		if number%chunkSlots == 0 {
			t.chunks = append(t.chunks, new([chunkSlots]slot[T]))
		}
	}
	s := t.slot(number)
	s.value = *v
	return number, s.gen
}

func (t *table[T]) slot(number uint32) *slot[T] {
	return &t.chunks[number/chunkSlots][number%chunkSlots]
}

// at returns the value under a number in use, valid until it is freed.
func (t *table[T]) at(number uint32) *T { return &t.slot(number).value }

// take removes and returns the value that put stored with this number and generation; ok
// is false if it is gone.
func (t *table[T]) take(number, gen uint32) (v T, ok bool) {
	s := t.slot(number)
	if s.gen != gen {
		return v, false
	}
	v = s.value
	t.free(number)
	return v, true
}

// free forgets the value under a number.
func (t *table[T]) free(number uint32) {
	s := t.slot(number)
	var zero T
	s.value = zero
	s.gen++
	t.vacant = append(t.vacant, number)
}

// inUse is how many values there are.
func (t *table[T]) inUse() int { return int(t.opened) - len(t.vacant) }
