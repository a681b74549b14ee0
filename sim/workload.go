package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/stream"
	"spreadable/sim/probe"
	"spreadable/sim/result"
	"spreadable/transport/inmem"
)

// clients are outside the network: each operation of the workload is one client, with an
// address of its own.
type clients struct {
	world      *world
	operations []operation
	entries    *entries
	probes     []probe.Probe
}

// operation is a search or an approval: when it starts, and what became of it.
type operation struct {
	row       result.Request
	draws     []*message.ApprovalKey // by entry node; nil where none was made
	completed bool
}

func newClients(w *world) *clients {
	c := &clients{world: w, probes: make([]probe.Probe, w.hosts), entries: newEntries(w)}
	c.add(result.KindSearch, callsOf(w.scenario, result.KindSearch))
	c.add(result.KindApproval, callsOf(w.scenario, result.KindApproval))
	return c
}

// add appends a series of operations that start at some times.
func (c *clients) add(kind result.Kind, times []time.Duration) {
	for i, at := range times {
		c.operations = append(c.operations, operation{row: result.Request{Kind: kind, Index: i, Start: at}})
	}
}

func (c *clients) plan() {
	for i := range c.operations {
		c.world.plan(c.operations[i].row.Start, eventClient, c.world.hosts+i)
	}
}

// begin starts operation i, at nodes that are up.
func (c *clients) begin(i int) {
	op := &c.operations[i]
	rng := c.random(i, 0)
	alive := c.world.population.At(op.row.Start)
	if c.world.members(alive) == 0 { // faults have ended all, or the others lie
		c.finish(i, message.ErrUnreachable)
		return
	}
	if op.row.Kind == result.KindSearch {
		op.row.Entry = c.entries.draw(alive, rng)
		c.search(i)
		return
	}
	entries := c.entries.different(rng, alive, c.world.scenario.Workload.Approvals.Entries)
	op.row.Entry = entries[0]
	op.draws = make([]*message.ApprovalKey, len(entries))
	c.approve(i)
	for k, entry := range entries[1:] {
		c.drawAgain(i, k+1, entry)
	}
}

// random is the stream of the k-th try of operation i.
func (c *clients) random(i, k int) *rand.Rand {
	return rand.New(stream.New(c.world.scenario.Seed, uint64(k)<<32|uint64(i), stream.Workload))
}

// again lets the client of an operation that has failed ask at another node, if it may. It
// reports whether it does.
func (c *clients) again(i int) bool {
	op := &c.operations[i]
	if op.row.Retries == c.world.scenario.Workload.Retries {
		return false
	}
	alive := c.world.population.At(c.now(i))
	if c.world.members(alive) == 0 {
		return false
	}
	op.row.Retries++
	op.row.Entry = c.entries.draw(alive, c.random(i, op.row.Retries))
	if op.row.Kind == result.KindSearch {
		c.search(i)
	} else {
		c.approve(i)
	}
	return true
}

// now is the virtual time at a client.
func (c *clients) now(i int) time.Duration { return c.world.net.Client(i).Now() - c.world.epoch }

// trace numbers the requests that serve operation i; the k-th further entry node, asked
// only to compare its draw, counts for itself.
func (c *clients) trace(i, k int) uint32 { return uint32(1 + i + k*len(c.operations)) }

// traces is the first number of a trace that no operation has.
func (c *clients) traces() uint32 {
	return c.trace(0, max(1, c.world.scenario.Workload.Approvals.Entries))
}

func (c *clients) search(i int) {
	op := &c.operations[i]
	op.row.Coverage = math.NaN()
	query := &message.QueryRequest{Name: probe.Name}
	c.client(i).Ask(peerOf(op.row.Entry), c.trace(i, 0), query, func(answer *message.QueryAnswer, err error) {
		if (err != nil || alone(answer)) && c.again(i) {
			return
		}
		c.finish(i, err)
		if err != nil {
			op.row.Coverage = 0
			return
		}
		c.reach(op, probe.Nodes(answer.Result, c.world.hosts))
		op.row.Asked, op.row.Answered = answer.Coverage.Asked, answer.Coverage.Answered
		op.row.Hops, op.row.Fanout = answer.Cost.Hops, answer.Cost.Fanout
	})
}

// alone reports whether an answer is that of one node, which has asked others in vain: a
// client can see that.
func alone(answer *message.QueryAnswer) bool {
	return answer.Coverage.Asked > 1 && answer.Coverage.Answered <= 1
}

// reach records how much of the network a search has reached. When it has reached only
// the entry node of a network of several, the search has failed, though an answer came.
func (c *clients) reach(op *operation, reached probe.Set) {
	lived := c.world.population.Throughout(op.row.Start, op.row.Start+op.row.Latency)
	answered, others := 0, 0
	for node := range lived.All() {
		if !reached.Has(node) || c.world.outside(node) {
			continue
		}
		answered++
		if node != op.row.Entry {
			others++
		}
	}
	op.row.Coverage = float64(answered) / float64(c.world.members(lived))
	if others == 0 && c.world.members(lived) > 1 {
		op.row.OK, op.row.Error = false, result.ErrorNoOther
	}
}

func (c *clients) approve(i int) {
	op := &c.operations[i]
	// The question is the client's address, and so is the answer.
	answer := func(question string) string { return question }
	c.client(i).Approve(peerOf(op.row.Entry), c.trace(i, 0), "client", answer,
		func(key *message.ApprovalKey, err error) {
			if err != nil && c.again(i) {
				return
			}
			c.finish(i, err)
			if key == nil {
				return
			}
			op.draws[0] = key
			op.row.DrawStart = key.StartedAt - c.world.epoch
			for _, p := range key.Approvers {
				op.row.Approvers = append(op.row.Approvers, inmem.Index(p))
			}
		})
}

// drawAgain asks another entry node for the same draw.
func (c *clients) drawAgain(i, k, entry int) {
	op := &c.operations[i]
	c.client(i).Draw(peerOf(entry), c.trace(i, k), "client",
		func(key *message.ApprovalKey, _ error) { op.draws[k] = key })
}

func (c *clients) finish(i int, err error) {
	op := &c.operations[i]
	op.completed = true
	op.row.OK = err == nil
	op.row.Latency = c.now(i) - op.row.Start
	op.row.Error = result.ErrorName(err)
}

func (c *clients) client(i int) *core.Client { return &c.world.net.Client(i).Client }

func peerOf(node int) core.Peer { return peer.FromID(uint32(node) + 1) }

// rows returns the operations that were started before the end, with what they cost. Those
// before the time from belong to the warm-up.
func (c *clients) rows(from, end time.Duration) []result.Request {
	var rows []result.Request
	for i := range c.operations {
		op := &c.operations[i]
		if op.row.Start >= end {
			continue
		}
		if !op.completed {
			op.row.Error = result.ErrorRunEnded
		}
		op.row.WarmUp = op.row.Start < from
		cost := c.world.net.Trace(c.trace(i, 0))
		op.row.Messages, op.row.Bytes = int64(cost.Requests), int64(cost.Bytes)
		op.row.Compared, op.row.Agreed = compare(op.draws)
		rows = append(rows, op.row)
	}
	return rows
}

// compare returns how many draws of entry nodes can be compared with another one of the
// same period, and whether all of the same period name the same approvers in the same
// order. Around the end of a period entry nodes draw for different periods; that is no
// disagreement, and neither is an entry node that did not draw. It is false when there
// are no two draws of a period.
func compare(draws []*message.ApprovalKey) (compared int, agreed bool) {
	agreed = true
	for i, d := range draws {
		if d == nil {
			continue
		}
		paired := false
		for k, other := range draws {
			if k == i || other == nil || other.StartedAt != d.StartedAt {
				continue
			}
			paired = true
			agreed = agreed && slices.Equal(d.Approvers, other.Approvers)
		}
		if paired {
			compared++
		}
	}
	return compared, agreed && compared > 0
}
