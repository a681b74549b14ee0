package core

import (
	"net/netip"
	"spreadable/core/message"
	"time"
)

// Client is a participant outside the network that uses it through its nodes. Like a node
// it is driven by its environment, and is not safe for concurrent use.
type Client struct {
	env     Env
	pool    *Pool
	ip      netip.Addr
	timeout time.Duration
}

// Init makes c a client. IP is the address that nodes see it come from; timeout limits
// each of its requests (the original's clients wait 10 s).
func (c *Client) Init(env Env, pool *Pool, ip netip.Addr, timeout time.Duration) {
	*c = Client{env: env, pool: pool, ip: ip, timeout: timeout}
}

func (c *Client) signed(req message.Request) message.Request {
	req.Client = c.ip
	return req
}

func (c *Client) send(p Peer, req message.Request, sink Sink, tag uint32) {
	c.env.Call(p, req, sink, tag)
}

func (c *Client) conclude(Peer, bool, message.Response) {}

// Ask sends a network-wide request through the entry node; done gets the merged answer.
// Trace marks all requests that serve it.
func (c *Client) Ask(entry Peer, trace uint32, q *message.QueryRequest, done func(*message.QueryAnswer, error)) {
	c.pool.runFor(c, func(t *Task) {
		t.req.Trace = trace
		resp := t.Call(entry, message.Request{Kind: message.KindQuery, Timeout: c.timeout, Body: q})
		answer, err := message.As[message.QueryAnswer](resp)
		if err != nil {
			done(nil, err)
			return
		}
		whole := *answer
		whole.Cost.Hops++
		done(&whole, nil)
	})
}

// Draw asks the entry node who approves the client for the action in the current period.
func (c *Client) Draw(entry Peer, trace uint32, action string, done func(*message.ApprovalKey, error)) {
	c.pool.runFor(c, func(t *Task) {
		t.req.Trace = trace
		done(c.draw(t, entry, action))
	})
}

// Approve goes through all steps of an approval that needs no person to answer: it draws
// the approvers through the entry node, asks them to vouch, gets the question, answers it
// by answer, and takes the action at the entry node. Done gets the draw, nil if there was
// none.
func (c *Client) Approve(
	entry Peer, trace uint32, action string, answer func(question string) string, done func(*message.ApprovalKey, error),
) {
	c.pool.runFor(c, func(t *Task) {
		t.req.Trace = trace
		key, err := c.draw(t, entry, action)
		if err == nil {
			err = c.approve(t, entry, action, key, answer)
		}
		done(key, err)
	})
}

func (c *Client) draw(t *Task, entry Peer, action string) (*message.ApprovalKey, error) {
	return message.As[message.ApprovalKey](t.Call(entry, message.Request{
		Kind: message.KindApprovalKey, Timeout: c.timeout, Body: &message.ApprovalKeyRequest{Action: action},
	}))
}

func (c *Client) approve(t *Task, entry Peer, action string, key *message.ApprovalKey, answer func(string) string) error {
	var confirmed []Peer
	for i, resp := range t.Gather(key.Approvers, message.Request{
		Kind: message.KindApprovalAdd, Timeout: c.timeout,
		Body: &message.ApprovalAddRequest{Action: action, Key: key.Key, StartedAt: key.StartedAt},
	}) {
		if resp.Err == nil {
			confirmed = append(confirmed, key.Approvers[i])
		}
	}
	question, err := message.As[message.ApprovalQuestion](t.Call(entry, message.Request{
		Kind: message.KindApprovalQuestion, Timeout: c.timeout,
		Body: &message.ApprovalQuestionRequest{Action: action, Key: key.Key, Confirmed: confirmed},
	}))
	if err != nil {
		return err
	}
	proof := &message.Proof{
		Action: action, Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: confirmed,
		Answer: answer(question.Question),
	}
	return t.Call(entry, message.Request{
		Kind: message.KindAction, Timeout: c.timeout, Body: &message.ActionRequest{Proof: proof},
	}).Err
}
