package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestBookNumbersPeersDenselyInOrderOfInterning(t *testing.T) {
	book := NewBook(0)
	texts := []string{"b.example.com:1", "10.0.0.7:1", "localhost:1"}
	for range 2 { // the second time they are known
		for i, text := range texts {
			p := intern(t, book, text)
			if p.ID() != uint32(i+1) || p != FromID(uint32(i+1)) || p.IsZero() {
				t.Errorf("%s is peer %d, want %d", text, p.ID(), i+1)
			}
		}
	}
	if book.Len() != len(texts) {
		t.Errorf("%d addresses, want %d", book.Len(), len(texts))
	}
}

func TestBookRefusesMoreThanItsLimit(t *testing.T) {
	book := NewBook(2)
	first := intern(t, book, "10.0.0.1:1")
	intern(t, book, "10.0.0.2:1")
	p, err := book.Intern(MustParse("10.0.0.3:1"))
	if !errors.Is(err, ErrBookFull) || !p.IsZero() || book.Len() != 2 {
		t.Errorf("third of two: peer %d, %v, %d in the book", p.ID(), err, book.Len())
	}
	if again := intern(t, book, "10.0.0.1:1"); again != first {
		t.Error("a full book does not know its own")
	}
	book.Sweep(func(p Peer) bool { return p != first })
	if p := intern(t, book, "10.0.0.3:1"); p != first {
		t.Errorf("the place swept free is not given out: peer %d", p.ID())
	}
}

func TestBookRefusesTheZeroAddress(t *testing.T) {
	if p, err := NewBook(0).Intern(Address{}); err == nil || errors.Is(err, ErrBookFull) || !p.IsZero() {
		t.Errorf("interned as %d, %v", p.ID(), err)
	}
}

func TestBookPanicsOnPeersItDoesNotHold(t *testing.T) {
	book := NewBook(0)
	swept := intern(t, book, "10.0.0.1:1")
	kept := intern(t, book, "10.0.0.2:1")
	book.Sweep(func(p Peer) bool { return p == kept })
	for _, p := range []Peer{{}, swept, FromID(3), FromID(1 << 31), FromID(1<<32 - 1)} {
		mustPanic(t, func() { book.Address(p) })
		mustPanic(t, func() { book.Text(p) })
		mustPanic(t, func() { book.IP(p) })
		mustPanic(t, func() { book.SetIP(p, netip.Addr{}) })
		mustPanic(t, func() { book.Less(p, kept) })
	}
}

func TestBookHoldsLookedUpIPsOfNamesOnly(t *testing.T) {
	found := netip.MustParseAddr("192.0.2.7")
	book := NewBook(0)
	name := intern(t, book, "n1.example.com:1")
	if book.IP(name).IsValid() {
		t.Error("the IP of a name is known before a lookup")
	}
	book.SetIP(name, netip.MustParseAddr("::ffff:192.0.2.7"))
	if book.IP(name) != found {
		t.Errorf("looked up %v, want %v", book.IP(name), found)
	}
	book.SetIP(name, netip.Addr{})
	if book.IP(name).IsValid() {
		t.Error("a forgotten IP is still known")
	}
	for text, want := range map[string]string{
		"localhost:1": "127.0.0.1", "10.0.0.7:1": "10.0.0.7", "[::ffff:10.0.0.7]:1": "10.0.0.7", "[::1]:1": "::1",
	} {
		p := intern(t, book, text)
		book.SetIP(p, found)
		if book.IP(p) != netip.MustParseAddr(want) {
			t.Errorf("%s was made to mean %v", text, book.IP(p))
		}
	}
}

func TestLessIsTheOrderOfTexts(t *testing.T) {
	book := NewBook(0)
	texts := []string{"localhost:2", "localhost:10", "10.0.0.7:1", "9.0.0.7:1", "[::1]:1", "n1.example.com:1", "N1.example.com:1", "пример.рф:1"}
	peers := make([]Peer, 0, len(texts))
	for _, text := range texts {
		peers = append(peers, intern(t, book, text))
	}
	slices.SortFunc(peers, func(p, q Peer) int {
		switch {
		case book.Less(p, q):
			return -1
		case book.Less(q, p):
			return 1
		}
		return 0
	})
	var sorted []string
	for _, p := range peers {
		sorted = append(sorted, strings.TrimPrefix(book.Text(p), "[0000:0000:0000:0000:0000:0000:0000:"))
	}
	want := "10.0.0.7:1 9.0.0.7:1 N1.example.com:1 0001]:1 localhost:10 localhost:2 n1.example.com:1 пример.рф:1"
	if got := strings.Join(sorted, " "); got != want {
		t.Errorf("order is %s\nwant     %s", got, want)
	}
}

// The book against a plain map of what it should hold: any sequence of
// interning, lookups and sweeps keeps text, address and IP of every peer.
func TestBookAgreesWithAPlainMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(0, 30).Draw(t, "limit")
		book, model := NewBook(limit), map[Peer]Address{}
		ips := map[Peer]netip.Addr{}
		t.Repeat(map[string]func(*rapid.T){
			"intern": func(t *rapid.T) {
				a := anyAddress().Draw(t, "address")
				_, known := book.Find(a.String())
				p, err := book.Intern(a)
				if full := limit > 0 && len(model) == limit && !known; full != (err != nil) {
					t.Fatalf("full %v, but %v", full, err)
				}
				if held, taken := model[p]; taken && held != a {
					t.Fatalf("%s got the peer of %s", a, held)
				}
				if err == nil {
					model[p] = a
				}
			},
			"setIP": func(t *rapid.T) {
				a := anyAddress().Draw(t, "address")
				ip := anyNodeIP().Draw(t, "ip")
				if p, err := book.Intern(a); err == nil {
					book.SetIP(p, ip)
					model[p], ips[p] = a, ip
				}
			},
			"sweep": func(t *rapid.T) {
				modulus := rapid.Uint32Range(1, 5).Draw(t, "modulus")
				gone := 0
				for p := range model {
					if p.ID()%modulus != 0 {
						gone++
						delete(model, p)
						delete(ips, p)
					}
				}
				if swept := book.Sweep(func(p Peer) bool { return p.ID()%modulus == 0 }); swept != gone {
					t.Fatalf("swept %d, want %d", swept, gone)
				}
			},
			"": func(t *rapid.T) { checkBook(t, book, model, ips) },
		})
	})
}

// checkBook compares a book with what it should hold.
func checkBook(t *rapid.T, book *Book, model map[Peer]Address, ips map[Peer]netip.Addr) {
	if book.Len() != len(model) {
		t.Fatalf("%d addresses, want %d", book.Len(), len(model))
	}
	for p, a := range model {
		if book.Address(p) != a || book.Text(p) != a.String() {
			t.Fatalf("peer %d is %s, want %s", p.ID(), book.Text(p), a)
		}
		if found, ok := book.Find(a.String()); !ok || found != p {
			t.Fatalf("%s is found as %d, want %d", a, found.ID(), p.ID())
		}
		want := a.IP()
		if !want.IsValid() {
			want = ips[p]
		}
		if got := book.IP(p); got.IsValid() != want.IsValid() || got.IsValid() && !SameIP(got, want) {
			t.Fatalf("IP of %s is %v, want %v", a, got, want)
		}
	}
}

func TestFindNeedsTheCanonicalTextOfAnInternedAddress(t *testing.T) {
	book := NewBook(0)
	p := intern(t, book, "[::1]:1")
	if got, ok := book.Find("[0000:0000:0000:0000:0000:0000:0000:0001]:1"); !ok || got != p {
		t.Error("not found by its canonical text")
	}
	for _, text := range []string{"[::1]:1", "", "localhost:1"} {
		if got, ok := book.Find(text); ok || !got.IsZero() {
			t.Errorf("%q is found as %d", text, got.ID())
		}
	}
}

func TestSweepReusesTheLowestIdsFirstAndKeepsTextsGivenOut(t *testing.T) {
	book := NewBook(0)
	for i := range 6 {
		intern(t, book, fmt.Sprintf("10.0.0.%d:1", i))
	}
	text, address := book.Text(FromID(2)), book.Address(FromID(2))
	kept := map[uint32]bool{1: true, 4: true}
	if swept := book.Sweep(func(p Peer) bool { return kept[p.ID()] }); swept != 4 || book.Len() != 2 {
		t.Fatalf("swept %d of 6, %d left", swept, book.Len())
	}
	if swept := book.Sweep(func(Peer) bool { return true }); swept != 0 {
		t.Errorf("swept %d with everything kept", swept)
	}
	for i, want := range []uint32{2, 3, 5, 6} {
		if p := intern(t, book, fmt.Sprintf("10.0.1.%d:1", i)); p.ID() != want {
			t.Errorf("new address %d is peer %d, want %d", i, p.ID(), want)
		}
	}
	if text != "10.0.0.1:1" || address != MustParse("10.0.0.1:1") {
		t.Errorf("what was given out became %q and %q", text, address)
	}
}

func TestTextsCrossTheEndsOfSlabs(t *testing.T) {
	book := NewBook(0)
	const many = 3 * slabSize / 20
	for i := range many {
		intern(t, book, nodeText(i))
	}
	for i := range many {
		if got := book.Text(FromID(uint32(i + 1))); got != nodeText(i) {
			t.Fatalf("peer %d is %q, want %q", i+1, got, nodeText(i))
		}
	}
	// A slab that outgrew its block would be copied to one of twice the size.
	for i, slab := range book.slabs {
		if last := i == len(book.slabs)-1; len(slab) > slabSize || !last && len(slab) < slabSize-len(nodeText(many)) {
			t.Errorf("slab %d of %d holds %d bytes, want at most %d, and no space for another text", i, len(book.slabs), len(slab), slabSize)
		}
	}
}

func TestReadingABookAllocatesNothing(t *testing.T) {
	book := NewBook(0)
	p, q := intern(t, book, "10.0.0.1:1"), intern(t, book, "[2001:db8::5]:1")
	if n := testing.AllocsPerRun(100, func() {
		found, _ := book.Find(book.Address(q).String())
		book.Less(p, found)
		book.IP(found)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A simulated network of a million nodes has one book; its share of the two
// kilobytes that a node may cost is small.
func TestAnAddressTakesAtMost110Bytes(t *testing.T) {
	// at different loads of the index
	for _, many := range []int{100_000, 120_000, 150_000} {
		if bytes := bytesPerAddress(many); bytes > 110 {
			t.Errorf("%.1f bytes for each of %d addresses", bytes, many)
		}
	}
}

func BenchmarkIntern(b *testing.B) {
	const many = 1_000_000
	addresses := make([]Address, many)
	for i := range addresses {
		addresses[i] = MustParse(nodeText(i))
	}
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		book := NewBook(0)
		for i := 0; b.Loop(); i++ {
			if i%many == 0 {
				book = NewBook(0)
			}
			_, _ = book.Intern(addresses[i%many])
		}
	})
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		book := NewBook(0)
		for _, a := range addresses {
			_, _ = book.Intern(a)
		}
		for i := 0; b.Loop(); i++ {
			_, _ = book.Intern(addresses[i*7919%many])
		}
	})
}

func BenchmarkBytesPerAddress(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(bytesPerAddress(1_000_000), "B/address")
	}
}

// bytesPerAddress is the live heap of a book of many addresses, by address.
func bytesPerAddress(many int) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	book := NewBook(0)
	for i := range many {
		if _, err := book.Intern(MustParse(nodeText(i))); err != nil {
			panic(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(book)
	return float64(after.HeapAlloc-before.HeapAlloc) / float64(many)
}

// nodeText is the address of the i-th simulated node.
func nodeText(i int) string {
	return fmt.Sprintf("10.%d.%d.%d:4000", i>>16&255, i>>8&255, i&255)
}

func intern(t *testing.T, book *Book, text string) Peer {
	t.Helper()
	p, err := book.Intern(MustParse(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
