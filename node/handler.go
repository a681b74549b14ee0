package node

import (
	"fmt"
	"net/http"
	"slices"

	"spreadable/core"
)

// Handle serves POST /client/<name> by h, once all checks of a client's request have
// passed. The body is what the client sent, decompressed, of at most the option max_body;
// httptransport.ClientIP is the client's address, and httptransport.WriteJSON answers as
// nodes do. The name has letters, digits, hyphens, underscores and dots; the case of
// letters does not count. Names of the protocol, of queries and of other handlers are
// taken. After Run it returns ErrUsed.
func (n *Node) Handle(name string, h http.Handler) error {
	if h == nil {
		return fmt.Errorf("handler %q: nil", name)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.used {
		return fmt.Errorf("handler %q: %w", name, ErrUsed)
	}
	if err := n.taken.take(name, "a handler"); err != nil {
		return err
	}
	n.wire.Handle(name, h)
	return nil
}

// HandleApproved is Handle for an action that needs an approval of the given kind:
// "client", "captcha" or one of Options.Approvals. It calls h only for requests with the
// right answer. The others are refused with the codes of npm nodes, which package client
// knows.
func (n *Node) HandleApproved(name, approval string, h http.Handler) error {
	known := slices.ContainsFunc(n.core.Approvals, func(k core.ApprovalKind) bool { return k.Name() == approval })
	if !known {
		return fmt.Errorf("handler %q: there is no approval %q", name, approval)
	}
	if h != nil {
		h = n.wire.Protect(approval, h)
	}
	return n.Handle(name, h)
}
