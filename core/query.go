package core

import (
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
func (n *Node) Offer(q Query) { n.queries = &offered{q, n.queries} }

// offered is one of the queries that a node answers, and the next. A simulation has one at
// each of a million nodes, and a slice would take more.
type offered struct {
	Query
	next *offered
}

func (n *Node) query(name string) Query {
	for o := n.queries; o != nil; o = o.next {
		if o.Name() == name {
			return o.Query
		}
	}
	return nil
}

// serveQuerySlave is the end of every path: one node answers for itself.
func (n *Node) serveQuerySlave(req *message.Request) message.Response {
	body := message.Asked[message.QueryRequest](req)
	q := n.query(body.Name)
	if q == nil {
		return n.answerFold(nil, body)
	}
	return message.Response{Body: &message.QueryAnswer{
		Result: q.Answer(body.Arg), Coverage: message.Coverage{Asked: 1, Answered: 1},
	}}
}

// serveQuery is the part of a butler, and of a master above it: to ask the nodes below
// and merge what they say. The level in the body must be that of the kind: a butler has
// slaves below it, a master has butlers.
func serveQuery(t *Task) {
	body := message.Asked[message.QueryRequest](&t.req)
	least, most := 1, 1
	if t.req.Kind == message.KindQueryMaster {
		least, most = 2, max(2, t.node.cfg.branchLevels()+1)
	}
	if body.Level < least || body.Level > most {
		t.reply(message.Response{Err: message.ErrMalformed})
		return
	}
	if tr := t.node.tree(); tr != nil {
		tr.askedBy(t.req.From, body.Level)
	}
	t.reply(t.node.askNetwork(t, body, body.Level-1, t.requestBudget()))
}

// serveClientQuery is the entry node's part: it asks all masters on behalf of a client.
func serveClientQuery(t *Task) {
	n, body := t.node, message.Asked[message.QueryRequest](&t.req)
	if f := n.fold(body.Name); f != nil {
		if err := t.admitClient(f, body); err != nil {
			t.reply(message.Response{Err: err})
			return
		}
	}
	t.reply(n.search(t, body, t.requestBudget()))
}

// search asks the whole network.
func (n *Node) search(t *Task, body *message.QueryRequest, b budget) message.Response {
	began := n.env.Now()
	resp := n.askNetwork(t, body, n.searchLevel(), b)
	if tr := n.tree(); tr != nil {
		if f := n.fold(body.Name); f == nil || !f.Terms().Early { // else it ends before it has come to all
			tr.rateSearch(began)
		}
	}
	return resp
}

// askNetwork asks all nodes one level down: the masters, or at level 0 the own slaves, or
// the node itself if there are none. The coverage counts a node that does not answer as
// asked, with all nodes that it is listed to have below it. Slaves are not asked for what
// the application knows of them.
func (n *Node) askNetwork(t *Task, body *message.QueryRequest, level int, b budget) message.Response {
	q, f, kind, step := n.query(body.Name), Fold(nil), queryKinds[min(level, len(queryKinds)-1)], n.cfg.ServerTimeout
	if q == nil {
		if f = n.fold(body.Name); f == nil {
			return message.Response{Err: message.Refusal(message.CodeUnknownQuery, body.Name)}
		}
		if err := checked(f.Check(body.Arg)); err != nil {
			return message.Response{Err: err}
		}
		terms := f.Terms()
		if terms.Work && level == 0 {
			kind = message.KindWork
		}
		orDefault(&terms.Timeout, step)
		step = terms.Timeout
	}
	targets, below := n.targets(level)
	known, told := 0, []message.Told(nil)
	if f != nil && level == 0 {
		all := len(targets)
		targets, told = f.Known(body.Arg, targets)
		known = all - len(targets)
	}
	req := message.Request{
		Kind: kind,
		// Each level gets less time, so that a partial answer is in time.
		Timeout: b.atMost(step * time.Duration(level+1)),
		Body:    &message.QueryRequest{Name: body.Name, Level: level, Arg: body.Arg},
	}
	s := summary{node: n, query: q, level: level, targets: targets, below: below, backlink: n.level1.backlink}
	if f == nil {
		return message.Response{Body: s.of(t.Gather(targets, req))}
	}
	s.told = append(make([]message.Told, 0, len(targets)+len(told)), told...)
	merged := s.of(t.gatherWanted(targets, req, wantOf(f, body.Arg, kind, len(targets))))
	merged.Coverage.Asked += known
	merged.Coverage.Answered += known
	if len(s.told) > 0 {
		merged.Result = f.Merge(body.Arg, s.told)
		if err, failed := merged.Result.(error); failed {
			return message.Response{Err: refusalOf(err, message.CodeFailed)}
		}
	}
	return message.Response{Body: merged}
}

// summary makes one answer of those that a node has got from the level below.
type summary struct {
	node    *Node
	query   Query          // nil for a Fold,
	told    []message.Told // whose answers are merged together in the end
	level   int
	targets []Peer
	below   func(i int) int
	// of the node when it asked
	backlink Peer
}

// of merges the responses of the targets.
func (s *summary) of(responses []message.Response) *message.QueryAnswer {
	n, merged, others := s.node, &message.QueryAnswer{}, 0
	for i, resp := range responses {
		from := s.targets[i]
		if s.level == 1 && from == s.backlink && resp.Err != ErrUnawaited {
			n.level1.rateSearch(from, resp, s.below(i))
		}
		if s.level >= 2 && from != n.self && n.inTree() && resp.Err != ErrUnawaited {
			n.tree().rateHead(s.level-1, from, resp)
		}
		hops := 1
		if from == n.self {
			hops = 0 // a call within the process
		}
		others += hops
		if answer, err := message.As[message.QueryAnswer](resp); err == nil {
			s.merge(merged, from, answer)
			hops += answer.Cost.Hops
		} else {
			merged.Coverage.Asked += s.below(i)
		}
		merged.Cost.Hops = max(merged.Cost.Hops, hops)
	}
	merged.Cost.Fanout = max(merged.Cost.Fanout, others)
	return merged
}

// merge adds the answer b of a peer to a, all but the hops: they depend on who was asked.
func (s *summary) merge(a *message.QueryAnswer, from Peer, b *message.QueryAnswer) {
	switch {
	case b.Result == nil:
	case s.query == nil:
		s.told = append(s.told, message.Told{By: from, Leaf: s.level == 0, Answer: b.Result})
	case a.Result == nil:
		a.Result = b.Result
	default:
		a.Result = s.query.Merge(a.Result, b.Result)
	}
	a.Coverage.Asked += b.Coverage.Asked
	a.Coverage.Answered += b.Coverage.Answered
	a.Cost.Fanout = max(a.Cost.Fanout, b.Cost.Fanout)
}

var queryKinds = [...]message.Kind{message.KindQuerySlave, message.KindQueryButler, message.KindQueryMaster}

// targets lists the peers to ask at a level. Below says how many nodes the i-th of them
// answers for.
func (n *Node) targets(level int) (targets []Peer, below func(i int) int) {
	if level == 0 {
		targets, below = n.level1.slaves, func(int) int { return 1 }
	} else if level > 1 && n.tree().placed() {
		list := n.tree().lists[level-2].List
		for _, b := range list {
			targets = append(targets, b.Head)
		}
		return targets, func(i int) int { return int(list[i].Size) }
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
