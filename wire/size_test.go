package wire

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// What whole messages take on a socket is tested in transport/http, between nodes.

// TestCountingIsWriting compares what is counted of every body with what is written.
func TestCountingIsWriting(t *testing.T) {
	book := peer.NewBook(0)
	for _, s := range samples(t, book) {
		sizes := NewSizes(book, DefaultVersion)
		speaker := Speaker{Book: book, Self: book1(t, book), Version: DefaultVersion}
		out := speaker.Request(speaker.Self, &s.req, aTime)
		text, err := out.body.JSON()
		if err != nil {
			t.Fatal(err)
		}
		w := sizes.count(speaker.Self)
		w.timeout = s.req.Timeout
		if w.request(&s.req); w.bytes != len(text) {
			t.Errorf("%s: a request of %d bytes, want %d: %s", s.name, w.bytes, len(text), text)
		}
		body := speaker.Answer(s.req.Kind, s.resp.Body)
		if text, err = body.JSON(); err != nil {
			t.Fatal(err)
		}
		w = sizes.count(speaker.Self)
		if w.answer(s.req.Kind, s.resp.Body); w.bytes != len(text) {
			t.Errorf("%s: an answer of %d bytes, want %d: %s", s.name, w.bytes, len(text), text)
		}
	}
}

// families are the kinds of addresses that networks have.
var families = map[string]func(r *rand.Rand, n int) string{
	"of the simulator": func(r *rand.Rand, n int) string {
		x := r.IntN(n * n)
		return fmt.Sprintf("10.%d.%d.%d:4000", byte(x>>16), byte(x>>8), byte(x))
	},
	"numbered hosts": func(r *rand.Rand, n int) string { return fmt.Sprintf("n%d.example.com:4000", r.IntN(n*n)) },
	"ports of one host": func(r *rand.Rand, _ int) string {
		return fmt.Sprintf("localhost:%d", 1000+r.IntN(60_000))
	},
	"any IPv4": func(r *rand.Rand, _ int) string {
		return fmt.Sprintf("%d.%d.%d.%d:%d", 1+r.IntN(200), r.IntN(256), r.IntN(256), 1+r.IntN(250), 4000+r.IntN(1000))
	},
	"IPv6 of a prefix": func(r *rand.Rand, n int) string { return fmt.Sprintf("[2001:db8::1:%x]:4000", r.IntN(1<<16)) },
	"hosts of a domain": func(r *rand.Rand, _ int) string {
		return letters(r, 4+r.IntN(8)) + ".example.org:4000"
	},
	"hosts of several domains": func(r *rand.Rand, _ int) string {
		domain := []string{".example.org", ".spreadable.net", ".nodes.com", ".dyn.provider.de"}[r.IntN(4)]
		return fmt.Sprint(letters(r, 6+r.IntN(10)), domain, ":", []int{80, 4000, 5000, 8080}[r.IntN(4)])
	},
}

func letters(r *rand.Rand, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('a' + r.IntN(26))
	}
	return string(text)
}

// crowd makes a structure of n masters and some slaves, with sizes of some spread.
func crowd(t testing.TB, book *peer.Book, r *rand.Rand, address func(*rand.Rand, int) string, n, slaves, spread int, sorted bool) *message.Structure {
	t.Helper()
	names := map[string]bool{}
	var list []string
	for len(list) < n+slaves {
		if a := address(r, n+slaves); !names[a] {
			names[a], list = true, append(list, a)
		}
	}
	if sorted {
		slices.Sort(list)
	}
	peers := make([]peer.Peer, len(list))
	for i, a := range list {
		var err error
		if peers[i], err = book.Intern(peer.MustParse(a)); err != nil {
			t.Fatal(err)
		}
	}
	masters := make([]message.Master, n)
	for i := range masters {
		masters[i] = message.Master{Peer: peers[i], Size: uint32(n + r.IntN(spread))}
	}
	return &message.Structure{Address: peers[0], Backlink: peers[1], Slaves: peers[n:], Masters: message.NewMasters(masters)}
}

// TestCompressedSizesAreNear holds the estimate to its bound.
func TestCompressedSizesAreNear(t *testing.T) {
	// order-free: each has a book and numbers of its own
	for name, address := range families {
		least, most := 1.0, 1.0
		for _, n := range []int{10, 30, 100, 320} {
			for _, slaves := range []int{0, n} {
				for _, spread := range []int{1, 40} {
					for _, sorted := range []bool{false, true} {
						book, r := peer.NewBook(0), rand.New(rand.NewPCG(uint64(n), uint64(spread)))
						s := crowd(t, book, r, address, n, slaves, spread, sorted)
						speaker := Speaker{Book: book}
						body := speaker.Answer(message.KindStructure, s)
						text, err := body.JSON()
						if err != nil {
							t.Fatal(err)
						}
						if len(text) < MinCompressed {
							continue
						}
						tally := NewSizes(book, DefaultVersion).structure(s)
						ratio := float64(tally.compressed()) / float64(len(NewDocument(text).In("gzip")))
						least, most = min(least, ratio), max(most, ratio)
						if ratio < 0.75 || ratio > 1.25 {
							t.Errorf("%s: %d masters, %d slaves, spread %d, sorted %t: estimated at %.2f of what it is", name, n, slaves, spread, sorted, ratio)
						}
					}
				}
			}
		}
		t.Logf("%s: estimated at %.2f to %.2f of what they are", name, least, most)
	}
}

// A body of 1,024 bytes is sent compressed, as npm nodes do, and a smaller one is not.
func TestSizesCountCompressionFromAKilobyteOn(t *testing.T) {
	for bytes, compressed := range map[int]bool{1023: false, 1024: true} {
		size, etag := success(&tally{bytes: bytes, addresses: 30})
		plain := answerHead + len("200 OK") + etagHead + etag + bodyHead + len("1024") + bytes
		if compressed && size >= plain || !compressed && size != plain {
			t.Errorf("a body of %d bytes makes %d, plain %d", bytes, size, plain)
		}
	}
}

func TestCompressedPicturesAreNear(t *testing.T) {
	book, r := peer.NewBook(0), rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1 << 10, 4 << 10, 30 << 10} {
		picture := make([]byte, size)
		for i := range picture {
			picture[i] = byte(r.Uint32()) // a PNG is compressed already
		}
		b := &message.ApprovalQuestion{Question: "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)}
		speaker := Speaker{Book: book}
		body := speaker.Answer(message.KindApprovalQuestion, b)
		text, err := body.JSON()
		if err != nil {
			t.Fatal(err)
		}
		w := NewSizes(book, DefaultVersion).count(peer.Peer{})
		w.answer(message.KindApprovalQuestion, b)
		if ratio := float64(w.compressed()) / float64(len(NewDocument(text).In("gzip"))); ratio < 0.9 || ratio > 1.1 {
			t.Errorf("a picture of %d bytes is estimated at %.2f of what it is", size, ratio)
		}
	}
}

// TestSizesDoNotDependOnWhatWasAskedBefore asks about many lists, some of which are the
// last one with more slaves or with other sizes, in two orders.
func TestSizesDoNotDependOnWhatWasAskedBefore(t *testing.T) {
	book, r := peer.NewBook(0), rand.New(rand.NewPCG(1, 2))
	var all []*message.Structure
	for range 300 {
		s := crowd(t, book, r, families["of the simulator"], 12, 3, 9, false)
		fewer, none, resized, shuffled, copied := *s, *s, *s, *s, *s
		fewer.Slaves, none.Slaves = s.Slaves[:2], nil
		copied.Slaves = append(slices.Clone(s.Slaves[:2]), s.Address)
		list := slices.Clone(s.Masters.List)
		list[3].Size += 1000
		resized.Masters = message.NewMasters(list)
		list = slices.Clone(list)
		slices.Reverse(list)
		shuffled.Masters = message.NewMasters(list)
		all = append(all, &none, &fewer, s, &resized, &copied, &shuffled)
	}
	used := NewSizes(book, DefaultVersion)
	for range 2 {
		for _, s := range all {
			resp := message.Response{Body: s}
			fresh, _ := NewSizes(book, DefaultVersion).Answer(s.Address, message.KindStructure, &resp)
			if got, _ := used.Answer(s.Address, message.KindStructure, &resp); got != fresh {
				t.Fatalf("%d bytes, want %d", got, fresh)
			}
		}
		slices.Reverse(all)
	}
}

// The same goes for requests, and for answers of all kinds: each of the samples is asked
// for twice, by three senders in turn.
func TestSizesDoNotDependOnTheMessageBefore(t *testing.T) {
	book := peer.NewBook(0)
	all := samples(t, book)
	used := NewSizes(book, DefaultVersion)
	for _, from := range []peer.Peer{{}, book1(t, book), peer.FromID(2)} {
		for _, timeout := range []time.Duration{time.Second, 20 * time.Second} {
			for i := range 2 * len(all) {
				s := all[i/2]
				s.req.From, s.req.Root, s.req.Timeout = from, from, timeout
				fresh := NewSizes(book, DefaultVersion)
				if got, want := used.Request(book1(t, book), &s.req, i%2*23), fresh.Request(book1(t, book), &s.req, i%2*23); got != want {
					t.Errorf("%s: a request of %d bytes, want %d", s.name, got, want)
				}
				got, etag := used.Answer(book1(t, book), s.req.Kind, &s.resp)
				if want, name := fresh.Answer(book1(t, book), s.req.Kind, &s.resp); got != want || etag != name {
					t.Errorf("%s: an answer of %d bytes and an ETag of %d, want %d and %d", s.name, got, etag, want, name)
				}
			}
		}
	}
}

// A tally comes out of its pack as it was, or does not fit.
func TestTalliesArePackedWhole(t *testing.T) {
	const most, mostChanges = 1<<24 - 1, 1<<16 - 1
	for _, test := range []struct {
		tally
		fits bool
	}{
		{tally{}, true},
		{tally{bytes: 2, novel: 3, changes: 4, addresses: 5}, true},
		{tally{bytes: most, novel: most, changes: mostChanges, addresses: 8192}, true},
		{tally{bytes: most + 1}, false},
		{tally{novel: most + 1}, false},
		{tally{changes: mostChanges + 1}, false},
	} {
		packed, fits := test.pack()
		if fits != test.fits {
			t.Errorf("%+v fits: %t", test.tally, fits)
		}
		if got := unpack(packed, test.addresses); fits && got != test.tally {
			t.Errorf("%+v comes out as %+v", test.tally, got)
		}
	}
}

// A request that differs from the one before in its sender, its root, its timeout budget
// or its body alone is counted anew.
func TestSizesCountEachChange(t *testing.T) {
	book := peer.NewBook(0)
	all := samples(t, book)
	short := book1(t, book)
	long, err := book.Intern(peer.MustParse("a-much-longer-name-of-a-host.example.com:4000"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		req := s.req
		req.From, req.Root, req.Timeout = short, short, time.Second
		for what, change := range map[string]func(*message.Request){
			"sender":  func(r *message.Request) { r.From = long },
			"root":    func(r *message.Request) { r.Root = long },
			"timeout": func(r *message.Request) { r.Timeout = 20 * time.Second },
			"body":    func(r *message.Request) { r.Body = nil },
		} { // order-free: each has sizes of its own
			used, changed := NewSizes(book, DefaultVersion), req
			change(&changed)
			used.Request(short, &req, 0)
			got, want := used.Request(short, &changed, 0), NewSizes(book, DefaultVersion).Request(short, &changed, 0)
			if got != want {
				t.Errorf("%s with another %s: %d bytes, want %d", s.name, what, got, want)
			}
		}
	}
}

// The same goes for an answer to a query: its kind, each of its counts and its result.
func TestSizesCountEachChangeOfAnAnswer(t *testing.T) {
	book := peer.NewBook(0)
	samples(t, book)
	from := book1(t, book)
	answer := message.QueryAnswer{Coverage: message.Coverage{Asked: 1, Answered: 1}, Cost: message.Cost{Hops: 1, Fanout: 1}}
	for what, change := range map[string]func(*message.QueryAnswer){
		"asked":    func(a *message.QueryAnswer) { a.Coverage.Asked = 1000 },
		"answered": func(a *message.QueryAnswer) { a.Coverage.Answered = 1000 },
		"hops":     func(a *message.QueryAnswer) { a.Cost.Hops = 1000 },
		"fanout":   func(a *message.QueryAnswer) { a.Cost.Fanout = 1000 },
		"result":   func(a *message.QueryAnswer) { a.Result = sized(100) },
	} { // order-free: each has sizes of its own
		used, before, after := NewSizes(book, DefaultVersion), answer, answer
		change(&after)
		used.Answer(from, message.KindQuery, &message.Response{Body: &before})
		got, _ := used.Answer(from, message.KindQuery, &message.Response{Body: &after})
		want, _ := NewSizes(book, DefaultVersion).Answer(from, message.KindQuery, &message.Response{Body: &after})
		if short, _ := used.Answer(from, message.KindQuery, &message.Response{Body: &before}); got != want || got <= short {
			t.Errorf("with another %s: %d bytes after %d, want %d", what, got, short, want)
		}
	}
}

// sized is a result that knows its size.
type sized int

func (s sized) JSONSize() int { return int(s) }

// BenchmarkSizes is what a simulation pays for each message.
func BenchmarkSizes(b *testing.B) {
	book, r := peer.NewBook(0), rand.New(rand.NewPCG(1, 2))
	s := crowd(b, book, r, families["of the simulator"], 320, 320, 40, false)
	slave := *s
	slave.Address, slave.Slaves = s.Slaves[0], nil
	sizes := NewSizes(book, DefaultVersion)
	from, root, to := s.Slaves[1], s.Slaves[2], s.Address
	requests := map[string]*message.Request{
		"structure": {Kind: message.KindStructure, From: from, Root: root},
		"register":  {Kind: message.KindRegister, From: from, Root: root, Body: &message.RegisterRequest{Target: from, NetworkSize: 100}},
	}
	for name, req := range requests { // order-free: measures
		b.Run("request "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sizes.Request(to, req, 0)
			}
		})
	}
	for name, body := range map[string]any{
		"structure of a master": s, "structure of a slave": &slave, "interview": &message.Interview{Address: to}, "ping": nil,
		"query": &message.QueryAnswer{Result: 17},
	} {
		kind := map[string]message.Kind{"interview": message.KindInterview, "ping": message.KindPing, "query": message.KindQuerySlave}[name]
		if _, ok := body.(*message.Structure); ok {
			kind = message.KindStructure
		}
		resp := message.Response{Body: body}
		b.Run("answer "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sizes.Answer(to, kind, &resp)
			}
		})
	}
	b.Run("a new list of masters", func(b *testing.B) {
		for b.Loop() {
			sizes.masters(&message.Masters{List: s.Masters.List})
		}
	})
}
