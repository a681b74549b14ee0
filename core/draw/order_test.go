package draw

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/sim/stats"
)

// entrantsOf makes n entrants, with so many on each IP: 10.0.0.0:1, 10.0.0.0:2, and so
// on.
func entrantsOf(n, perIP int) []Entrant {
	list := make([]Entrant, n)
	for i := range list {
		at := i / perIP
		ip := netip.AddrFrom4([4]byte{10, byte(at >> 16), byte(at >> 8), byte(at)})
		list[i] = Entrant{fmt.Sprintf("%s:%d", ip, 1+i%perIP), ip}
	}
	return list
}

// anyOrder draws one of the orders.
func anyOrder(t *rapid.T) Order {
	start := time.Duration(rapid.Int64Range(0, 4e12).Draw(t, "start")) * time.Millisecond
	if rapid.Bool().Draw(t, "original") {
		return Original(start)
	}
	d := Draw{Action: "client", Start: start, Group: mustGroup(t, rapid.SampledFrom(groupTexts).Draw(t, "group"))}
	if rapid.Bool().Draw(t, "per client") {
		d.Client = netip.AddrFrom4([4]byte{192, 0, 2, rapid.Byte().Draw(t, "client")})
	}
	if rapid.Bool().Draw(t, "salted") {
		d.Salt = NewSalt([]byte(rapid.String().Draw(t, "secret")), d.Action, d.Start)
	}
	return ByHost(d)
}

func TestOfAllEntrantsTheShortlistIsTheOriginalsRanking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entrants := entrantsOf(rapid.IntRange(0, 300).Draw(t, "n"), 1)
		addresses := make([]string, len(entrants))
		for i, c := range entrants {
			addresses[i] = c.Address
		}
		start := time.Duration(rapid.Int64Range(0, 4e12).Draw(t, "start")) * time.Millisecond
		got := Shortlist(Original(start), entrants, Unlimited())
		if want := Rank(addresses, start).Next(len(addresses)); !slices.Equal(got, want) {
			t.Fatalf("shortlist %v, ranking %v", got, want)
		}
	})
}

// Masters answer with the shortlists of their slaves, and the entry node makes one of
// their union: that is the beginning of the ranking of all nodes, whatever each master
// lists, also where two list the same node.
func TestADrawByThresholdIsTheBeginningOfTheFullRanking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := anyOrder(t)
		n := rapid.IntRange(1, 400).Draw(t, "n")
		entrants := entrantsOf(n, rapid.IntRange(1, 5).Draw(t, "per ip"))
		masters := make([][]Entrant, rapid.IntRange(1, 20).Draw(t, "masters"))
		for _, c := range entrants {
			for range rapid.IntRange(1, 2).Draw(t, "lists") {
				m := rapid.IntRange(0, len(masters)-1).Draw(t, "master")
				masters[m] = append(masters[m], c)
			}
		}
		full := named(entrants, Shortlist(order, entrants, Unlimited()))
		limit := Limit(n, rapid.IntRange(1, 12).Draw(t, "count"))
		for {
			var union []Entrant
			for _, slaves := range masters {
				for _, i := range Shortlist(order, slaves, limit) {
					union = append(union, slaves[i])
				}
			}
			got := named(union, Shortlist(order, union, limit))
			if len(got) > len(full) || !slices.Equal(got, full[:len(got)]) {
				t.Fatalf("below %v come %v, in the full ranking %v", limit, got, full)
			}
			if limit == Unlimited() {
				if len(got) != len(full) {
					t.Fatalf("without a limit %d of %d are ranked", len(got), len(full))
				}
				return
			}
			limit = limit.Doubled()
		}
	})
}

func named(entrants []Entrant, indices []int) []string {
	var names []string
	for _, i := range indices {
		names = append(names, entrants[i].Address)
	}
	return names
}

// Eight identities in one group are drawn as often as one.
func TestAGroupOfManyIdentitiesWeighsAsOne(t *testing.T) {
	const hosts, crowd, draws, count = 40, 8, 4_000, 5
	var entrants []Entrant
	for h := range hosts {
		ip := netip.AddrFrom4([4]byte{10, 0, byte(h), 1})
		for port := range 1 + h%2*(crowd-1) { // every second host has a crowd
			entrants = append(entrants, Entrant{fmt.Sprintf("%s:%d", ip, port+1), ip})
		}
	}
	load := make([]int, hosts)
	for d := range draws {
		order := ByHost(Draw{Action: "client", Start: time.Duration(d) * time.Minute, Group: mustGroup(t, "ip")})
		for _, i := range Shortlist(order, entrants, Unlimited())[:count] {
			load[entrants[i].IP.As4()[2]]++
		}
	}
	if test, ok := stats.ChiSquare(load, draws); !ok || test.P < 0.001 {
		t.Errorf("hosts with one identity and with %d were drawn %v times: p = %v", crowd, load, test.P)
	}
}

// Of one group each identity is drawn as often as the others, and each client has other
// approvers.
func TestDrawsAreEven(t *testing.T) {
	const n, draws, count = 60, 4_000, 5
	client := func(d int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(d >> 8), byte(d)}) }
	for name, order := range map[string]func(d int) Order{
		"by period": func(d int) Order {
			return ByHost(Draw{Start: time.Duration(d) * time.Minute, Group: mustGroup(t, "ip")})
		},
		"by client": func(d int) Order { return ByHost(Draw{Client: client(d), Group: mustGroup(t, "ip")}) },
		"by salt": func(d int) Order {
			return ByHost(Draw{Salt: NewSalt([]byte{byte(d >> 8), byte(d)}, "client", 0), Group: mustGroup(t, "ip")})
		},
		"by action": func(d int) Order { return ByHost(Draw{Action: fmt.Sprint(d), Group: mustGroup(t, "ip")}) },
	} {
		entrants := entrantsOf(n, 2) // two of each IP: hosts are drawn evenly and so are their nodes
		load := make([]int, n)
		for d := range draws {
			for _, i := range Shortlist(order(d), entrants, Unlimited())[:count] {
				load[i]++
			}
		}
		if test, ok := stats.ChiSquare(load, draws); !ok || test.P < 0.001 {
			t.Errorf("%s: p = %v", name, test.P)
		}
	}
}

func TestAnEntrantOfUnknownGroupIsNotDrawn(t *testing.T) {
	named := []Entrant{{Address: "alpha.example:80"}}
	for _, text := range groupTexts {
		want := 0
		if text == "address" {
			want = 1
		}
		if got := Shortlist(ByHost(Draw{Group: mustGroup(t, text)}), named, Unlimited()); len(got) != want {
			t.Errorf("group %s: %d drawn, want %d", text, len(got), want)
		}
	}
}

// Each part of a draw changes the places; the addresses of one customer do not.
func TestPlacesDependOnEveryPartOfADraw(t *testing.T) {
	ip := netip.MustParseAddr
	seen := map[Place]string{}
	for name, d := range map[string]Draw{
		"none":   {},
		"action": {Action: "client"},
		"start":  {Start: time.Minute},
		"client": {Client: ip("192.0.2.1")},
		"other":  {Client: ip("2001:db8::1")},
		"salt":   {Salt: NewSalt([]byte("secret"), "client", 0)},
		"secret": {Salt: NewSalt([]byte("Secret"), "client", 0)},
		"period": {Salt: NewSalt([]byte("secret"), "client", time.Minute)},
		"kind":   {Salt: NewSalt([]byte("secret"), "captcha", 0)},
		"shift":  {Action: "client0"}, // with the start behind it "client0" and "0" must differ from "client" and "00"
	} {
		place, _ := ByHost(d).Place(Entrant{"10.0.0.1:80", ip("10.0.0.1")}, Unlimited())
		if other, taken := seen[place]; taken {
			t.Errorf("%s and %s give the same place", name, other)
		}
		if place.Group == place.Member {
			t.Errorf("%s: group and member have the same hash", name)
		}
		seen[place] = name
	}
	place := func(client string) Place {
		p, _ := ByHost(Draw{Client: ip(client)}).Place(Entrant{"10.0.0.1:80", ip("10.0.0.1")}, Unlimited())
		return p
	}
	if place("2001:db8::1") != place("2001:db8::2") || place("192.0.2.1") != place("::ffff:192.0.2.1") {
		t.Error("two addresses of one customer have different draws")
	}
}

// All nodes of a network must compute the same: a change of these would split it. The
// hashes were computed by another program.
func TestPlacesByHostAreFixed(t *testing.T) {
	d := Draw{Action: "client", Start: start, Client: netip.MustParseAddr("192.0.2.1"), Salt: NewSalt([]byte("secret"), "client", start)}
	place, ok := ByHost(d).Place(Entrant{"10.0.0.1:4000", netip.MustParseAddr("10.0.0.1")}, Unlimited())
	got := fmt.Sprint(ok, " ", place.Group, " ", place.Member)
	if want := "true 2c2c7b2b6981b31f9c40176113a6e584 f24dcca9f2784c341c02d9e26a4980a3"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whatever texts and IPs come by wire, a shortlist names each group once, in order, and
// nothing above the limit.
func FuzzShortlist(f *testing.F) {
	f.Add(uint64(1), "prefix", "client", []byte{192, 0, 2, 1}, 20, 3)
	f.Add(uint64(2), "/16,/32", "", make([]byte, 16), 500, 0)
	f.Add(uint64(3), "address", "+0", []byte(nil), 1, 1000)
	f.Fuzz(func(t *testing.T, seed uint64, groupText, action string, client []byte, n, count int) {
		group, err := ParseGroup(groupText)
		if err != nil {
			group = Group{}
		}
		ip, _ := netip.AddrFromSlice(client)
		random := rand.New(rand.NewPCG(seed, 0))
		entrants := entrantsOf(max(0, min(n, 300)), 1+random.IntN(4))
		for i := range entrants {
			if random.IntN(10) == 0 {
				entrants[i] = Entrant{Address: action, IP: ip}
			}
		}
		for _, order := range []Order{Original(time.Duration(seed)), ByHost(Draw{Action: action, Client: ip, Group: group})} {
			limit := Limit(len(entrants), count)
			last := -1
			var before Place
			for _, i := range Shortlist(order, entrants, limit) {
				place, ok := order.Place(entrants[i], Unlimited())
				if !ok || place.Group.Compare(limit) > 0 || last >= 0 && before.Group.Compare(place.Group) >= 0 {
					t.Fatalf("%v after %v below %v", place, before, limit)
				}
				last, before = i, place
			}
		}
	})
}

func ExampleShortlist() {
	entrants := []Entrant{
		{"192.0.2.1:4000", netip.MustParseAddr("192.0.2.1")},
		{"192.0.2.1:4001", netip.MustParseAddr("192.0.2.1")},
		{"198.51.100.1:4000", netip.MustParseAddr("198.51.100.1")},
		{"203.0.113.1:4000", netip.MustParseAddr("203.0.113.1")},
	}
	order := ByHost(Draw{Action: "client", Start: Start(1700000123456*time.Millisecond, 5*time.Minute)})
	for _, i := range Shortlist(order, entrants, Limit(len(entrants), 2)) {
		fmt.Println(entrants[i].Address)
	}
	// Output:
	// 203.0.113.1:4000
	// 192.0.2.1:4000
	// 198.51.100.1:4000
}
