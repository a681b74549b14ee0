package core

import (
	"errors"
	"maps"
	"net/netip"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// Who may talk to us, and what becomes of those who behave badly.

// peerless is the address of a client: none.
var peerless peer.Address

// admit checks a request before anything else looks at it: the address filter on its
// sender, then, between nodes, the root. A node that gets this far is alive, so its
// failures are forgotten. A ping is answered to everybody.
func (n *Node) admit(req *message.Request) error {
	if req.Kind == message.KindPing {
		return nil
	}
	if req.From.IsZero() && !n.allowedClient(req.Client) || !req.From.IsZero() && !n.allowed(req.From) {
		return message.ErrDenied
	}
	if req.Kind.FromNode() {
		if req.Root != n.root {
			return message.ErrWrongRoot
		}
		n.alive(req.From)
	}
	return nil
}

// Door is what the address filter says of a participant.
type Door uint8

// The answers of the address filter. Everything but DoorOpen refuses.
const (
	DoorOpen      Door = iota
	DoorBanned         // in the ban list, by itself or by its IP
	DoorUnlisted       // there is a white list, and it is not in it
	DoorBlacklist      // in the black list
)

// Screen is the address filter for a driver that must refuse before it looks at anything
// else of a request: own address and trusted ones pass; then the ban list, the white list
// (which decides alone when it is not empty) and the black list. The address is zero for
// a client, of whom only the IP counts; for a node, ip is what its host name stands for.
func (n *Node) Screen(address peer.Address, ip netip.Addr) Door {
	p, _ := n.cfg.Book.Find(address.String())
	if n.shutOut(address, ip) {
		return DoorBanned
	}
	return n.screen(p, address, ip)
}

// screen is Screen for a peer that is nobody if the book does not hold its address.
func (n *Node) screen(p Peer, address peer.Address, ip netip.Addr) Door {
	if n.cfg.Trusted || n.openDoor() || !p.IsZero() && p == n.self {
		return DoorOpen
	}
	if n.cfg.Trustlist.Match(address, ip) {
		return DoorOpen
	}
	if _, banned := n.bans.Banned(p, ip, n.cfg.BanByAddress); banned {
		return DoorBanned
	}
	switch {
	case n.cfg.Whitelist.Len() > 0:
		if !n.cfg.Whitelist.Match(address, ip) {
			return DoorUnlisted
		}
	case n.cfg.Blacklist.Match(address, ip):
		return DoorBlacklist
	}
	return DoorOpen
}

// shutOut reports that wrong logins from an IP have banned its host. Such a ban is for
// what comes in from there: it neither depends on BanByAddress, nor cuts us off from the
// nodes of that host.
func (n *Node) shutOut(address peer.Address, ip netip.Addr) bool {
	if n.cfg.Trusted || n.bans.Len() == 0 || n.cfg.Trustlist.Match(address, ip) {
		return false
	}
	host, known := n.cfg.Book.Find(peer.OfHost(ip).String())
	if !known {
		return false
	}
	_, banned := n.bans.Get(host)
	return banned
}

// Login is for a driver that wants a name and password: it hears of each login, good or
// wrong, and reports whether the sender may go on, which the driver must not unless this
// is true. Wrong logins count for the sender's host, an IPv6 for its /64; a good one
// takes one back; the one too many bans the host at once. Suspicion is what is left of
// them. A sender that is trusted may err as often as it likes; the address is zero for a
// client.
func (n *Node) Login(address peer.Address, ip netip.Addr, good bool) (welcome bool, suspicion float64) {
	if n.cfg.Trusted || n.cfg.Trustlist.Match(address, ip) {
		return true, 0
	}
	if n.shutOut(address, ip) {
		return false, 0
	}
	const a = behavior.Authentication
	host, known := n.cfg.Book.Find(peer.OfHost(ip).String())
	if good {
		if known {
			n.praise(a, host)
		}
		return true, n.scores.Suspicion(a, host)
	}
	if !known {
		var err error
		if host, err = n.cfg.Book.Intern(peer.OfHost(ip)); err != nil {
			return false, 0 // a full book is no licence to guess
		}
	}
	rule := n.cfg.Behavior[a]
	n.scores.Add(n.env.Now(), rule, a, host, 1)
	if n.scores.Condemn(rule, a, host) {
		n.ban(host, netip.Addr{}, rule.BanLife, a.String())
	}
	return true, n.scores.Suspicion(a, host)
}

// allowed is the address filter for a node. Nobody, whom a list that came by wire may
// name, is not allowed.
func (n *Node) allowed(p Peer) bool {
	if p.IsZero() {
		return false
	}
	return p == n.self || n.cfg.Trusted || n.openDoor() || n.screen(p, n.cfg.Book.Address(p), n.cfg.Book.IP(p)) == DoorOpen
}

// openDoor reports that nobody is listed or banned: the case of nearly every node, nearly
// always.
func (n *Node) openDoor() bool {
	return n.bans.Len() == 0 && n.cfg.Whitelist.Len() == 0 && n.cfg.Blacklist.Len() == 0
}

// AdmitsAll reports that the address filter lets everybody pass.
func (n *Node) AdmitsAll() bool { return n.cfg.Trusted || n.openDoor() }

// AtEase reports that requests need no judgement now: the address filter lets everybody
// pass, and no peer has failures that a sign of life would take back. A driver may then
// answer a structure request of the right root, without an introduction, from the last
// snapshot: Serve would do nothing else.
func (n *Node) AtEase() bool { return n.AdmitsAll() && len(n.fails) == 0 }

// allowedClient is the address filter for a client, which is nothing but an IP address to
// us.
func (n *Node) allowedClient(ip netip.Addr) bool { return n.screen(Peer{}, peerless, ip) == DoorOpen }

func (n *Node) trusted(p Peer) bool {
	return n.cfg.Trusted || n.cfg.Trustlist.Len() > 0 && n.cfg.Trustlist.Match(n.cfg.Book.Address(p), n.cfg.Book.IP(p))
}

// conclude draws the conclusions from how an outgoing request ended. Any answer, a
// refusal or garbage too, proves a peer alive; a timeout counts as a failure and also
// makes it suspicious. But a peer is not blamed for a timeout when we asked in the
// service of another participant: the timeout budget was that one's choice, and may have
// been spent before.
//
// Garbage is an answer that is no refusal and not what the kind of request calls for.
// That a peer is not there, or a proxy says so in its place, is none. Only an answer that
// has a body takes blame back: a peer could buy garbage off with pings.
func (n *Node) conclude(p Peer, own bool, resp message.Response) {
	if p == n.self || resp.Err == message.ErrTimeout && !own {
		return
	}
	switch err := resp.Err.(type) {
	case nil:
		n.alive(p)
		n.praise(behavior.RequestDelays, p)
		if resp.Body != nil {
			n.praise(behavior.ResponseSchema, p)
		}
	case *message.Error:
		n.alive(p)
	default:
		n.concludeFailure(p, err)
	}
}

// concludeFailure is conclude for what is neither an answer nor a refusal.
func (n *Node) concludeFailure(p Peer, err error) {
	switch {
	case errors.Is(err, message.ErrMalformed):
		n.alive(p)
		n.praise(behavior.RequestDelays, p)
		n.blame(behavior.ResponseSchema, p, 1)
		return
	case err == message.ErrTimeout:
		n.blame(behavior.RequestDelays, p, 1)
	}
	n.failed(p)
}

func (n *Node) alive(p Peer) {
	if len(n.fails) == 0 {
		return
	}
	if _, failing := n.fails[p]; failing {
		delete(n.fails, p)
		n.failsRevision++
	}
}

// failed counts a failure of a peer in our lists; with more than MaxFails in a row it is
// broken and leaves them.
func (n *Node) failed(p Peer) {
	if !n.level1.has(p) {
		return
	}
	if n.fails == nil {
		n.fails = make(map[Peer]int)
	}
	n.fails[p]++
	n.failsRevision++
	if n.fails[p] > n.cfg.MaxFails {
		delete(n.fails, p)
		n.forget(p)
	}
}

// forgetStrangers drops the failures of peers that have left our lists: whoever names
// masters to us could name ever others.
func (n *Node) forgetStrangers() {
	before := len(n.fails)
	maps.DeleteFunc(n.fails, func(p Peer, _ int) bool { return !n.level1.has(p) })
	if len(n.fails) != before {
		n.failsRevision++
	}
}

// forget takes p off every list.
func (n *Node) forget(p Peer) {
	n.level1.removeSlave(p)
	n.level1.removeMaster(p, n.env.Now())
	if n.level1.backlink == p {
		n.level1.loseBacklink()
	}
}

// blame and praise move the suspicion of p for one kind of misbehaviour.
func (n *Node) blame(a behavior.Action, p Peer, base float64) {
	if p != n.self && !n.trusted(p) {
		n.scores.Add(n.env.Now(), n.cfg.Behavior[a], a, p, base)
	}
}

func (n *Node) praise(a behavior.Action, p Peer) {
	if n.scores.Len() > 0 {
		n.scores.Sub(n.env.Now(), n.cfg.Behavior[a], a, p, 1)
	}
}

// judge blames or praises by whether a check held.
func (n *Node) judge(good bool, a behavior.Action, p Peer) {
	if good {
		n.praise(a, p)
	} else {
		n.blame(a, p, 1)
	}
}

// tidy is the sync's pass over what fades: failures of strangers and ended bans go,
// whoever went too far is banned, old approvals are forgotten.
func (n *Node) tidy() {
	now := n.env.Now()
	n.forgetStrangers()
	if n.bans.Len() > 0 {
		n.bans.Sweep(now)
	}
	if n.scores.Len() > 0 {
		for _, v := range n.scores.Sweep(now, n.cfg.Behavior, n.cfg.lifetime(n.level1.size(), levels)) {
			n.Ban(v.Peer, v.Life, v.Action.String())
		}
	}
	if n.candidates != nil {
		n.candidates.Sweep(n.level1.size())
	}
	if n.approvals != nil {
		n.approvals.sweep(now, n.approvalKind)
	}
}

// Ban refuses a peer for a time, and forgets it at once. Trusted peers are never banned.
// The reason is for people.
func (n *Node) Ban(p Peer, life time.Duration, reason string) {
	if p == n.self || n.trusted(p) {
		return
	}
	n.ban(p, n.cfg.Book.IP(p), life, reason)
	n.forget(p)
}

// ban enters a ban and tells of it. Without an IP it is for the address only.
func (n *Node) ban(p Peer, ip netip.Addr, life time.Duration, reason string) {
	now := n.env.Now()
	n.bans.Add(behavior.Ban{Peer: p, IP: ip, Reason: reason, Since: now, Until: now + life})
	n.env.Note(Note{What: NoteBanned, About: p, Text: reason})
}

// send asks p, unless we would not listen to p either. A budget that is overdrawn fails
// on the spot.
func (n *Node) send(p Peer, req message.Request, sink Sink, tag uint32) {
	switch {
	case req.Timeout <= 0:
		sink.Answer(tag, message.Response{Err: message.ErrTimeout})
	case !n.allowed(p):
		sink.Answer(tag, message.Response{Err: message.ErrDenied})
	default:
		req.From, req.Root = n.self, n.root
		n.env.Call(p, req, sink, tag)
	}
}
