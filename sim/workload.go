package sim

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/stream"
	"spreadable/sim/population"
	"spreadable/sim/probe"
	"spreadable/sim/result"
	"spreadable/transport/inmem"
)

// clients are outside the network: each operation of the workload is one client, with an
// address of its own.
type clients struct {
	world      *world
	operations []operation
	probes     []probe.Probe
}

// operation is a search or an approval: when it starts, and what became of it.
type operation struct {
	row       result.Request
	draws     []*message.ApprovalKey // by entry node; nil where none was made
	completed bool
}

func newClients(w *world) *clients {
	c := &clients{world: w, probes: make([]probe.Probe, w.nodes)}
	load := w.scenario.Workload
	c.add(result.KindSearch, load.Searches.Count, load.Searches.Start, load.Searches.Over)
	c.add(result.KindApproval, load.Approvals.Count, load.Approvals.Start, load.Approvals.Over)
	return c
}

// add appends a series of operations, evenly spaced over a time.
func (c *clients) add(kind result.Kind, count int, start, over time.Duration) {
	for i := range count {
		at := start + time.Duration(float64(over)*float64(i)/float64(count))
		c.operations = append(c.operations, operation{row: result.Request{Kind: kind, Index: i, Start: at}})
	}
}

func (c *clients) plan() {
	for i := range c.operations {
		c.world.plan(c.operations[i].row.Start, eventClient, c.world.nodes+i)
	}
}

// begin starts operation i, at random nodes that are up.
func (c *clients) begin(i int) {
	op := &c.operations[i]
	rng := rand.New(stream.New(c.world.scenario.Seed, uint64(i), stream.Workload))
	alive := c.world.population.At(op.row.Start)
	if alive.Size() == 0 { // faults have ended all
		c.finish(i, message.ErrUnreachable)
		return
	}
	if op.row.Kind == result.KindSearch {
		op.row.Entry = c.world.entry(alive, rng)
		c.search(i)
		return
	}
	entries := c.world.different(rng, alive, c.world.scenario.Workload.Approvals.Entries)
	op.row.Entry = entries[0]
	c.approve(i)
	op.draws = append(op.draws, make([]*message.ApprovalKey, len(entries)-1)...)
	for k, entry := range entries[1:] {
		c.drawAgain(i, k+1, entry)
	}
}

// different draws so many different nodes that clients can call, or all there are.
func (w *world) different(rng *rand.Rand, alive population.Alive, count int) []int {
	var list []int
	for most := min(count, w.members(alive)); len(list) < most; {
		if node := w.entry(alive, rng); !slices.Contains(list, node) {
			list = append(list, node)
		}
	}
	return list
}

// trace numbers the requests that serve operation i; the k-th further entry node, asked
// only to compare its draw, counts for itself.
func (c *clients) trace(i, k int) uint32 { return uint32(1 + i + k*len(c.operations)) }

func (c *clients) search(i int) {
	op := &c.operations[i]
	op.row.Coverage = math.NaN()
	query := &message.QueryRequest{Name: probe.Name}
	c.client(i).Ask(peerOf(op.row.Entry), c.trace(i, 0), query, func(answer *message.QueryAnswer, err error) {
		c.finish(i, err)
		if err != nil {
			op.row.Coverage = 0
			return
		}
		c.reach(op, probe.Nodes(answer.Result, c.world.nodes))
		op.row.Asked, op.row.Answered = answer.Coverage.Asked, answer.Coverage.Answered
		op.row.Hops, op.row.Fanout = answer.Cost.Hops, answer.Cost.Fanout
	})
}

// reach records how much of the network a search has reached. When it has reached only
// the entry node of a network of several, the search has failed, though an answer came.
func (c *clients) reach(op *operation, reached probe.Set) {
	lived := c.world.population.Throughout(op.row.Start, op.row.Start+op.row.Latency)
	answered, others := 0, 0
	for node := range lived.All() {
		if !reached.Has(node) {
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
	op.draws = make([]*message.ApprovalKey, 1)
	// The question is the client's address, and so is the answer.
	answer := func(question string) string { return question }
	c.client(i).Approve(peerOf(op.row.Entry), c.trace(i, 0), "client", answer,
		func(key *message.ApprovalKey, err error) {
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
	op.row.Latency = c.world.net.Client(i).Now() - c.world.epoch - op.row.Start
	op.row.Error = nameOf(err)
}

// nameOf is the name of an error: its code, or what happened to the request.
func nameOf(err error) string {
	var refusal *message.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return refusal.Code
	case errors.Is(err, message.ErrTimeout):
		return result.ErrorTimeout
	case errors.Is(err, message.ErrUnreachable):
		return result.ErrorUnreachable
	case errors.Is(err, message.ErrDenied):
		return result.ErrorDenied
	case errors.Is(err, message.ErrMalformed):
		return result.ErrorMalformed
	}
	return result.ErrorOther
}

func (c *clients) client(i int) *core.Client { return &c.world.net.Client(i).Client }

func peerOf(node int) core.Peer { return peer.FromID(uint32(node) + 1) }

// rows returns the operations that were started before the end, with what they cost.
func (c *clients) rows(end time.Duration) []result.Request {
	var rows []result.Request
	for i := range c.operations {
		op := &c.operations[i]
		if op.row.Start >= end {
			continue
		}
		if !op.completed {
			op.row.Error = result.ErrorRunEnded
		}
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
