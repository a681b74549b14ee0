package core

// SweepBook forgets the addresses that neither the node nor its driver holds, and returns
// how many. A process that runs for months meets more and more of them, and an attacker
// could fill its memory with names.
//
// The book gives swept numbers to other addresses (see peer.Book.Sweep). So the driver
// must call it between two events, when the pool is idle and no request, answer or timer
// of the node that names peers is on its way. Held says which peers the driver itself
// still needs. The book must serve this node alone.
func (n *Node) SweepBook(held func(Peer) bool) int {
	n.level1.ledger = nil // cheaper to lose than to sweep
	n.level1.looked = nil
	n.pool.hashes.Forget()
	if n.approvals != nil {
		n.approvals.askers, n.approvals.draws = nil, nil // likewise
	}
	n.pool.hosts = hostNumbers{}
	if tr := n.tree(); tr != nil {
		tr.ledgers, tr.served = nil, nil // likewise
		tr.claims.open, tr.claims.confirmed = nil, nil
	}
	keep := make(map[Peer]bool)
	n.eachPeer(func(p Peer) { keep[p] = true })
	return n.cfg.Book.Sweep(func(p Peer) bool { return keep[p] || held(p) })
}

// eachPeer visits every peer that the node holds, some more than once.
func (n *Node) eachPeer(visit func(Peer)) {
	l := &n.level1
	lists := [][]Peer{{n.self, n.root, l.provider, l.backlink}, l.slaves, l.known[:], n.cfg.Bootstrap}
	if r := l.reserve; r != nil {
		lists = append(lists, r.heard)
		for _, w := range r.probes {
			visit(w.peer)
		}
		for _, x := range r.lost {
			visit(x.peer)
		}
		for _, x := range r.bridges.ends {
			visit(x.peer)
		}
	}
	if a := n.approvals; a != nil {
		for _, e := range a.issued.entries { // order-free: visits for a set
			lists = append(lists, e.value.drawn)
		}
	}
	for _, list := range lists {
		for _, p := range list {
			visit(p)
		}
	}
	for _, m := range n.level1.masters.List {
		visit(m.Peer)
	}
	for p := range n.fails { // order-free: visits for a set
		visit(p)
	}
	if tr := n.tree(); tr != nil {
		tr.eachPeer(visit)
	}
	if g := n.level1.guard; g != nil {
		for p := range g.absent { // order-free: visits for a set
			visit(p)
		}
		for p := range g.doubts { // order-free: visits for a set
			visit(p)
		}
		for p := range g.cuts { // order-free: visits for a set
			visit(p)
		}
	}
	if w := n.level1.watch; w != nil && w.beacon != nil && w.beacon.making != nil {
		w.beacon.making.eachPeer(visit)
	}
	for p := range n.level1.delays() { // order-free: visits for a set
		visit(p)
	}
	for _, row := range n.scores.Rows() {
		visit(row.Peer)
	}
	for _, ban := range n.bans.All() {
		visit(ban.Peer)
	}
	if n.applications != nil {
		for _, peers := range n.applications.holds {
			peers(visit)
		}
		for _, row := range n.applications.candidates.Rows() {
			visit(row.Peer)
		}
	}
}
