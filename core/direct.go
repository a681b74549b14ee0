package core

import (
	"slices"
	"time"

	"spreadable/core/message"
)

// Direct is a request of an application to one node, which only nodes may send. Check is
// called before any work, and before the stream that may follow is read. Serve answers; an
// error refuses. It gets the stream as the transport has stored it. Valid says what is
// wrong with an answer; an invalid one counts as garbage of the peer that gave it.
type Direct interface {
	Name() string
	Check(from Peer, request *message.DirectRequest) error
	Serve(t *Task, from Peer, request *message.DirectRequest) (any, error)
	Valid(question, answer any) error
}

// OfferDirect adds a Direct to those that the node serves. It must be called before Start.
func (n *Node) OfferDirect(d Direct) { n.extra().directs = append(n.extra().directs, d) }

// Directs returns what OfferDirect was called with.
func (n *Node) Directs() []Direct {
	if n.applications == nil {
		return nil
	}
	return n.applications.directs
}

func (n *Node) direct(name string) Direct {
	directs := n.Directs()
	i := slices.IndexFunc(directs, func(d Direct) bool { return d.Name() == name })
	if i < 0 {
		return nil
	}
	return directs[i]
}

func serveDirect(t *Task) {
	body := message.Asked[message.DirectRequest](&t.req)
	d := t.node.direct(body.Name)
	if d == nil {
		t.reply(message.Response{Err: message.Refusal(message.CodeUnknownQuery, body.Name)})
		return
	}
	if err := checked(d.Check(t.req.From, body)); err != nil {
		t.reply(message.Response{Err: err})
		return
	}
	result, err := d.Serve(t, t.req.From, body)
	if err != nil {
		t.reply(message.Response{Err: refusalOf(err, message.CodeFailed)})
		return
	}
	t.reply(message.Response{Body: &message.DirectAnswer{Result: result}})
}

// ScreenDirect reports whether the node would take a Direct from a peer, for a driver
// that has read all of the request but its stream. The error is the refusal.
func (n *Node) ScreenDirect(from Peer, body *message.DirectRequest) error {
	if d := n.direct(body.Name); d != nil {
		return checked(d.Check(from, body))
	}
	return message.Refusal(message.CodeUnknownQuery, body.Name)
}

// Send sends a Direct to a peer and waits for the answer.
func (t *Task) Send(p Peer, body *message.DirectRequest, timeout time.Duration) (any, error) {
	d := t.node.direct(body.Name)
	if d == nil {
		return nil, message.Refusal(message.CodeUnknownQuery, body.Name)
	}
	own := t.own
	t.own = false // what an application needs for its answer is no delay of the peer
	defer func() { t.own = own }()
	t.one[0] = p
	responses := t.gatherWanted(t.one[:], message.Request{
		Kind: message.KindDirect, Timeout: timeout, Body: body,
	}, judging(message.KindDirect, 1, func(answer any) error {
		if result := answer.(*message.DirectAnswer).Result; result != nil {
			return d.Valid(body.Arg, result)
		}
		return nil
	}))
	answer, err := message.As[message.DirectAnswer](responses[0])
	if err != nil {
		return nil, err
	}
	return answer.Result, nil
}
