package httptransport

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/wire"
)

// Why a node has no place: what became of its latest requests for one, at each address
// that it asks.

// JoinFailure is why a node cannot join by way of an address.
type JoinFailure struct {
	Address string    // of a bootstrap node, or of a master that the node was sent to
	Asked   string    // what the node asked for: "status", "branch", "provide-registration", "register"
	Reason  string    // in the words of the other node, where it gave any
	Since   time.Time // of the first failure for this reason
}

// joinKey is a request that is a step of joining.
type joinKey struct {
	to   core.Peer
	kind message.Kind
}

// joining holds the latest failure of each step; it belongs to the loop.
type joining map[joinKey]JoinFailure

// maxJoinFailures bounds them. Bootstrap lists are short, and of masters a node asks a few.
const maxJoinFailures = 64

// isJoining reports whether a request of a kind is a step of joining.
func isJoining(kind message.Kind) bool {
	return kind == message.KindStatus || kind == message.KindBranch || kind == message.KindProvide || kind == message.KindRegister
}

// noteStep remembers how a step of joining ended, and logs a new reason. A node that has
// its place asks for none, but for the status of a bootstrap node now and then.
func (l *loop) noteStep(c *call, err error) {
	if l.node == nil || c.to == l.speaker.Self || !isJoining(c.out.Kind) {
		return
	}
	key := joinKey{c.to, c.out.Kind}
	if err == nil || message.IsRefusal(err, message.CodeMasterFull) || !l.node.Structure().Backlink.IsZero() {
		delete(l.joining, key)
		return
	}
	old, known := l.joining[key]
	reason := reasonOf(err)
	if old.Reason == reason || !known && len(l.joining) >= maxJoinFailures {
		return
	}
	if l.joining == nil {
		l.joining = make(joining)
	}
	f := JoinFailure{
		Address: l.speaker.Text(c.to), Asked: c.out.Kind.String(), Reason: reason, Since: time.Unix(0, int64(l.now)),
	}
	l.joining[key] = f
	l.options.Log.Warn("cannot join the network here", "peer", f.Address, "asked", f.Asked, "reason", f.Reason)
}

// reasonOf is why a step of joining has failed. Where the other node sees what the owner
// cannot, it says what would be right.
func reasonOf(err error) string {
	text := err.Error()
	if strings.Contains(text, wire.AddressMessage) {
		text += "; to it our requests come from another IP: correct hostname, or source"
	}
	return text
}

// JoinFailures are the reasons why the node has no place, by address; none once it has
// one. Call it in the node's thread, by Do.
func (n *Node) JoinFailures() []JoinFailure {
	var list []JoinFailure
	for _, f := range n.loop.joining { // order-free: sorted below
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b JoinFailure) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Asked, b.Asked))
	})
	return list
}
