package core

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// Which participants may talk to the node, and what it does about peers that behave
// badly. Package behavior has the rules by which faults add up.

// peerless is the address of a client: none.
var peerless peer.Address

// admit checks a request before anything else looks at it: the address filter on its
// sender, then, between nodes, the root. A node that gets this far is alive, so its
// failures are forgotten. A ping is always answered.
func (n *Node) admit(req *message.Request) error {
	if req.Kind == message.KindPing {
		return nil
	}
	if req.From.IsZero() && !n.allowedClient(req.Client) || !req.From.IsZero() && !n.allowed(req.From) {
		return message.ErrDenied
	}
	if req.Kind.FromNode() {
		if req.Root != n.rootFor(req.Kind) && !req.Kind.Row().AnyRoot {
			return message.ErrWrongRoot
		}
		n.alive(req.From)
		n.scores.Heard(req.From)
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

// Screen is the address filter, for a driver that must refuse before it looks at anything
// else of a request. The own address and trusted ones pass. Then come the ban list, the
// whitelist (which decides alone if it is not empty) and the blacklist. The address is
// zero for a client, which has an IP only. For a node, ip is the IP of its host name.
func (n *Node) Screen(address peer.Address, ip netip.Addr) Door {
	p, _ := n.cfg.Book.Find(address.String())
	return n.screen(p, address, ip)
}

// screen is Screen with the peer of the address, zero if the book does not hold it.
func (n *Node) screen(p Peer, address peer.Address, ip netip.Addr) Door {
	if n.cfg.Trusted || n.openDoor() || !p.IsZero() && p == n.self {
		return DoorOpen
	}
	if n.cfg.Trustlist.Match(address, ip) {
		return DoorOpen
	}
	if _, banned := n.bans.Banned(p, ip, n.cfg.BanByAddress); banned || n.cfg.BanByAddress && n.hostBanned(ip) {
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

// hostBanned reports whether the owner has banned a host as such, which holds for all of it
// even where bans are by address.
func (n *Node) hostBanned(ip netip.Addr) bool {
	if n.bans.Len() == 0 {
		return false
	}
	host, known := n.cfg.Book.Find(peer.OfHost(ip).String())
	if !known {
		return false
	}
	_, banned := n.bans.Get(host)
	return banned
}

// allowed is the address filter for a node. The zero Peer, which a list that came by wire
// may hold, is not allowed.
func (n *Node) allowed(p Peer) bool {
	if p.IsZero() {
		return false
	}
	if p == n.self || n.AdmitsAll() {
		return true
	}
	return n.screen(p, n.cfg.Book.Address(p), n.cfg.Book.IP(p)) == DoorOpen
}

// openDoor reports whether nothing is listed or banned, the case of nearly every node.
func (n *Node) openDoor() bool {
	return n.bans.Len() == 0 && n.cfg.Whitelist.Len() == 0 && n.cfg.Blacklist.Len() == 0
}

// AdmitsAll reports whether the address filter refuses nothing.
func (n *Node) AdmitsAll() bool { return n.cfg.Trusted || n.openDoor() }

// AtEase reports whether requests need no checks now: the node has a place, the address
// filter refuses nothing, no peer has failures that a sign of life would clear, and every
// peer that is suspected has spoken since. A driver may then answer a structure request of
// the right root, without an introduction, from the last snapshot: Serve would do nothing
// else.
func (n *Node) AtEase() bool {
	return n.AdmitsAll() && len(n.fails) == 0 && n.scores.AllSpoke() && !n.level1.backlink.IsZero()
}

// allowedClient is the address filter for a client, of which we know the IP only.
func (n *Node) allowedClient(ip netip.Addr) bool { return n.screen(Peer{}, peerless, ip) == DoorOpen }

func (n *Node) trusted(p Peer) bool {
	return n.cfg.Trusted || n.cfg.Trustlist.Len() > 0 && n.cfg.Trustlist.Match(n.cfg.Book.Address(p), n.cfg.Book.IP(p))
}

// conclude draws the conclusions from how an outgoing request ended. Any answer, even a
// refusal or garbage, proves a peer alive. A timeout counts as a failure and also makes
// the peer suspicious. But a peer is not blamed for a timeout if we asked on behalf of
// another participant, which chose the timeout budget and may have spent it before.
//
// Garbage is an answer that is no refusal and not what the kind of request calls for. If
// a peer is not there, or a proxy says so in its place, that is no garbage. Only an
// answer with a body lowers the suspicion of garbage: otherwise pings would do.
func (n *Node) conclude(p Peer, own bool, resp message.Response) {
	if p == n.self || errors.Is(resp.Err, message.ErrLocal) || resp.Err == message.ErrTimeout && !own {
		return
	}
	switch err := resp.Err.(type) {
	case nil:
		n.alive(p)
		n.praise(behavior.RequestDelays, p)
		if resp.Body != nil && n.scores.Len() > 0 {
			n.scores.Sub(n.env.Now(), n.cfg.Behavior[behavior.ResponseSchema], behavior.ResponseSchema, p, garbageTaken)
		}
	case *message.Error:
		n.alive(p)
	default:
		n.concludeFailure(p, err)
	}
}

// garbageTaken is how much of the suspicion of garbage the first good answer in a row
// takes back: an eighth of what one bad answer adds, because no honest node gives any.
const garbageTaken = 1. / 8

// concludeFailure is conclude for a request that got neither an answer nor a refusal.
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
	n.cfg.rule.suspect(&n.level1, p, err)
}

func (n *Node) alive(p Peer) {
	if len(n.fails) == 0 {
		return
	}
	if _, failing := n.fails[p]; failing {
		delete(n.fails, p)
		n.failsRevision++
		n.level1.endProbing(p)
	}
}

// failing is how a peer in our lists fails.
type failing struct {
	count int           // in a row
	at    time.Duration // when the latest was counted
}

// failed counts a failure of a peer in our lists. After more than MaxFails in a row the
// peer is taken off them. Requests that fail together count once: a busy node may have
// dozens under way when one packet is lost on a link, or clients see to it that it has.
func (n *Node) failed(p Peer) {
	if !n.level1.has(p) {
		return
	}
	f, now := n.fails[p], n.env.Now()
	if f.count > 0 && now-f.at < n.cfg.ServerTimeout {
		return
	}
	if n.fails == nil {
		n.fails = make(map[Peer]failing)
	}
	n.fails[p] = failing{f.count + 1, now}
	n.failsRevision++
	if f.count+1 > n.cfg.MaxFails {
		delete(n.fails, p)
		n.forget(p)
	}
}

// forgetStrangers drops the failures of peers that are no longer in our lists: a lying
// master could name new peers without end.
func (n *Node) forgetStrangers() {
	before := len(n.fails)
	maps.DeleteFunc(n.fails, func(p Peer, _ failing) bool { return !n.level1.has(p) })
	if len(n.fails) != before {
		n.failsRevision++
	}
}

// forget takes p off every list.
func (n *Node) forget(p Peer) {
	if n.level1.hasSlave(p) {
		n.level1.removeSlave(p)
		n.level1.ownSizeChanged(n.env.Now())
	}
	n.level1.removeMaster(p, n.env.Now())
	if n.level1.backlink == p {
		n.level1.loseBacklink()
	}
}

// blame and praise move the suspicion of p for one kind of misbehaviour. Only peers that
// we have to do with for long are blamed: a liar can make us ask any number of addresses
// that it has made up, once each, and a ban of these would be of no use.
func (n *Node) blame(a behavior.Action, p Peer, base float64) {
	if p != n.self && n.deals(a, p) && !n.trusted(p) {
		n.scores.Add(n.env.Now(), n.cfg.Behavior[a], a, p, base)
	}
}

// deals reports whether a fault of p is worth remembering. Delays and garbage can be those
// of any address that we ask: these count of peers in our lists, of those that were in
// them at an earlier fault, and of bootstrap nodes. All other faults are of our backlink
// and slaves, or of a master that we asked to list us.
func (n *Node) deals(a behavior.Action, p Peer) bool {
	if a != behavior.RequestDelays && a != behavior.ResponseSchema || n.level1.has(p) {
		return true
	}
	_, before := n.scores.Get(a, p)
	return before || slices.Contains(n.bootstrap(), p)
}

func (n *Node) praise(a behavior.Action, p Peer) {
	if n.scores.Len() > 0 {
		n.scores.Sub(n.env.Now(), n.cfg.Behavior[a], a, p, 1)
	}
}

// judge praises p if a check held, and blames it otherwise.
func (n *Node) judge(good bool, a behavior.Action, p Peer) {
	if good {
		n.praise(a, p)
	} else {
		n.blame(a, p, 1)
	}
}

// tidy is the sync's pass over what ends with time. It forgets failures of strangers, the
// word of newcomers about masters, ended bans and old approvals, and bans peers whose
// suspicion is too high. How long a suspicion lives and must have lived is that of the
// smallest network: the size of the network is what others say.
func (n *Node) tidy() {
	now := n.env.Now()
	n.forgetStrangers()
	n.level1.sweepStandings()
	n.level1.forgetCuts()
	if r := n.level1.reserve; r != nil {
		r.cleared = nil
	}
	n.level1.passTime(now, n.cfg.staleness())
	if n.bans.Len() > 0 {
		n.bans.Sweep(now)
	}
	if n.scores.Len() > 0 {
		for _, v := range n.scores.Sweep(now, n.cfg.Behavior, n.cfg.lifetime(1, levels)) {
			n.condemn(v)
		}
	}
	if n.applications != nil {
		n.applications.candidates.Sweep(n.level1.size())
	}
	if n.approvals != nil {
		n.sweepApprovals()
	}
}

// condemn bans the peer of a verdict: with its host if it is our slave or has sent us
// requests, and else by its address alone. An address that others named to us proves
// nothing against a node that lives beside it: any host may have a server that is no node
// and answers garbage, or nothing, on another port.
func (n *Node) condemn(v behavior.Verdict) {
	var ip netip.Addr
	if v.Spoke || n.level1.hasSlave(v.Peer) {
		ip = n.cfg.Book.IP(v.Peer)
	}
	n.refuse(v.Peer, ip, v.Life, v.Action.String())
}

// Ban refuses a peer for a time, and takes it off all lists at once. Trusted peers are
// never banned. The reason is for people.
func (n *Node) Ban(p Peer, life time.Duration, reason string) {
	n.refuse(p, n.cfg.Book.IP(p), life, reason)
}

func (n *Node) refuse(p Peer, ip netip.Addr, life time.Duration, reason string) {
	if p == n.self || n.trusted(p) {
		return
	}
	n.ban(p, ip, life, reason)
	lied := n.level1.backlink == p
	n.forget(p)
	if lied {
		n.level1.doubts = wary
	}
}

// ban enters a ban and notes it. Without an IP it is for the address only.
func (n *Node) ban(p Peer, ip netip.Addr, life time.Duration, reason string) {
	now := n.env.Now()
	n.bans.Add(behavior.Ban{Peer: p, IP: ip, Reason: reason, Since: now, Until: now + life})
	n.env.Note(Note{What: NoteBanned, About: p, Text: reason})
}

// signed is a request in the name of the node.
func (n *Node) signed(req message.Request) message.Request {
	req.From, req.Root = n.self, n.rootFor(req.Kind)
	return req
}

// inquire sends a request that no task waits for.
func (n *Node) inquire(p Peer, req message.Request, sink Sink) { n.send(p, n.signed(req), sink, 0) }

// send sends a signed request to p, unless the address filter refuses p. With no timeout
// budget left it fails at once.
//
// It changes nothing in the request: a master asks hundreds of slaves in a row, and to copy
// what has just been written in smaller parts, the processor waits for all writes before.
func (n *Node) send(p Peer, req message.Request, sink Sink, tag uint32) {
	switch {
	case req.Timeout <= 0:
		sink.Answer(tag, message.Response{Err: message.ErrTimeout})
	case !n.allowed(p):
		sink.Answer(tag, message.Response{Err: message.ErrDenied})
	default:
		n.env.Call(p, req, sink, tag)
	}
}
