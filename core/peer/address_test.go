package peer

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What honest nodes announce, and the canonical text of it ("" = as given).
var goodAddresses = []struct{ text, canonical, host, ip string }{
	{text: "localhost:1", host: "localhost", ip: "127.0.0.1"},
	{text: "localhost:65535", host: "localhost", ip: "127.0.0.1"},
	{text: "127.0.0.1:1", host: "127.0.0.1", ip: "127.0.0.1"},
	{text: "127.0.0.7:5102", host: "127.0.0.7", ip: "127.0.0.7"},
	{text: "1.2.3.4:80", host: "1.2.3.4", ip: "1.2.3.4"},
	{
		text:      "[2001:db8::5]:80",
		canonical: "[2001:0db8:0000:0000:0000:0000:0000:0005]:80",
		host:      "2001:0db8:0000:0000:0000:0000:0000:0005",
		ip:        "2001:db8::5",
	},
	{
		text:      "[2001:0DB8:0:0::0005]:80",
		canonical: "[2001:0db8:0000:0000:0000:0000:0000:0005]:80",
		host:      "2001:0db8:0000:0000:0000:0000:0000:0005",
		ip:        "2001:db8::5",
	},
	{
		text: "[2001:0db8:0000:0000:0000:0000:0000:0005]:80",
		host: "2001:0db8:0000:0000:0000:0000:0000:0005",
		ip:   "2001:db8::5",
	},
	{
		text:      "[::1]:80",
		canonical: "[0000:0000:0000:0000:0000:0000:0000:0001]:80",
		host:      "0000:0000:0000:0000:0000:0000:0000:0001",
		ip:        "::1",
	},
	{
		text:      "[::ffff:127.0.0.1]:1",
		canonical: "[0000:0000:0000:0000:0000:ffff:7f00:0001]:1",
		host:      "0000:0000:0000:0000:0000:ffff:7f00:0001",
		ip:        "127.0.0.1",
	},
	{text: "abc.com:80", host: "abc.com"},
	{text: "n1.example.com:80", host: "n1.example.com"},
	{text: "node1.local:80", host: "node1.local"},
	{text: "my_host.com:80", host: "my_host.com"},
	{text: "пример.рф:80", host: "пример.рф"},
	{text: "उदाहरण.example.com:80", host: "उदाहरण.example.com"}, // has vowel marks
	{text: "xn--e1afmkfd.com:80", host: "xn--e1afmkfd.com"},
	{text: "Example.COM:80", host: "Example.COM"}, // kept: another text is another node
	{text: "localhost.localdomain:80", host: "localhost.localdomain"},
	{text: "nosuch.example.com:80", host: "nosuch.example.com"},
	{text: "abc.ab.com:80", host: "abc.ab.com"},
	{text: "1a.9ab.example:80", host: "1a.9ab.example"},
	{text: strings.Repeat("a", 63) + ".com:80", host: strings.Repeat("a", 63) + ".com"},
}

func TestParseAcceptsWhatHonestNodesAnnounce(t *testing.T) {
	for _, c := range goodAddresses {
		a, err := Parse(c.text)
		if err != nil {
			t.Errorf("refused: %v", err)
			continue
		}
		want := c.canonical
		if want == "" {
			want = c.text
		}
		if a.String() != want || a.Host() != c.host || a.IsZero() {
			t.Errorf("Parse(%q) = %q with host %q, want %q and %q", c.text, a, a.Host(), want, c.host)
		}
		if got := a.IP(); got.IsValid() != (c.ip != "") || got.IsValid() && got.String() != c.ip {
			t.Errorf("IP of %q is %v, want %q", c.text, got, c.ip)
		}
		if !strings.HasSuffix(c.text, ":"+decimal(a.Port())) {
			t.Errorf("port of %q is %d", c.text, a.Port())
		}
	}
}

// A host has an address of its own, which no node can have; an IPv6 has that of its /64.
func TestAddressOfAHost(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.7":            "192.0.2.7:0",
		"::ffff:192.0.2.7":     "192.0.2.7:0",
		"2001:db8::5":          "[2001:0db8:0000:0000:0000:0000:0000:0000]:0",
		"2001:db8:0:0:8000::1": "[2001:0db8:0000:0000:0000:0000:0000:0000]:0",
	} {
		a := OfHost(netip.MustParseAddr(ip))
		if a.String() != want || a.Port() != 0 || a.IsZero() || !a.IP().IsValid() {
			t.Errorf("the host of %s is %q with the IP %v, want %q", ip, a, a.IP(), want)
		}
		if _, err := Parse(a.String()); err == nil {
			t.Errorf("%q passes for the address of a node", a)
		}
		if again, err := ParseOffender(a.String()); again != a || err != nil {
			t.Errorf("%q is read as %q, %v", a, again, err)
		}
	}
	if a := OfHost(netip.Addr{}); !a.IsZero() {
		t.Errorf("no IP has the host %q", a)
	}
	if a, err := ParseOffender("n1.example.com:80"); a != MustParse("n1.example.com:80") || err != nil {
		t.Errorf("a node is read as %q, %v", a, err)
	}
	for _, bad := range []string{"", ":0", "localhost:0", "n1.example.com:0", "192.0.2.7", "192.0.2.7:00"} {
		if a, err := ParseOffender(bad); err == nil {
			t.Errorf("%q is read as %q", bad, a)
		}
	}
}

// Each bad text with words that its error must hold.
var badAddresses = []struct{ text, reason string }{
	// Holes of npm's parser: all these pass there, some make it throw.
	{"localhost:1e3", `port "1e3"`},
	{"localhost:0x10", `port "0x10"`},
	{"localhost:1.5", `port "1.5"`},
	{"localhost:", `port ""`},
	{"localhost:0", `port "0", want a decimal number from 1 to 65535`},
	{"localhost:4000:1", "more than one colon"},
	{"[zz]:1", `host "[zz]": want IPv6`},
	{"x!y.example.com:80", `character '!'`},
	{"localhostfoo:80", `want exactly "localhost"`},
	{"LocalhostFoo:80", `want exactly "localhost"`},
	{"localhost.5:80", `want exactly "localhost"`},
	{"localhost!:80", `character '!'`},
	{"LOCALHOST:80", "lower case only"},
	{"my host.example.com:80", `character ' '`},
	{"[127.0.0.1]:80", "only IPv6 stands in brackets"},

	// Ports in other spellings, and out of range.
	{"localhost:65536", "65535"},
	{"localhost:99999999999999999999", "65535"},
	{"localhost:-1", "port"},
	{"localhost:+80", "port"},
	{"localhost:080", "port"},
	{"localhost:8_0", "port"},
	{"localhost: 80", "port"},
	{"localhost:80 ", "port"},
	{"localhost:80\n", "port"},
	{"localhost:８０", "port"}, // full-width digits
	{"localhost:port", "port"},

	// Not host and port.
	{"", `empty, want "host:port"`},
	{"garbage", "no port"},
	{":", "port"},
	{":80", "no host"},
	{"a, b", "no port"},
	{"http://abc.com:80", "more than one colon"},
	{"abc.com/x:80", `character '/'`},
	{"user@abc.com:80", `character '@'`},
	{" abc.com:80", `character ' '`},
	{"abc.com\x00:80", `character '\x00'`},
	{"abc\u200b.com:80", `character '\u200b'`},
	{"abc\xff.com:80", "not valid UTF-8"},
	{"-abc.com:80", "hyphen"},
	{"abc-.com:80", "hyphen"},
	{"abc..com:80", "empty part"},
	{".abc.com:80", "empty part"},
	{"abc.com.:80", "empty part"},
	{strings.Repeat("a", 64) + ".com:80", "longer than 63"},
	{strings.Repeat("abc.", 63) + "com:80", "host is 255 bytes"},
	{strings.Repeat("a", 1000), "1000 bytes long, want at most 259"},

	// What a careful reader might expect to be valid, but npm peers refuse.
	{"node1:80", "npm peers would refuse it: a single label"},
	{"a.com:80", `npm peers would refuse it: label "a"`},
	{"ab.com:80", `npm peers would refuse it: label "ab"`},
	{"n1.ab.com:80", "npm peers would refuse it: label"},
	{"a_bc.com:80", "npm peers would refuse it: label"},
	{"host1.local2:80", `npm peers would refuse it: last label "local2"`},
	{"abc.c:80", `npm peers would refuse it: last label "c"`},
	{"xn--e1afmkfd.xn--p1ai:80", `npm peers would refuse it: write the last label "xn--p1ai" in its own script`},

	// Numbers that are no IP, and IPs that are no node's.
	{"1.2.3:80", "is no IPv4"},
	{"1.2.3.4.5:80", "is no IPv4"},
	{"256.1.1.1:80", "is no IPv4"},
	{"010.1.1.1:80", "is no IPv4"},
	{"1.2.3.4x:80", "last label"},
	{"0.0.0.0:80", "cannot be the IP of a node"},
	{"224.0.0.1:80", "cannot be the IP of a node"},
	{"255.255.255.255:80", "cannot be the IP of a node"},
	{"[::]:80", "cannot be the IP of a node"},
	{"[ff02::1]:80", "cannot be the IP of a node"},
	{"[::ffff:0.0.0.0]:80", "cannot be the IP of a node"},

	// IPv6, written wrong.
	{"::1:80", "more than one colon"},
	{"2001:db8::5", "more than one colon"},
	{"[::1]", `want "[IPv6]:port"`},
	{"[::1:80", `want "[IPv6]:port"`},
	{"[::1]80", `want "[IPv6]:port"`},
	{"[]:80", "want IPv6"},
	{"[[::1]]:80", "want IPv6"},
	{"[::1]:80:1", "port"},
	{"[::1]:80]:1", "port"},
	{"[fe80::1%eth0]:80", "zones"},
	{"[::1%]:80", "zones"},
	{"[ ::1]:80", "want IPv6"},
	{"x[::1]:80", "more than one colon"},
}

func TestParseRefusesWhatNoWorkingNodeAnnounces(t *testing.T) {
	for _, c := range badAddresses {
		a, err := Parse(c.text)
		if err == nil {
			t.Errorf("Parse(%q) = %q, want an error", c.text, a)
			continue
		}
		if !a.IsZero() {
			t.Errorf("Parse(%q) gave %q along with an error", c.text, a)
		}
		if !strings.Contains(err.Error(), c.reason) {
			t.Errorf("Parse(%q): %v\nwant the reason %q", c.text, err, c.reason)
		}
	}
}

func TestIdentityIsTextButRightsGoByIP(t *testing.T) {
	same := []string{"localhost:1", "127.0.0.1:1", "[::ffff:127.0.0.1]:1"}
	for i, p := range same {
		for j, q := range same {
			a, b := MustParse(p), MustParse(q)
			if (a == b) != (i == j) {
				t.Errorf("%s == %s is %v", p, q, a == b)
			}
			if !SameIP(a.IP(), b.IP()) {
				t.Errorf("%s and %s differ in IP", p, q)
			}
		}
	}
}

func TestZeroAddressSaysNothing(t *testing.T) {
	var a Address
	if !a.IsZero() || a.String() != "" || a.Host() != "" || a.Port() != 0 || a.IP().IsValid() {
		t.Errorf("zero address says %q, host %q, port %d, IP %v", a, a.Host(), a.Port(), a.IP())
	}
}

func TestMustParsePanicsOnBadText(t *testing.T) {
	mustPanic(t, func() { MustParse("garbage") })
}

// What npm's pattern asks of the end of a host name, as a regular expression:
// an independent statement of checkNameEnd.
var npmNameEnd = regexp.MustCompile(`[\pL\pN-]{2,62}[\pL\pN](\.\pL{2,})+$`)

func TestNamesPassWhenTheyAreNamesAndNpmTakesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(rapid.StringMatching(`[a-cA-Zя0-9_]([a-cя0-9_-]{0,3}[a-cя0-9_])?`), 1, 4).Draw(t, "labels")
		host := strings.Join(labels, ".")
		if _, isIP := parseIPv4(host); isIP {
			return
		}
		_, err := Parse(host + ":80")
		if want := npmNameEnd.MatchString(host); (err == nil) != want {
			t.Fatalf("%q: npm takes it: %v; here: %v", host, want, err)
		}
	})
}

func TestCanonicalTextIsAFixedPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAddress().Draw(t, "address")
		again, err := Parse(a.String())
		if err != nil || again != a {
			t.Fatalf("Parse(%q) = %q, %v", a, again, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, c := range goodAddresses {
		f.Add(c.text)
	}
	for _, c := range badAddresses {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			checkError(t, a.IsZero(), err)
			return
		}
		if again, err := Parse(a.String()); err != nil || again != a {
			t.Fatalf("%q became %q, which became %q, %v", text, a, again, err)
		}
		if a.Port() == 0 || !strings.HasSuffix(text, ":"+decimal(a.Port())) {
			t.Fatalf("port of %q is %d", text, a.Port())
		}
		if strings.ContainsAny(a.String(), " \t\r\n\x00/@!%\"\\") {
			t.Fatalf("accepted %q", text)
		}
		if !a.IP().IsValid() && !npmNameEnd.MatchString(a.Host()) {
			t.Fatalf("npm peers would refuse %q", text)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"10.1.2.3:4000", "n1.example.com:4000", "[2001:db8::5]:4000"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				MustParse(text)
			}
		})
	}
}
