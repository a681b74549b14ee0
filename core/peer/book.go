package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// ErrBookFull is returned by [Book.Intern] for a new address when the book
// holds as many as its limit allows.
var ErrBookFull = errors.New("book of addresses is full")

// slabSize is the size in bytes of a block of address texts: large enough that
// the blocks and their unused ends do not count, small for a book of few.
const slabSize = 1 << 14

// Book interns addresses: each different text gets a [Peer], and each peer has
// its text. Peers are dense, numbered from 1 in the order of interning.
//
// Many goroutines may read a book at once, as long as none interns, sweeps or sets an
// IP; a goroutine that does must be alone with the book.
//
// A million addresses of the simulator take some 86 bytes each: 12 for the
// entry, 15 for the text, the rest for the index. All are in few large blocks, because
// every separate object costs the garbage collector more than its bytes.
type Book struct {
	limit   int                 // most addresses, 0 = no limit
	entries []entry             // by id - 1
	index   map[string]Peer     // canonical text -> peer, the strings within slabs
	slabs   []string            // texts, end to end, each written up to its length
	tail    *strings.Builder    // writes the last slab
	ips     map[Peer]netip.Addr // results of lookups, for names only
	free    []Peer              // swept ids, the lowest last
}

// entry is an Address whose text lies in a slab. A free entry has size 0.
type entry struct {
	slab uint32
	at   uint16 // offset within the slab, below slabSize
	size uint16 // length in bytes
	port uint16
	kind hostKind
}

// NewBook makes an empty book. The limit is the most addresses it keeps at once, 0
// for no limit. Without a limit, any peer that announces addresses could fill the
// memory of a node.
func NewBook(limit int) *Book {
	return &Book{
		limit: limit,
		index: make(map[string]Peer),
		ips:   make(map[Peer]netip.Addr),
	}
}

// Intern gives the peer of an address, a new one if the book has none yet. It
// fails with [ErrBookFull] when a new one would exceed the limit, and for the
// zero address.
func (b *Book) Intern(a Address) (Peer, error) {
	if a.IsZero() {
		return Peer{}, errors.New("intern: no address")
	}
	if p, found := b.index[a.text]; found {
		return p, nil
	}
	if b.limit > 0 && len(b.index) >= b.limit {
		return Peer{}, fmt.Errorf("intern %s: %w (limit %d)", a, ErrBookFull, b.limit)
	}
	p := b.next()
	b.put(p, a)
	return p, nil
}

// next takes an id for a new address: the lowest swept one, else the next.
func (b *Book) next() Peer {
	if last := len(b.free) - 1; last >= 0 {
		p := b.free[last]
		b.free = b.free[:last]
		return p
	}
	b.entries = append(b.entries, entry{})
	return Peer{id: uint32(len(b.entries))}
}

// put writes the address of p into its entry, the slabs and the index.
func (b *Book) put(p Peer, a Address) {
	b.entries[p.id-1] = b.write(a)
	b.index[b.Text(p)] = p
}

// write appends the text of a to the last slab, or to a new one if it does not
// fit, and gives the entry that points there.
func (b *Book) write(a Address) entry {
	if b.tail == nil || b.tail.Len()+len(a.text) > slabSize {
		b.tail = new(strings.Builder)
		b.tail.Grow(slabSize)
		b.slabs = append(b.slabs, "")
	}
	last := len(b.slabs) - 1
	at := b.tail.Len()
	b.tail.WriteString(a.text)
	// A builder hands out its buffer without a copy and never moves it within
	// its capacity, so texts given out before stay valid and in place.
	b.slabs[last] = b.tail.String()
	return entry{slab: uint32(last), at: uint16(at), size: uint16(len(a.text)), port: a.port, kind: a.kind}
}

// Find gives the peer of a canonical text, see [Address.String], if interned.
func (b *Book) Find(text string) (Peer, bool) {
	p, found := b.index[text]
	return p, found
}

// Address gives the address of p. It panics if p is zero or not of this book: a peer
// comes from the book, so that is an error of the program.
func (b *Book) Address(p Peer) Address {
	e := b.entry(p)
	return Address{text: b.text(e), port: e.port, kind: e.kind}
}

// Text gives the canonical text of p without allocating. It panics as Address.
func (b *Book) Text(p Peer) string { return b.text(b.entry(p)) }

// TextLen is the length of the text of p in bytes; 0 for none, and for a peer that is
// not in the book.
func (b *Book) TextLen(p Peer) int {
	if i := p.id - 1; uint64(i) < uint64(len(b.entries)) {
		return int(b.entries[i].size)
	}
	return 0
}

// entry gives the entry of p, or panics.
func (b *Book) entry(p Peer) entry {
	if p.id == 0 || uint64(p.id) > uint64(len(b.entries)) || b.entries[p.id-1].size == 0 {
		panic(fmt.Sprintf("peer %d is not in the book of %d", p.id, b.Len()))
	}
	return b.entries[p.id-1]
}

// text gives the text of an entry.
func (b *Book) text(e entry) string { return b.slabs[e.slab][e.at : e.at+e.size] }

// IP gives the IP of p: the literal one of its address, else the one set by
// [Book.SetIP], else zero while unknown. It panics as Address.
func (b *Book) IP(p Peer) netip.Addr {
	if ip := b.Address(p).IP(); ip.IsValid() {
		return ip
	}
	return b.ips[p]
}

// SetIP stores the result of a lookup of p's host name, which the transport made; the
// zero IP removes it. For an address with a literal IP, or localhost, nothing happens:
// a lookup cannot change what they mean. It panics as Address.
func (b *Book) SetIP(p Peer, ip netip.Addr) {
	if b.entry(p).kind != nameHost {
		return
	}
	if !ip.IsValid() {
		delete(b.ips, p)
		return
	}
	b.ips[p] = plain(ip)
}

// Len is the number of addresses in the book.
func (b *Book) Len() int { return len(b.index) }

// Less reports whether the text of p comes before that of q, byte by byte: the
// order in which nodes list peers and break ties, so all must agree on it. It
// panics as Address.
//
// The npm package compares UTF-16 units. The orders differ only between names
// with letters beyond U+FFFF and such with letters from U+E000 to U+FFFF.
func (b *Book) Less(p, q Peer) bool { return b.Text(p) < b.Text(q) }

// Sweep forgets the addresses for which keep is false, asked in order of id,
// and returns how many. It is for a process that runs for months and meets ever
// new addresses; a simulation has no need of it.
//
// The contract: after Sweep a peer that was not kept may be nowhere any more, in no
// list, timer, task, answer on its way or key of a map. Its id is given to the next
// new address, the lowest first, so such a peer would silently become another node,
// with its rights and its bans. So call Sweep only between two events, with a keep
// that knows all holders of peers. Texts and addresses given out before stay valid.
// It takes time in proportion to the whole book.
func (b *Book) Sweep(keep func(Peer) bool) int {
	var kept []Peer
	for i, e := range b.entries {
		p := Peer{id: uint32(i + 1)}
		if e.size > 0 && keep(p) {
			kept = append(kept, p)
		}
	}
	swept := b.Len() - len(kept)
	if swept > 0 {
		b.rewrite(kept)
	}
	return swept
}

// rewrite builds the book anew from the kept peers, in order of id, which keep
// their ids. New slabs and maps, since a map does not shrink and a slab that
// one text still needs would stay as a whole.
func (b *Book) rewrite(kept []Peer) {
	old := *b
	*b = *NewBook(old.limit)
	for _, p := range kept {
		for uint32(len(b.entries)) < p.id {
			b.entries = append(b.entries, entry{})
		}
		b.put(p, old.Address(p))
		if ip, found := old.ips[p]; found {
			b.ips[p] = ip
		}
	}
	for i := len(b.entries) - 1; i >= 0; i-- {
		if b.entries[i].size == 0 {
			b.free = append(b.free, Peer{id: uint32(i + 1)})
		}
	}
}
