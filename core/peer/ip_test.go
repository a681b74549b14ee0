package peer

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseIPReadsEverySpelling(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1":   "127.0.0.1",
		"0.0.0.0":     "0.0.0.0",
		"::1":         "::1",
		"[::1]":       "::1",
		"::":          "::",
		"2001:DB8::5": "2001:db8::5",
		"2001:0db8:0000:0000:0000:0000:0000:0005":   "2001:db8::5",
		"[2001:db8:0:0:0:0:0:5]":                    "2001:db8::5",
		"::ffff:127.0.0.1":                          "127.0.0.1",
		"::ffff:7f00:1":                             "127.0.0.1",
		"[0000:0000:0000:0000:0000:ffff:7f00:0001]": "127.0.0.1",
	} {
		if ip, err := ParseIP(text); err != nil || ip != netip.MustParseAddr(want) {
			t.Errorf("ParseIP(%q) = %v, %v, want %s", text, ip, err, want)
		}
	}
}

func TestParseIPRefusesTheRestWithAReason(t *testing.T) {
	for text, reason := range map[string]string{
		"":                "want IPv4 such as",
		"localhost":       "want IPv4 such as",
		"1.2.3":           "want IPv4 such as",
		"1.2.3.4.5":       "want IPv4 such as",
		"1.2.3.256":       "want IPv4 such as",
		"01.2.3.4":        "want IPv4 such as",
		"1.2.3.4:80":      "want IPv4 such as",
		" 1.2.3.4":        "want IPv4 such as",
		"1.2.3.4\n":       "want IPv4 such as",
		"1.2.3.0/24":      "want IPv4 such as",
		":::":             "want IPv4 such as",
		"1:2:3:4:5:6:7":   "want IPv4 such as",
		"12345::":         "want IPv4 such as",
		"[::1":            "want IPv4 such as",
		"[]":              "want IPv4 such as",
		"[[::1]]":         "want IPv4 such as",
		"[1.2.3.4]":       "only IPv6 stands in brackets",
		"fe80::1%eth0":    "zones",
		"[fe80::1%eth0]":  "zones",
		"::ffff:1.2.3.4%": "zones",
	} {
		ip, err := ParseIP(text)
		if err == nil || ip.IsValid() || !strings.Contains(err.Error(), reason) {
			t.Errorf("ParseIP(%q) = %v, %v, want the reason %q", text, ip, err, reason)
		}
	}
}

func TestSameIPSeesThroughFormsAndNeverMatchesTheUnknown(t *testing.T) {
	var unknown netip.Addr
	v4, mapped := netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("::ffff:10.0.0.7")
	zoned, link := netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("fe80::1")
	for _, c := range []struct {
		a, b netip.Addr
		want bool
	}{
		{v4, v4, true}, {v4, mapped, true}, {mapped, mapped, true}, {zoned, link, true},
		{v4, netip.MustParseAddr("10.0.0.8"), false},
		// IPv4-compatible is another thing
		{v4, netip.MustParseAddr("::10.0.0.7"), false},
		{unknown, unknown, false}, {unknown, v4, false},
		{unknown, netip.MustParseAddr("::"), false}, {unknown, netip.MustParseAddr("0.0.0.0"), false},
	} {
		if SameIP(c.a, c.b) != c.want || SameIP(c.b, c.a) != c.want {
			t.Errorf("SameIP(%v, %v) != %v", c.a, c.b, c.want)
		}
	}
}

func TestFullIPv6IsTheFormNpmStores(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1":        "0000:0000:0000:0000:0000:ffff:7f00:0001",
		"::ffff:127.0.0.1": "0000:0000:0000:0000:0000:ffff:7f00:0001",
		"2001:db8::5":      "2001:0db8:0000:0000:0000:0000:0000:0005",
		"fe80::1%eth0":     "fe80:0000:0000:0000:0000:0000:0000:0001",
		"::":               "0000:0000:0000:0000:0000:0000:0000:0000",
	} {
		if got := FullIPv6(netip.MustParseAddr(text)); got != want {
			t.Errorf("FullIPv6(%s) = %s, want %s", text, got, want)
		}
	}
	if got := FullIPv6(netip.Addr{}); got != "" {
		t.Errorf("FullIPv6 of no IP is %q", got)
	}
}

func TestEveryIPIsReadBackFromEverySpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ip := anyNodeIP().Draw(t, "ip")
		texts := []string{ip.String(), FullIPv6(ip)}
		if ip.Is6() {
			texts = append(texts, spellings(ip)...)
		}
		for _, text := range texts {
			if got, err := ParseIP(text); err != nil || got != ip.Unmap() {
				t.Fatalf("ParseIP(%q) = %v, %v, want %v", text, got, err, ip)
			}
		}
	})
}

func FuzzParseIP(f *testing.F) {
	for _, text := range []string{"127.0.0.1", "::1", "[2001:db8::5]", "::ffff:1.2.3.4", "fe80::1%a", "[1.2.3.4]", "1.2.3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ip, err := ParseIP(text)
		if err != nil {
			checkError(t, !ip.IsValid(), err)
			return
		}
		if ip.Zone() != "" || ip.Is4In6() {
			t.Fatalf("%q gave %v, not in its one form", text, ip)
		}
		if again, err := ParseIP(FullIPv6(ip)); err != nil || again != ip {
			t.Fatalf("%q gave %v, which gave %v, %v", text, ip, again, err)
		}
	})
}
