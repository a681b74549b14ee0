package lie

import (
	"spreadable/core"
	"spreadable/core/message"
)

// renames tells those that ask it about branches another name of the network: its own. All
// else that it says is what its node would say.
func (l *Liar) renames() Answer {
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind != message.KindTree && req.Kind != message.KindBranch {
			return message.Response{}, false
		}
		resp := l.Serve(req)
		if said, err := message.As[message.Tree](resp); err == nil {
			other := *said
			other.Network = l.Peer()
			resp.Body = &other
		} else if offer, err := message.As[message.BranchOffer](resp); err == nil {
			other := *offer
			other.Network = l.Peer()
			resp.Body = &other
		}
		return resp, true
	}
}
