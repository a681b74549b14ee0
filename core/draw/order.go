package draw

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"
)

// Entrant is a node that may be drawn.
type Entrant struct {
	Address string
	// IP is where the node is reached; invalid if unknown. All that draw must know the same
	// one, so it comes from the masters, which check it at the registration.
	IP netip.Addr
}

// Place says where an entrant stands in a draw. Of entrants with the same Group only
// the one with the lowest Member can be drawn; groups are drawn in the order of their
// hashes.
type Place struct{ Group, Member Hash }

// Order gives each entrant its place in one draw. A place depends on nothing but the
// entrant and the draw: so a part of the network can be ranked wherever its nodes are
// listed, and the entrants below a limit are the first ones of the ranking of all.
type Order interface {
	// Place returns the place of an entrant, and whether it can be drawn with a limit: not
	// if the hash of its group is above that.
	Place(c Entrant, limit Hash) (place Place, ok bool)
}

// Original is the draw of the npm package: the hash of an entrant is the MD5 of its
// address, "+" and the start of the period in milliseconds. Each address is a group.
func Original(start time.Duration) Order {
	return &original{suffix: appendSuffix(nil, start)}
}

type original struct {
	suffix []byte
	text   []byte // what is hashed; kept to save memory
}

// Place implements Order.
func (o *original) Place(c Entrant, limit Hash) (Place, bool) {
	o.text = append(append(o.text[:0], c.Address...), o.suffix...)
	hash := hashOf(md5.Sum(o.text))
	return Place{Group: hash}, hash.Compare(limit) <= 0
}

// appendSuffix appends what the original hashes after an address.
func appendSuffix(text []byte, start time.Duration) []byte {
	return append(append(text, '+'), millis(start)...)
}

// Salt makes the places of a draw unpredictable for all that do not know the secret that
// it was made of. The zero Salt is none.
type Salt [sha256.Size]byte

// NewSalt derives the salt of one period from a secret by HMAC-SHA-256: from one of the
// node that will check the approval (salt "verifier"), or from the password of a closed
// network (salt "network"). A node tells the salt to the masters that it asks, so there is
// another one for each action and period: one that is known tells nothing about the next.
func NewSalt(secret []byte, action string, start time.Duration) Salt {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(millis(start)))
	mac.Write([]byte{'+'}) // no digit, so no two pairs of start and action are the same text
	mac.Write([]byte(action))
	return Salt(mac.Sum(nil))
}

// Draw is what the places of one draw by host depend on, beside the entrants.
type Draw struct {
	Action string
	Start  time.Duration // of the period
	Client netip.Addr    // of which the approvers are drawn; invalid in a draw per network
	Salt   Salt
	Group  Group
}

// ByHost is the draw in which all nodes of a group weigh as one. With H for the first 128
// bits of a SHA-256 and | for joined parts, of which none can be taken for another:
//
//	group   H(salt | "group"  | action | start | client | group of the entrant)
//	member  H(salt | "member" | action | start | client | address of the entrant)
//
// The member's hash depends on the start too, so that no member serves its group for
// ever, and an address that is the lowest of its group once is not so in each period. An
// entrant whose group is unknown cannot be drawn.
func ByHost(d Draw) Order {
	return &byHost{group: d.Group, groups: d.prefix("group"), members: d.prefix("member")}
}

type byHost struct {
	group           Group
	groups, members []byte // what is hashed before a group and before an address
	text            []byte // what is hashed; kept to save memory
}

// prefix is what is hashed before the part that differs between the entrants.
func (d Draw) prefix(of string) []byte {
	text := slices.Clone(d.Salt[:])
	for _, part := range []string{of, d.Action, millis(d.Start), clientText(d.Client)} {
		text = appendPart(text, part)
	}
	return text
}

// clientText is the client as it counts in a draw: an IPv4, or the /64 of an IPv6, all of
// whose addresses one customer can use. So there is no choice among these.
func clientText(client netip.Addr) string {
	group, ok := Group{form: wholeIP}.Of(Entrant{IP: client})
	if !ok {
		return ""
	}
	return group
}

// appendPart appends a text with its length before it.
func appendPart(text []byte, part string) []byte {
	text = binary.AppendUvarint(text, uint64(len(part)))
	return append(text, part...)
}

// Place implements Order.
func (o *byHost) Place(c Entrant, limit Hash) (Place, bool) {
	group, ok := o.group.Of(c)
	if !ok {
		return Place{}, false
	}
	hash := o.hash(o.groups, group)
	if hash.Compare(limit) > 0 {
		return Place{}, false // nearly always: only few need the second hash
	}
	return Place{Group: hash, Member: o.hash(o.members, c.Address)}, true
}

func (o *byHost) hash(prefix []byte, part string) Hash {
	o.text = appendPart(append(o.text[:0], prefix...), part)
	sum := sha256.Sum256(o.text)
	return hashOf([16]byte(sum[:16]))
}

// Shortlist returns which entrants are drawn first, by their indices: the one of each
// group whose hash is not above the limit, in the order of the draw. A longer list, with a
// higher limit, begins with a shorter one. A master makes it of its slaves, and an entry
// node of what the masters have answered; of all nodes and without a limit it is the
// ranking of the network.
func Shortlist(order Order, entrants []Entrant, limit Hash) []int {
	var list []ranked
	for i, c := range entrants {
		if place, ok := order.Place(c, limit); ok {
			list = append(list, ranked{place, i})
		}
	}
	slices.SortFunc(list, ranked.compare)
	list = slices.CompactFunc(list, func(a, b ranked) bool { return a.Group == b.Group })
	first := make([]int, len(list))
	for i, r := range list {
		first[i] = r.index
	}
	return first
}

// ranked is an entrant with its place.
type ranked struct {
	Place
	index int
}

// compare orders by group, within a group by member, and the same address given twice as
// it was given.
func (r ranked) compare(other ranked) int {
	if c := r.Group.Compare(other.Group); c != 0 {
		return c
	}
	if c := r.Member.Compare(other.Member); c != 0 {
		return c
	}
	return r.index - other.index
}
