package httptransport

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// Slaves asks a master for its slaves, on behalf of the owner. The request goes the way of
// all others, from the IP that the master expects, and not to addresses that the node does
// not call. The answer stays out of the node's book: a large network would fill it.
func (n *Node) Slaves(ctx context.Context, master peer.Address, timeout time.Duration) ([]peer.Address, error) {
	var out wire.Outgoing
	var way *passage
	var failed error
	err := n.Do(ctx, func(c *core.Node) {
		l := n.loop
		var to core.Peer
		if to, failed = l.book.Intern(master); failed != nil {
			return
		}
		out = l.speaker.Request(to, &message.Request{
			Kind: message.KindStructure, Root: c.NetworkRoot(), Timeout: timeout,
		}, l.now)
		way = newPassage(master, l.given(to))
	})
	if err = cmp.Or(err, failed); err != nil {
		return nil, err
	}
	got, err := n.loop.caller.do(ctx, &out, way, timeout)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", master, err)
	}
	return slavesOf(master, got)
}

// slavesOf are the slaves in the answer of a master.
func slavesOf(master peer.Address, got *received) (slaves []peer.Address, err error) {
	book := peer.NewBook(0)
	to, err := book.Intern(master)
	if err != nil {
		return nil, err
	}
	list := got.body(&wire.Interner{Book: book, Other: to}).(*message.Structure)
	for _, p := range list.Slaves {
		slaves = append(slaves, book.Address(p))
	}
	return slaves, nil
}
