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

// What the owner asks other nodes about the network. The requests go the way of all
// others, from the IP that the other node expects, and not to addresses that this one does
// not call. The answers stay out of the node's book: a large network would fill it.

// Neighbours are the lists of a node.
type Neighbours struct {
	Slaves, Masters []peer.Address
}

// Branch is a branch of a network of several levels (message.Branch).
type Branch struct {
	Name, Head peer.Address
	Size       int
}

// Neighbours asks a node for its lists, as a member of the branch of level 1 with this
// name. The zero address stands for the node's own branch, or its network of one level.
func (n *Node) Neighbours(ctx context.Context, of, branch peer.Address, timeout time.Duration) (*Neighbours, error) {
	book, body, err := n.inquire(ctx, of, branch, message.KindStructure, timeout)
	if err != nil {
		return nil, err
	}
	lists, said := &Neighbours{}, body.(*message.Structure)
	for _, p := range said.Slaves {
		lists.Slaves = append(lists.Slaves, book.Address(p))
	}
	for _, m := range said.Masters.List {
		lists.Masters = append(lists.Masters, book.Address(m.Peer))
	}
	return lists, nil
}

// Branches asks a node for the branches that it knows: of each level, its own branch and
// those with the same parent.
func (n *Node) Branches(ctx context.Context, of peer.Address, timeout time.Duration) ([][]Branch, error) {
	book, body, err := n.inquire(ctx, of, peer.Address{}, message.KindTree, timeout)
	if err != nil {
		return nil, err
	}
	var levels [][]Branch
	for _, list := range body.(*message.Tree).Lists {
		var branches []Branch
		for _, b := range list.List {
			branches = append(branches, Branch{Name: book.Address(b.Name), Head: book.Address(b.Head), Size: int(b.Size)})
		}
		levels = append(levels, branches)
	}
	return levels, nil
}

// inquire asks a node on behalf of the owner. The book is that of the answer.
func (n *Node) inquire(ctx context.Context, of, branch peer.Address, kind message.Kind, timeout time.Duration) (*peer.Book, any, error) {
	var out wire.Outgoing
	var way *passage
	var failed error
	err := n.Do(ctx, func(c *core.Node) {
		l, root := n.loop, c.NetworkRoot()
		if kind.Row().Across {
			root = c.Network()
		} else if !branch.IsZero() {
			root, failed = l.book.Intern(branch)
		}
		to, full := l.book.Intern(of)
		if failed = cmp.Or(failed, full); failed != nil {
			return
		}
		out = l.speaker.Request(to, &message.Request{Kind: kind, Root: root, Timeout: timeout}, l.now)
		way = newPassage(of, l.given(to))
	})
	if err = cmp.Or(err, failed); err != nil {
		return nil, nil, err
	}
	got, err := n.loop.caller.do(ctx, &out, way, timeout)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", of, err)
	}
	book := peer.NewBook(0)
	other, err := book.Intern(of)
	if err != nil {
		return nil, nil, err
	}
	return book, got.body(&wire.Interner{Book: book, Other: other}), nil
}
