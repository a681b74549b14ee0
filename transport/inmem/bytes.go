package inmem

import "spreadable/core"

// Sizes of messages are estimates: the JSON body that the HTTP transport would send plus typical headers. The headers
// are those captured between npm nodes; a list entry is its JSON around an address of mean length.
const (
	requestHeaders = 330
	answerHeaders  = 300
	smallBody      = 120 // any body without a list
	peerEntry      = 15  // {"address":""},
	masterEntry    = 26  // {"address":"","size":100},
)

func (n *Network) requestBytes(req *core.Request) uint64 {
	size := requestHeaders
	switch body := req.Body.(type) {
	case nil:
	case *core.ApprovalCheckRequest:
		size += smallBody + len(body.Approvers)*n.text
	case *core.ActionRequest:
		size += smallBody
		if body.Proof != nil {
			size += len(body.Proof.Approvers) * n.text
		}
	default:
		size += smallBody
	}
	return uint64(size)
}

func (n *Network) answerBytes(resp *core.Response) uint64 {
	size := answerHeaders
	switch body := resp.Body.(type) {
	case nil:
	case *core.Structure:
		size += 80 + len(body.Slaves)*(peerEntry+n.text) + len(body.Masters.List)*(masterEntry+n.text)
	case *core.Provision:
		size += smallBody
		for i := range body.Results {
			size += smallBody + len(body.Results[i].Candidates)*(peerEntry+n.text)
		}
	default:
		size += smallBody
	}
	return uint64(size)
}
