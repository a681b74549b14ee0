package coretest

import (
	"spreadable/core"
	"spreadable/core/message"
)

// Actor answers requests in place of a host's node.
type Actor interface {
	// Act is called with each request that reaches the host, and the peer that sent it.
	Act(from core.Peer, req *message.Request) (message.Response, Reaction)
}

// Reaction is what becomes of a request to an actor.
type Reaction uint8

// The reactions.
const (
	Pass   Reaction = iota // the node answers, if the host has one
	Answer                 // the response is the answer
	Ignore                 // there is no answer
)

// ActorFunc is an Actor.
type ActorFunc func(from core.Peer, req *message.Request) (message.Response, Reaction)

// Act implements Actor.
func (f ActorFunc) Act(from core.Peer, req *message.Request) (message.Response, Reaction) {
	return f(from, req)
}

// Answers is an Actor that has one answer to each kind of request, and none that makes
// sense to the others.
type Answers map[message.Kind]message.Response

// Act implements Actor.
func (a Answers) Act(_ core.Peer, req *message.Request) (message.Response, Reaction) {
	resp, ok := a[req.Kind]
	if !ok {
		resp = message.Response{Err: message.ErrMalformed}
	}
	return resp, Answer
}
