package swarm

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// strangerAddress is that of a host that is in no network, and never answers: from there
// come requests that every node must refuse.
const strangerAddress = "203.0.113.99:80"

// demand is a request that a node must refuse, and how.
type demand struct {
	what string
	to   core.Peer
	req  message.Request
	want error
}

// demands are those of one quiet phase, to a random node and to the fullest master.
func (w *world) demands(r *rand.Rand, nodes []*core.Node) []demand {
	node := nodes[r.IntN(len(nodes))]
	to, own, other := node.Structure().Address, peerOf(w.stranger), peer.FromID(1)
	register := func(root, target core.Peer) message.Request {
		return message.Request{Kind: message.KindRegister, From: own, Root: root, Body: &message.RegisterRequest{Target: target, Levels: w.plan.Levels}}
	}
	list := []demand{
		{"to list another node", to, register(node.NetworkRoot(), other), message.Refusal(message.CodeInvalidTarget, "")},
		{"its structure by another root", to, message.Request{Kind: message.KindStructure, From: own, Root: own}, message.ErrWrongRoot},
		{"an action without an approval", to,
			message.Request{Kind: message.KindAction, Client: clientIP(0), Body: &message.ActionRequest{}},
			message.Refusal(message.CodeApprovalRequired, "")},
	}
	fullest, full := w.fullest(nodes)
	place := register(fullest.NetworkRoot(), own)
	if full {
		list = append(list, demand{"a place at a full master", fullest.Structure().Address, place, message.Refusal(message.CodeMasterFull, "")})
	} else {
		list = append(list, demand{"a place without an interview", fullest.Structure().Address, place, message.Refusal(message.CodeInterviewee, "")})
	}
	return list
}

// fullest is the master with the most slaves, and whether it has to refuse newcomers: at
// the size of core.Optimum, for its branch if there are several levels, and a slack of one
// and a sixteenth.
func (w *world) fullest(nodes []*core.Node) (n *core.Node, full bool) {
	n = slices.MaxFunc(nodes, func(a, b *core.Node) int { return len(a.Structure().Slaves) - len(b.Structure().Slaves) })
	optimum := int(math.Sqrt(float64(n.Structure().Size()))) + 1
	return n, len(n.Structure().Slaves) >= optimum+optimum/16+1
}

// demand sends the demands. What is returned says, after a while, which was not refused
// as it should.
func (w *world) demand(r *rand.Rand, nodes []*core.Node) func() error {
	var wrong error
	for _, d := range w.demands(r, nodes) {
		d.req.Timeout = clientTimeout
		w.hosts[w.stranger].Call(d.to, d.req, func(resp message.Response) {
			if !errors.Is(resp.Err, d.want) {
				wrong = fmt.Errorf("a stranger demands %s of %d: %v, want %v", d.what, d.to.ID(), resp.Err, d.want)
			}
		})
	}
	return func() error { return wrong }
}
