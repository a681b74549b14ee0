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
	httptransport "spreadable/transport/http"
)

const (
	askTimeout = 3 * time.Second
	askAtOnce  = 32
)

// Members lists all nodes of the network, asked from the masters now: one request to each,
// and in a network of several levels one to each head to learn the masters below it. It is
// an error if none answers; Members.Answered says how many did.
func (n *Node) Members(ctx context.Context) (*admin.Members, error) {
	own, err := n.Structure(ctx)
	if err != nil {
		return nil, err
	}
	s := &survey{node: n, ctx: ctx, own: own}
	s.findRegions()
	s.askMasters()
	members := &admin.Members{Masters: s.asked, Answered: s.asked - s.silent}
	if members.Answered == 0 && members.Masters > 0 {
		return nil, errors.Join(errors.New("no master answers"), ctx.Err())
	}
	members.Members = s.collect()
	return members, nil
}

// survey asks all masters of the network for their slaves.
type survey struct {
	node    *Node
	ctx     context.Context
	own     *admin.Structure
	regions []region
	heads   map[string]int // the highest level at which an address is a master

	asked, silent int // masters
}

// region is a branch of level 1, or all of a network of one level.
type region struct {
	branch  admin.Branch // without a name in a network of one level
	masters []string
	slaves  [][]string // of each master
}

// findRegions walks down the tree, level by level, to the branches of level 1 and their
// masters.
func (s *survey) findRegions() {
	top := len(s.own.Tree)
	if top == 0 {
		s.regions = []region{{masters: addressesOf(s.own.Masters)}}
		return
	}
	branches := s.own.Tree[top-1].Branches
	s.meetHeads(branches, top)
	for level := top - 1; level >= 1; level-- {
		below := make([][]admin.Branch, len(branches))
		s.each(len(branches), "a head does not tell its branches", func(i int) (address string, err error) {
			if branches[i].Name == s.own.Tree[level].Own {
				below[i] = s.own.Tree[level-1].Branches
				return s.own.Address, nil
			}
			below[i], err = s.branchesBelow(branches[i].Head, level)
			return branches[i].Head, err
		})
		branches = slices.Concat(below...)
		s.meetHeads(branches, level)
	}
	s.regions = make([]region, len(branches))
	s.each(len(branches), "a head does not tell its masters", func(i int) (string, error) {
		r := &s.regions[i]
		r.branch = branches[i]
		if r.branch.Name == s.own.Tree[0].Own {
			r.masters = addressesOf(s.own.Masters)
			return s.own.Address, nil
		}
		lists, err := s.lists(r.branch.Head, r.branch.Name)
		if err == nil {
			r.masters = textsOf(lists.Masters)
		}
		return r.branch.Head, err
	})
}

// meetHeads remembers the heads of branches of a level, which are masters of the next.
func (s *survey) meetHeads(branches []admin.Branch, level int) {
	if s.heads == nil {
		s.heads = make(map[string]int)
	}
	for _, b := range branches {
		s.heads[b.Head] = max(s.heads[b.Head], level+1)
	}
}

// askMasters asks the masters of all regions for their slaves.
func (s *survey) askMasters() {
	type place struct{ region, master int }
	var places []place
	for i := range s.regions {
		r := &s.regions[i]
		r.slaves = make([][]string, len(r.masters))
		for k := range r.masters {
			places = append(places, place{i, k})
		}
	}
	s.asked += len(places)
	s.each(len(places), "a master does not tell its slaves", func(i int) (string, error) {
		r, k := &s.regions[places[i].region], places[i].master
		if r.masters[k] == s.own.Address {
			r.slaves[k] = s.own.Slaves
			return s.own.Address, nil
		}
		lists, err := s.lists(r.masters[k], r.branch.Name)
		if err == nil {
			r.slaves[k] = textsOf(lists.Slaves)
		}
		return r.masters[k], err
	})
}

// each asks so many nodes, some at once, and counts and logs those that do not answer.
func (s *survey) each(count int, failure string, ask func(i int) (address string, err error)) {
	gate := make(chan struct{}, askAtOnce)
	addresses, failures := make([]string, count), make([]error, count)
	var asking sync.WaitGroup
	for i := range count {
		asking.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			addresses[i], failures[i] = ask(i)
		})
	}
	asking.Wait()
	for i, err := range failures {
		if err != nil {
			s.silent++
			s.node.options.Log.Warn(failure, "master", addresses[i], "error", err)
		}
	}
}

// lists asks a node of a branch for its lists.
func (s *survey) lists(of, branch string) (*httptransport.Neighbours, error) {
	a, err := peer.Parse(of)
	if err != nil {
		return nil, err
	}
	var name peer.Address
	if branch != "" {
		if name, err = peer.Parse(branch); err != nil {
			return nil, err
		}
	}
	return s.node.wire.Neighbours(s.ctx, a, name, askTimeout)
}

// branchesBelow asks the head of a branch for the branches of a level of which it is made.
func (s *survey) branchesBelow(head string, level int) (below []admin.Branch, err error) {
	a, err := peer.Parse(head)
	if err != nil {
		return nil, err
	}
	levels, err := s.node.wire.Branches(s.ctx, a, askTimeout)
	if err != nil {
		return nil, err
	}
	if len(levels) < level {
		return nil, errors.New("it knows no branches of this level")
	}
	for _, b := range levels[level-1] {
		below = append(below, admin.Branch{Name: b.Name.String(), Head: b.Head.String(), Size: b.Size})
	}
	return below, nil
}

// collect merges the masters' lists. A node that two masters list, which can last for a
// round, counts once, at the first of them.
func (s *survey) collect() []admin.Member {
	found := map[string]*admin.Member{s.own.Address: {Address: s.own.Address, Backlink: s.own.Backlink}}
	at := func(address string) *admin.Member {
		if found[address] == nil {
			found[address] = &admin.Member{Address: address}
		}
		return found[address]
	}
	for _, r := range s.regions {
		for k, master := range r.masters {
			m := at(master)
			m.Slaves, m.Branch, m.Level = len(r.slaves[k]), r.branch.Name, max(1, s.heads[master])
			for _, slave := range r.slaves[k] {
				member := at(slave)
				member.Backlink, member.Branch = cmp.Or(member.Backlink, master), r.branch.Name
			}
		}
	}
	var members []admin.Member
	for _, m := range found { // order-free: sorted below
		if m.Slaves == 0 && m.Level == 1 {
			m.Level = 0
		}
		members = append(members, *m)
	}
	slices.SortFunc(members, func(a, b admin.Member) int { return cmp.Compare(a.Address, b.Address) })
	return members
}

func addressesOf(masters []admin.Master) (addresses []string) {
	for _, m := range masters {
		addresses = append(addresses, m.Address)
	}
	return addresses
}

func textsOf(addresses []peer.Address) (texts []string) {
	for _, a := range addresses {
		texts = append(texts, a.String())
	}
	return texts
}
