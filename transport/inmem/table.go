package inmem

// table holds values under small numbers that are used again: the calls and messages in
// flight of a partition. The numbers go into events, which hold no pointers, so that the
// collector never looks into the event queue. Free slots are reused last in, first out:
// what was touched last is still in the cache.
type table[T any] struct {
	slots  []slot[T]
	vacant []uint32
}

type slot[T any] struct {
	value T
	gen   uint32 // counts the uses of the slot; an old number does not match the next use
}

// put stores a copy of a value.
func (t *table[T]) put(v *T) (number, gen uint32) {
	number, gen, value := t.add()
	*value = *v
	return number, gen
}

// add returns an empty value, valid until the next put or add. To fill it there is cheaper
// than to copy what has just been written elsewhere.
func (t *table[T]) add() (number, gen uint32, value *T) {
	if last := len(t.vacant) - 1; last >= 0 {
		number = t.vacant[last]
		t.vacant = t.vacant[:last]
	} else {
		number = uint32(len(t.slots))
		t.slots = append(t.slots, slot[T]{})
	}
	s := &t.slots[number]
	return number, s.gen, &s.value
}

// touch loads what the next add will need; see Partition.Touch.
func (t *table[T]) touch() uint32 {
	if last := len(t.vacant) - 1; last >= 0 {
		return t.slots[t.vacant[last]].gen
	}
	return 0
}

// at returns the value under a number in use, valid until the next put.
func (t *table[T]) at(number uint32) *T { return &t.slots[number].value }

// take removes and returns the value that put stored with this number and generation; ok
// is false if it is gone.
func (t *table[T]) take(number, gen uint32) (v T, ok bool) {
	s := &t.slots[number]
	if s.gen != gen {
		return v, false
	}
	v = s.value
	t.free(number)
	return v, true
}

// free forgets the value under a number.
func (t *table[T]) free(number uint32) {
	s := &t.slots[number]
	var zero T
	s.value = zero
	s.gen++
	t.vacant = append(t.vacant, number)
}
