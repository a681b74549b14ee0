package behavior

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"spreadable/core/peer"
)

// Ban says which peer is refused, why and until when.
type Ban struct {
	Peer   peer.Peer
	IP     netip.Addr    // of its host; may be the zero Addr, which bans the address only
	Reason string        // an action's name, or the owner's words
	Since  time.Duration // of the first ban, since the Unix epoch
	Until  time.Duration // end, since the Unix epoch
}

// Bans are all bans of one node, one for each peer. The zero value is ready and holds
// no memory until the first ban.
type Bans struct {
	*banned  // nil for none
	revision uint32
}

type banned struct {
	bans []Ban  // by peer
	byIP []host // by IP, then peer; only bans with an IP
}

// A host is an entry of the index by IP.
type host struct {
	ip   netip.Addr
	peer peer.Peer
}

// Add bans a peer, or renews its ban: the new end and IP hold even if they are
// earlier or unknown, the first Since stays, and so does the reason if the new
// one is empty. An IPv4 in its IPv6 form (::ffff:1.2.3.4) is kept as IPv4. A ban of
// the zero Peer, which is none, is ignored.
func (b *Bans) Add(ban Ban) {
	if ban.Peer.IsZero() {
		return
	}
	ban.IP = ban.IP.Unmap().WithZone("")
	b.revision++
	if b.banned == nil {
		b.banned = new(banned)
	}
	i, found := b.find(ban.Peer)
	if !found {
		b.bans = slices.Insert(b.bans, i, ban)
		b.index(ban)
		return
	}
	old := &b.bans[i]
	b.unindex(*old)
	ban.Since = old.Since
	ban.Reason = cmp.Or(ban.Reason, old.Reason)
	*old = ban
	b.index(ban)
}

// Remove lifts a peer's ban, and reports whether there was one.
func (b *Bans) Remove(p peer.Peer) bool {
	i, found := b.find(p)
	if !found {
		return false
	}
	b.revision++
	b.unindex(b.bans[i])
	b.bans = slices.Delete(b.bans, i, i+1)
	b.release()
	return true
}

// Clear lifts all bans.
func (b *Bans) Clear() { *b = Bans{revision: b.revision + 1} }

// Revision returns another number after every change, so that a store can tell
// whether there is anything to save. It wraps around.
func (b *Bans) Revision() uint32 { return b.revision }

// Get returns the ban of exactly this peer.
func (b *Bans) Get(p peer.Peer) (Ban, bool) {
	if i, found := b.find(p); found {
		return b.bans[i], true
	}
	return Ban{}, false
}

// All returns a copy of all bans, oldest first, those of the same age by peer id.
func (b *Bans) All() []Ban {
	if b.banned == nil {
		return nil
	}
	all := slices.Clone(b.bans)
	slices.SortFunc(all, byAge)
	return all
}

// Len returns how many bans there are.
func (b *Bans) Len() int {
	if b.banned == nil {
		return 0
	}
	return len(b.bans)
}

// Sweep lifts the bans whose end has passed and returns them, in the order of
// All. Until the next sweep an ended ban still holds.
func (b *Bans) Sweep(now time.Duration) []Ban {
	if b.banned == nil {
		return nil
	}
	var ended []Ban
	b.bans = slices.DeleteFunc(b.bans, func(ban Ban) bool {
		over := ban.Until < now
		if over {
			ended = append(ended, ban)
			b.unindex(ban)
		}
		return over
	})
	if len(ended) > 0 {
		b.revision++
		b.release()
	}
	slices.SortFunc(ended, byAge)
	return ended
}

// Banned reports whether a peer is refused, and by which ban.
//
// By default a ban holds for its whole host: all that comes from its IP, from any
// port, is refused. An IPv4 equals its ::ffff: form, and the host of an IPv6 is its
// /64, of which one customer can take any address. When several bans hold for
// one host, the one of the lowest peer id is returned. By address a ban holds for
// exactly the peer that was banned. Where the IP of the ban or of the peer is
// unknown, only the addresses are compared.
func (b *Bans) Banned(p peer.Peer, ip netip.Addr, byAddress bool) (Ban, bool) {
	if b.banned == nil {
		return Ban{}, false // the common case, asked for every request
	}
	ban, named := b.Get(p)
	if byAddress || !ip.IsValid() {
		return ban, named
	}
	ip = peer.HostIP(ip)
	first, _ := b.findIP(host{ip: ip}) // the zero peer comes before all others
	if first < len(b.byIP) && b.byIP[first].ip == ip {
		return b.Get(b.byIP[first].peer)
	}
	if named && !ban.IP.IsValid() {
		return ban, true
	}
	return Ban{}, false
}

// Restore replaces all bans, in any order. Of two for the same peer the later one in
// the list counts. Bans of the zero Peer are ignored.
func (b *Bans) Restore(bans []Ban) {
	b.Clear()
	for _, ban := range bans {
		b.Remove(ban.Peer) // or Add would keep its age and reason
		b.Add(ban)
	}
}

func byAge(x, y Ban) int {
	return cmp.Or(cmp.Compare(x.Since, y.Since), cmp.Compare(x.Peer.ID(), y.Peer.ID()))
}

func (b *Bans) find(p peer.Peer) (int, bool) {
	if b.banned == nil {
		return 0, false
	}
	return slices.BinarySearchFunc(b.bans, p, func(ban Ban, p peer.Peer) int {
		return cmp.Compare(ban.Peer.ID(), p.ID())
	})
}

func (b *Bans) findIP(h host) (int, bool) {
	return slices.BinarySearchFunc(b.byIP, h, func(x, y host) int {
		return cmp.Or(x.ip.Compare(y.ip), cmp.Compare(x.peer.ID(), y.peer.ID()))
	})
}

func (b *Bans) index(ban Ban) {
	if !ban.IP.IsValid() {
		return
	}
	h := host{ip: peer.HostIP(ban.IP), peer: ban.Peer}
	i, _ := b.findIP(h)
	b.byIP = slices.Insert(b.byIP, i, h)
}

func (b *Bans) unindex(ban Ban) {
	if i, found := b.findIP(host{ip: peer.HostIP(ban.IP), peer: ban.Peer}); found {
		b.byIP = slices.Delete(b.byIP, i, i+1)
	}
}

// release gives back the memory of an empty list.
func (b *Bans) release() {
	if len(b.bans) == 0 {
		b.banned = nil
	}
}
