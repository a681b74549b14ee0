package core

import (
	"slices"
	"time"

	"spreadable/core/message"
)

// Query is a network-wide request of an application. The application says how one node
// answers and how answers merge. The core derives what the entry node, the masters and
// the slaves do, and says how many nodes are behind the merged answer.
//
// Answers merge in any grouping, so Merge must be associative. They merge in the order of
// lists, which differs between nodes, so Merge should be commutative too. Nil means
// "nothing to say": the core handles it, Merge never gets it. Neither method may change
// its arguments, with one exception: nothing else holds what Merge has returned, so Merge
// may add to it when it comes back as a.
type Query interface {
	Name() string
	Answer(arg any) any
	Merge(a, b any) any
}

// Offer adds an application's query to those that the node answers. It must be called
// before Start.
func (n *Node) Offer(q Query) { n.queries = append(n.queries, q) }

func (n *Node) query(name string) Query {
	i := slices.IndexFunc(n.queries, func(q Query) bool { return q.Name() == name })
	if i < 0 {
		return nil
	}
	return n.queries[i]
}

// serveQuerySlave is the end of every path: one node answers for itself.
func (n *Node) serveQuerySlave(req *message.Request) message.Response {
	body := message.Asked[message.QueryRequest](req)
	q := n.query(body.Name)
	if q == nil {
		return message.Response{Err: message.Refusal(message.CodeUnknownQuery, body.Name)}
	}
	return message.Response{Body: &message.QueryAnswer{
		Result: q.Answer(body.Arg), Coverage: message.Coverage{Asked: 1, Answered: 1},
	}}
}

// serveQuery is the part of a butler, and of a master above it: to ask the nodes below
// and merge what they say. The level in the body must be that of the kind: a butler has
// slaves below it, a master has butlers.
func serveQuery(t *Task) {
	body, level := message.Asked[message.QueryRequest](&t.req), 1
	if t.req.Kind == message.KindQueryMaster {
		level = 2
	}
	if body.Level != level {
		t.reply(message.Response{Err: message.ErrMalformed})
		return
	}
	t.reply(t.node.askNetwork(t, body, level-1))
}

// serveClientQuery is the entry node's part: it asks all masters on behalf of a client.
func serveClientQuery(t *Task) {
	t.reply(t.node.askNetwork(t, message.Asked[message.QueryRequest](&t.req), levels))
}

// askNetwork asks all nodes one level down: the masters, or at level 0 the own slaves, or
// the node itself if there are none. The coverage counts a node that does not answer as
// asked, with all nodes that it is listed to have below it.
func (n *Node) askNetwork(t *Task, body *message.QueryRequest, level int) message.Response {
	q := n.query(body.Name)
	if q == nil {
		return message.Response{Err: message.Refusal(message.CodeUnknownQuery, body.Name)}
	}
	targets, below := n.targets(level)
	backlink := n.level1.backlink
	responses := t.Gather(targets, message.Request{
		Kind: queryKinds[level],
		// Each level gets less time, so that a partial answer is in time.
		Timeout: t.requestBudget().atMost(n.cfg.ServerTimeout * time.Duration(level+1)),
		Body:    &message.QueryRequest{Name: body.Name, Level: level, Arg: body.Arg},
	})
	merged, others := &message.QueryAnswer{}, 0
	for i, resp := range responses {
		if level == levels && targets[i] == backlink {
			n.level1.rateSearch(backlink, resp, below(i))
		}
		hops := 1
		if targets[i] == n.self {
			hops = 0 // a call within the process
		}
		others += hops
		if answer, err := message.As[message.QueryAnswer](resp); err == nil {
			merge(q, merged, answer)
			hops += answer.Cost.Hops
		} else {
			merged.Coverage.Asked += below(i)
		}
		merged.Cost.Hops = max(merged.Cost.Hops, hops)
	}
	merged.Cost.Fanout = max(merged.Cost.Fanout, others)
	return message.Response{Body: merged}
}

var queryKinds = [...]message.Kind{message.KindQuerySlave, message.KindQueryButler, message.KindQueryMaster}

// targets lists the peers to ask at a level. Below says how many nodes the i-th of them
// answers for.
func (n *Node) targets(level int) (targets []Peer, below func(i int) int) {
	if level == 0 {
		targets, below = n.level1.slaves, func(int) int { return 1 }
	} else {
		list := n.level1.masters.List
		for _, m := range list {
			targets = append(targets, m.Peer)
		}
		below = func(i int) int { return int(list[i].Size) }
	}
	if len(targets) == 0 {
		return []Peer{n.self}, func(int) int { return 1 }
	}
	return targets, below
}

// merge adds the answer b to a, all but the hops: they depend on who was asked.
func merge(q Query, a, b *message.QueryAnswer) {
	switch {
	case a.Result == nil:
		a.Result = b.Result
	case b.Result != nil:
		a.Result = q.Merge(a.Result, b.Result)
	}
	a.Coverage.Asked += b.Coverage.Asked
	a.Coverage.Answered += b.Coverage.Answered
	a.Cost.Fanout = max(a.Cost.Fanout, b.Cost.Fanout)
}
