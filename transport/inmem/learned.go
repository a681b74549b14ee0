package inmem

import (
	"math"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// edition names a snapshot among those of one node: the node's number of it, and in the
// low bits the length of its ETag. 0 is none.
type edition uint32

// etagBits hold the length of an ETag, which is at most 31. The number has the rest: a
// node that makes 2^27 snapshots between two answers to one peer would be mistaken.
const etagBits = 5

// lifeBits are the lower bits of a number, with which a life of a node begins: the first
// snapshots of the next life are others than those of the life before, which peers may
// still have.
const lifeBits = 17

func newEdition(number uint32, etag int) edition { return edition(number<<etagBits | uint32(etag)) }

func (d edition) etag() int { return int(d & (1<<etagBits - 1)) }

// learned is the first structure that a host got of another: all that most slaves ever
// get. The others are in a map of its partition.
type learned struct {
	from    uint32 // index of the other host
	edition edition
}

// known is what e has of another host's structure.
func (e *endpoint) known(from uint32) edition {
	switch {
	case e.learned.from == from:
		return e.learned.edition
	case e.others == 0:
		return 0
	}
	return e.partition.learned[e.others-1][from]
}

// learn keeps what a host answered.
func (e *endpoint) learn(from uint32, d edition) {
	p := e.partition
	switch {
	case e.learned.edition == 0 || e.learned.from == from:
		e.learned = learned{from, d}
		return
	case e.others == 0:
		p.learned = append(p.learned, make(map[uint32]edition))
		e.others = uint32(len(p.learned))
	}
	others := p.learned[e.others-1]
	if len(others) >= wire.MaxLearned-1 {
		clear(others)
		e.learned = learned{}
	}
	others[from] = d
}

// weighRequest counts the bytes of a request of e to another host.
func (e *endpoint) weighRequest(to core.Peer, req *message.Request) (bytes uint32, known edition) {
	if req.Kind == message.KindStructure && !req.Once {
		known = e.known(to.ID() - 1)
	}
	size := e.partition.sizes.Request(to, req, known.etag())
	if req.Kind == message.KindDirect {
		size += streamBytes(req)
		e.partition.Direct += uint64(size)
	}
	return uint32(size), known
}

// streamBytes is how much follows a request. What does not fit into a count of bytes is
// cut: more than 4 GiB at once.
func streamBytes(req *message.Request) int {
	body := message.Asked[message.DirectRequest](req)
	if body == nil || body.Stream == nil {
		return 0
	}
	return int(min(body.Stream.Size, math.MaxUint32-1<<20))
}

// weighAnswer counts the bytes of e's answer to a request. Fresh is what the asker learns
// by it, 0 if that is nothing new. A structure that is not the node's own (Options.Front)
// has no edition, and counts in full each time.
func (e *endpoint) weighAnswer(m *request, resp *message.Response) (bytes uint32, fresh edition) {
	sizes := e.partition.sizes
	if resp.Err == message.ErrUnreachable {
		return 0, 0 // nothing has answered
	}
	node := &e.partition.net.hosts[e.index].Node
	if m.req.Kind != message.KindStructure || m.req.Once || resp.Err != nil || resp.Body != any(node.Structure()) {
		size, _ := sizes.Answer(peer.FromID(e.index+1), m.req.Kind, resp)
		return uint32(size), 0
	}
	number := node.Edition() + uint32(e.life)<<lifeBits
	if m.known != 0 && newEdition(number, m.known.etag()) == m.known {
		return uint32(sizes.Unchanged(m.known.etag())), 0
	}
	size, etag := sizes.Answer(peer.FromID(e.index+1), m.req.Kind, resp)
	return uint32(size), newEdition(number, etag)
}
