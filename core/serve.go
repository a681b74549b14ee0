package core

import (
	"spreadable/core/behavior"
	"spreadable/core/message"
)

// Serve takes a request. A leaf request is answered at once, and so is one that the
// address filter or the root refuses: done is true. Otherwise the node calls Env.Reply
// with the ticket later. The driver may reuse req as soon as Serve returns.
func (n *Node) Serve(req *message.Request, ticket Ticket) (resp message.Response, done bool) {
	if n.stopped {
		return message.Response{Err: message.ErrUnreachable}, true
	}
	if err := n.admit(req); err != nil {
		return message.Response{Err: err}, true
	}
	h := &handlers[req.Kind]
	if h.leaf != nil {
		return h.leaf(n, req), true
	}
	if h.known != nil {
		if resp, ok := h.known(n, req); ok {
			return resp, true
		}
	}
	n.pool.run(n, h.procedure, req, ticket)
	return message.Response{}, false
}

// handler answers one kind of request: at once (leaf), or by a procedure that asks other
// nodes first. Row.Leaf of the kind says which. In known cases, if there are any, no
// procedure is needed.
type handler struct {
	leaf      func(*Node, *message.Request) message.Response
	known     func(*Node, *message.Request) (message.Response, bool)
	procedure procedure
}

var handlers = [message.NumKinds]handler{
	message.KindPing:             {leaf: (*Node).servePing},
	message.KindStatus:           {leaf: (*Node).serveStatus},
	message.KindStructure:        {leaf: (*Node).serveStructure},
	message.KindInterview:        {leaf: (*Node).serveInterview},
	message.KindProvide:          {procedure: serveProvide},
	message.KindRegister:         {procedure: serveRegister, known: (*Node).confirmSlave},
	message.KindApprovalInfo:     {procedure: serveApprovalInfo},
	message.KindApprovalCheck:    {procedure: serveApprovalCheck},
	message.KindQueryMaster:      {procedure: serveQuery},
	message.KindQueryButler:      {procedure: serveQuery},
	message.KindQuerySlave:       {leaf: (*Node).serveQuerySlave},
	message.KindAvailableNode:    {procedure: serveAvailableNode},
	message.KindApprovalKey:      {procedure: serveApprovalKey},
	message.KindApprovalAdd:      {leaf: (*Node).addApproval},
	message.KindApprovalQuestion: {procedure: serveApprovalQuestion},
	message.KindQuery:            {procedure: serveClientQuery},
	message.KindAction:           {procedure: serveAction},
	message.KindEntrants:         {leaf: (*Node).serveEntrants},
	message.KindBranch:           {leaf: (*Node).serveBranch},
	message.KindTree:             {leaf: (*Node).serveTree},
	message.KindBranchEntrants:   {procedure: serveBranchEntrants},
	message.KindWork:             {procedure: serveWork},
	message.KindDirect:           {procedure: serveDirect},
	message.KindLeave:            {leaf: (*Node).serveLeave},
	message.KindAges:             {leaf: (*Node).serveAges},
	message.KindBeacon:           {leaf: (*Node).serveBeacon},
}

func (n *Node) servePing(*message.Request) message.Response { return message.Response{} }

func (n *Node) serveStatus(*message.Request) message.Response {
	return message.Response{Body: n.Status()}
}

func (n *Node) serveStructure(req *message.Request) message.Response {
	if req.Body != nil || n.level1.backlink.IsZero() {
		n.cfg.rule.hear(&n.level1, req.From)
	}
	return message.Response{Body: n.Structure()}
}

// serveInterview answers a master that was asked to list us. It may have been another
// node that asked in our name: then it is no lie that the master lists us.
func (n *Node) serveInterview(req *message.Request) message.Response {
	n.scores.Forget(behavior.ForeignSlaves, req.From)
	return message.Response{Body: &message.Interview{Address: n.self}}
}
