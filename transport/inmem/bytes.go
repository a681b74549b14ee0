package inmem

import (
	"spreadable/core/message"
)

// Sizes of messages are estimates: the JSON body that the HTTP transport would send plus
// typical headers. The headers are those captured between npm nodes; a list entry is its
// JSON around an address of mean length.
const (
	requestHeaders = 330
	answerHeaders  = 300
	smallBody      = 120 // any body without a list
	peerEntry      = 15  // {"address":""},
	masterEntry    = 26  // {"address":"","size":100},
)

func (n *Network) requestBytes(req *message.Request) uint64 {
	size := requestHeaders
	switch body := req.Body.(type) {
	case nil:
	case *message.ApprovalCheckRequest:
		size += smallBody + len(body.Approvers)*n.text
	case *message.ActionRequest:
		size += smallBody
		if body.Proof != nil {
			size += len(body.Proof.Approvers) * n.text
		}
	default:
		size += smallBody
	}
	return uint64(size)
}

func (n *Network) answerBytes(resp *message.Response) uint64 {
	size := answerHeaders
	switch body := resp.Body.(type) {
	case nil:
	case *message.Structure:
		size += 80 + len(body.Slaves)*(peerEntry+n.text) + len(body.Masters.List)*(masterEntry+n.text)
	case *message.Provision:
		size += smallBody
		for i := range body.Results {
			size += smallBody + len(body.Results[i].Spares)*(peerEntry+n.text)
		}
	default:
		size += smallBody
	}
	return uint64(size)
}
