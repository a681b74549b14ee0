package core

import (
	"time"

	"spreadable/core/message"
)

// budget is the timeout budget of a procedure: a total that its requests share.
type budget struct {
	env  Env
	ends time.Duration
}

func (n *Node) budget(total time.Duration) budget {
	return budget{env: n.env, ends: n.env.Now() + total}
}

// requestBudget is what is left to answer the request of t.
func (t *Task) requestBudget() budget { return t.node.budget(message.Left(t.req.Timeout)) }

// left is what remains. A request with 0 or less fails at once, without being sent.
func (b budget) left() time.Duration { return b.ends - b.env.Now() }

// atMost is a request's share: d, but no more than what is left.
func (b budget) atMost(d time.Duration) time.Duration { return min(d, b.left()) }

// share is a request's share if others must come after it, whatever it costs: d, but no
// more than half of what is left. It matters where timeouts are long for the sync interval.
func (b budget) share(d time.Duration) time.Duration { return min(d, b.left()/2) }
