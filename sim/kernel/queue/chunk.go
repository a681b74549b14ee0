package queue

const (
	chunkSize = 32  // events: 1 KiB, long enough to stream, short enough not to waste
	slabSize  = 256 // chunks: 256 KiB, the unit in which memory is asked for
)

// A chunkID names a chunk; 0 is none. Buckets hold numbers instead of pointers,
// so the garbage collector has only the few slabs to see.
type chunkID uint32

type chunk [chunkSize]Event

// pool owns all chunks. Its memory never shrinks, but whatever was once in use
// is used again: a freed chunk is the next to be handed out, while it is warm.
type pool struct {
	slabs []*[slabSize]chunk
	// link[id] is the next chunk of the list that id is in. It stands apart from
	// the chunks: walking a list then waits for no miss in the events' memory,
	// and the loads of the events themselves can overlap.
	link []chunkID
	free chunkID // head of the list of free chunks
}

// at returns the chunk of that name.
func (p *pool) at(id chunkID) *chunk {
	return &p.slabs[id/slabSize][id%slabSize]
}

// get takes a free chunk and puts it in front of the list that starts at next.
func (p *pool) get(next chunkID) chunkID {
	if p.free == 0 {
		p.extend()
	}
	id := p.free
	p.free = p.link[id]
	p.link[id] = next
	return id
}

// put frees one chunk and returns the one that followed it in its list.
func (p *pool) put(id chunkID) chunkID {
	next := p.link[id]
	p.link[id] = p.free
	p.free = id
	return next
}

// extend adds one slab, whose chunks become the free list. It is only called
// when that list is empty.
func (p *pool) extend() {
	first := chunkID(len(p.slabs) * slabSize)
	p.slabs = append(p.slabs, new([slabSize]chunk))
	for i := range chunkID(slabSize) {
		p.link = append(p.link, first+i+1)
	}
	p.link[first+slabSize-1] = 0
	p.free = max(first, 1) // chunk 0 stays unused: its number means none
}
