package node

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"spreadable/admin"
	"spreadable/core/peer"
)

const (
	askTimeout = 3 * time.Second
	askAtOnce  = 32
)

// Members lists all nodes of the network, asked from the masters now: one request to
// each. It is an error if none answers; Members.Answered says how many did.
func (n *Node) Members(ctx context.Context) (*admin.Members, error) {
	own, err := n.Structure(ctx)
	if err != nil {
		return nil, err
	}
	lists := make([][]string, len(own.Masters))
	failures := make([]error, len(own.Masters))
	gate := make(chan struct{}, askAtOnce)
	var asked sync.WaitGroup
	for i, m := range own.Masters {
		if m.Address == own.Address {
			lists[i] = own.Slaves
			continue
		}
		asked.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			lists[i], failures[i] = n.slavesOf(ctx, m.Address)
		})
	}
	asked.Wait()
	members := &admin.Members{Masters: len(own.Masters), Answered: len(own.Masters)}
	for i, err := range failures {
		if err != nil {
			members.Answered--
			n.options.Log.Warn("a master does not tell its slaves",
				"master", own.Masters[i].Address, "error", err)
		}
	}
	if members.Answered == 0 && members.Masters > 0 {
		return nil, errors.Join(errors.New("no master answers"), ctx.Err())
	}
	members.Members = collect(own, lists)
	return members, nil
}

// slavesOf asks one master for its slaves.
func (n *Node) slavesOf(ctx context.Context, master string) (slaves []string, err error) {
	a, err := peer.Parse(master)
	if err != nil {
		return nil, err
	}
	list, err := n.wire.Slaves(ctx, a, askTimeout)
	for _, slave := range list {
		slaves = append(slaves, slave.String())
	}
	return slaves, err
}

// collect merges the masters' lists. A node that two masters list, which can last for a
// round, counts once, at the first of them.
func collect(own *admin.Structure, lists [][]string) []admin.Member {
	found := map[string]*admin.Member{own.Address: {Address: own.Address, Backlink: own.Backlink}}
	at := func(address string) *admin.Member {
		if found[address] == nil {
			found[address] = &admin.Member{Address: address}
		}
		return found[address]
	}
	for i, m := range own.Masters {
		at(m.Address).Slaves = len(lists[i])
		for _, slave := range lists[i] {
			member := at(slave)
			member.Backlink = cmp.Or(member.Backlink, m.Address)
		}
	}
	var members []admin.Member
	for _, m := range found { // order-free: sorted below
		members = append(members, *m)
	}
	slices.SortFunc(members, func(a, b admin.Member) int { return cmp.Compare(a.Address, b.Address) })
	return members
}
