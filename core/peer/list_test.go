package peer

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestListMatchesByAddressNameAndIP(t *testing.T) {
	known := netip.MustParseAddr("192.0.2.7") // of every name below
	for _, c := range []struct {
		item, address string
		want          bool
	}{
		{"n1.example.com:80", "n1.example.com:80", true},
		{"n1.example.com:80", "n1.example.com:81", false},
		{"n1.example.com", "n1.example.com:81", true},
		{"n1.example.com", "N1.EXAMPLE.com:81", true},
		{"N1.example.COM:81", "n1.example.com:81", true},
		{"n1.example.com", "n2.example.com:81", false},
		{"example.com", "n1.example.com:81", false}, // not the domain, the host
		{"192.0.2.7", "n1.example.com:81", true},
		{"192.0.2.8", "n1.example.com:81", false},
		{"::ffff:192.0.2.7", "n1.example.com:81", true},
		{"192.0.2.7", "192.0.2.7:80", true},
		{"192.0.2.7", "[::ffff:192.0.2.7]:80", true},
		{"[::ffff:c000:207]", "192.0.2.7:80", true},
		{"192.0.2.7:80", "192.0.2.7:80", true},
		{"192.0.2.7:80", "192.0.2.7:81", false},
		{"192.0.2.7:80", "n1.example.com:80", false}, // an address is a text
		{"[2001:DB8::5]:80", "[2001:db8:0::5]:80", true},
		{"[2001:db8::5]:80", "[2001:db8::5]:81", false},
		{"2001:db8::5", "[2001:db8::5]:81", true},
		{"localhost", "localhost:80", true},
		{"localhost", "127.0.0.1:80", false},
		{"127.0.0.1", "localhost:80", true},
		{"пример.рф", "ПРИМЕР.рф:80", true},
	} {
		list, err := ParseList([]string{"other.example.com", c.item})
		if err != nil {
			t.Errorf("%q: %v", c.item, err)
			continue
		}
		a, ip := MustParse(c.address), netip.Addr{}
		if a.kind == nameHost {
			ip = known
		}
		if list.Match(a, ip) != c.want {
			t.Errorf("item %q on %s at %v: match is %v", c.item, a, ip, !c.want)
		}
	}
}

func TestListMatchesAClientWithoutAddressByIPOnly(t *testing.T) {
	list, err := ParseList([]string{"10.0.0.7", "n1.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if !list.Match(Address{}, netip.MustParseAddr("::ffff:10.0.0.7")) {
		t.Error("the listed IP does not match")
	}
	if list.Match(Address{}, netip.MustParseAddr("10.0.0.8")) || list.Match(Address{}, netip.Addr{}) {
		t.Error("another or an unknown IP matches")
	}
}

func TestEmptyListMatchesNothing(t *testing.T) {
	parsed, err := ParseList(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []List{{}, parsed} {
		for _, text := range []string{"localhost:1", "n1.example.com:1", "10.0.0.7:1"} {
			if list.Match(MustParse(text), netip.MustParseAddr("10.0.0.7")) {
				t.Errorf("%s matches", text)
			}
		}
		if list.Len() != 0 || list.Match(Address{}, netip.Addr{}) {
			t.Error("an empty list holds or matches something")
		}
	}
}

// A range is as good as its IPs one by one, at its ends too; bits behind the prefix do not
// count, nor does the form in which an IPv4 is written.
func TestARangeMatchesItsIPs(t *testing.T) {
	list, err := ParseList([]string{"10.1.0.0/16", "10.2.3.77/24", "192.0.2.7/32", "2001:db8:1::/48", "::ffff:172.16.0.0/108", "198.51.100.1"})
	if err != nil {
		t.Fatal(err)
	}
	for ip, want := range map[string]bool{
		"10.0.255.255": false, "10.1.0.0": true, "10.1.255.255": true, "10.2.0.0": false,
		"10.2.3.0": true, "10.2.4.0": false, "192.0.2.7": true, "192.0.2.8": false, "198.51.100.1": true,
		"2001:db8:1::": true, "2001:db8:1:ffff::1": true, "2001:db8:2::": false, "::ffff:10.1.2.3": true,
		"172.16.0.1": true, "172.31.255.255": true, "172.32.0.0": false, "a01::": false,
	} {
		if got := list.Match(Address{}, netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s matches: %v", ip, got)
		}
	}
	if list.Match(Address{}, netip.Addr{}) {
		t.Error("matches no IP at all")
	}
	a, err := Parse("10.1.2.3:4000")
	if err != nil || !list.Match(a, netip.Addr{}) || list.Len() != 6 {
		t.Errorf("%d items, an address in the range matches: %v", list.Len(), err)
	}
	all, err := ParseList([]string{"0.0.0.0/0"})
	if err != nil || !all.Match(Address{}, netip.MustParseAddr("8.8.8.8")) || all.Match(Address{}, netip.MustParseAddr("2001:db8::1")) {
		t.Errorf("all IPv4: %v", err)
	}
}

func TestListCountsDifferentItems(t *testing.T) {
	list, err := ParseList([]string{"::1", "[0:0::1]", "abc.com", "ABC.com", "abc.com:1", "10.0.0.7", "::ffff:10.0.0.7"})
	if err != nil || list.Len() != 4 {
		t.Errorf("%d items, %v, want 4", list.Len(), err)
	}
}

func TestListRefusesItemsThatCouldMatchNothing(t *testing.T) {
	for item, reason := range map[string]string{
		"":                "item 2: empty",
		" ":               "item 2: host",
		"10.0.0.0/33":     "want an IP or a range such as",
		"2001:db8::/129":  "want an IP or a range such as",
		"10.0.0/8":        "want an IP or a range such as",
		"fe80::1%eth0/64": "zones",
		"a.example.com/8": "want an IP or a range such as",
		"*.example.com":   `'*'`,
		"node1":           "npm peers would refuse it",
		"10.0.0":          "no IPv4",
		"LOCALHOST":       "lower case",
		"fe80::1%eth0":    "zones",
		"[10.0.0.1]":      "only IPv6",
		"[::1]:0":         "port",
		"abc.com:http":    "port",
		"2001:db8::5:zzz": "colon",
		"10.0.0.1 ":       `' '`,
	} {
		list, err := ParseList([]string{"10.0.0.1", item})
		if err == nil || list.Len() != 0 || !strings.Contains(err.Error(), reason) || !strings.HasPrefix(err.Error(), "item 2: ") {
			t.Errorf("%q: %d items, %v, want the reason %q", item, list.Len(), err, reason)
		}
	}
}

func TestListKnowsAnIPv6InEverySpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ip := anyNodeIP().Filter(netip.Addr.Is6).Draw(t, "ip")
		listed := rapid.SampledFrom(spellings(ip)).Draw(t, "listed")
		if rapid.Bool().Draw(t, "bare") {
			listed = strings.Trim(listed, "[]")
		}
		list, err := ParseList([]string{listed})
		if err != nil {
			t.Fatal(err)
		}
		met := MustParse(rapid.SampledFrom(spellings(ip)).Draw(t, "met") + ":80")
		if !list.Match(met, netip.Addr{}) || !list.Match(Address{}, ip) {
			t.Fatalf("item %q does not match %s", listed, met)
		}
	})
}

func TestListedAddressMatchesItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAddress().Draw(t, "address")
		for _, item := range []string{a.String(), a.Host()} {
			list, err := ParseList([]string{item})
			if err != nil || list.Len() != 1 || !list.Match(a, netip.Addr{}) {
				t.Fatalf("item %q does not match %s: %v", item, a, err)
			}
		}
	})
}

func FuzzParseList(f *testing.F) {
	for _, c := range goodAddresses {
		f.Add(c.text + "," + c.host)
	}
	f.Add("10.0.0.0/8,*.example.com,,node1")
	f.Fuzz(func(t *testing.T, text string) {
		items := strings.Split(text, ",")
		list, err := ParseList(items)
		if err != nil {
			checkError(t, list.Len() == 0, err)
			return
		}
		if list.Len() < 1 || list.Len() > len(items) {
			t.Fatalf("%d items of %d", list.Len(), len(items))
		}
		if list.Match(Address{}, netip.Addr{}) {
			t.Fatalf("%q matches nothing", text)
		}
		for _, item := range items {
			if a, err := Parse(item); err == nil && !list.Match(a, netip.Addr{}) {
				t.Fatalf("%q does not match %s", text, a)
			}
			if ip, err := ParseIP(item); err == nil && !list.Match(Address{}, ip) {
				t.Fatalf("%q does not match %s", text, ip)
			}
		}
	})
}

func TestAListRepeatsWhatItNamesTwice(t *testing.T) {
	a, b := MustParse("localhost:1"), MustParse("localhost:2")
	if Repeats([]Address{}) || Repeats([]Address{a, b}) || !Repeats([]Address{a, b, a}) {
		t.Error("a list of addresses repeats exactly when one comes twice")
	}
	if Repeats([]Peer{FromID(1), FromID(2)}) || !Repeats([]Peer{FromID(1), FromID(1)}) {
		t.Error("a list of peers repeats exactly when one comes twice")
	}
}
