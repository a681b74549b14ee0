package draw

import (
	"net/netip"
	"testing"
)

func mustGroup(t interface{ Fatal(...any) }, text string) Group {
	g, err := ParseGroup(text)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var groupTexts = []string{"address", "ip", "prefix", "/16,/32", "/30,/64"}

func TestGroupsAreToldApartByTheirPrefix(t *testing.T) {
	for _, c := range []struct {
		group, a, b string
		same        bool
	}{
		{"ip", "192.0.2.1", "192.0.2.1", true},
		{"ip", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"ip", "192.0.2.1", "192.0.2.2", false},
		{"ip", "2001:db8::1", "2001:db8::ffff:0:0:1", true},
		{"ip", "2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"prefix", "192.0.2.1", "192.0.2.254", true},
		{"prefix", "192.0.2.1", "192.0.3.1", false},
		{"prefix", "2001:db8:0:1::1", "2001:db8:0:2::1", true},
		{"prefix", "2001:db8:1::1", "2001:db8:2::1", false},
		{"/16,/32", "192.0.2.1", "192.0.99.1", true},
		{"/16,/32", "192.0.2.1", "192.1.2.1", false},
		{"/16,/32", "2001:db8:1::1", "2001:db8:2::1", true},
		{"address", "192.0.2.1", "192.0.2.1", true},
	} {
		order := ByHost(Draw{Group: mustGroup(t, c.group)})
		a, _ := order.Place(Entrant{"a:1", netip.MustParseAddr(c.a)}, Unlimited())
		b, _ := order.Place(Entrant{"a:1", netip.MustParseAddr(c.b)}, Unlimited())
		if same := a.Group == b.Group; same != c.same {
			t.Errorf("group %s: %s and %s are one: %v, want %v", c.group, c.a, c.b, same, c.same)
		}
	}
}

func TestTheTextOfAGroupIsReadBack(t *testing.T) {
	for _, text := range groupTexts {
		if got := mustGroup(t, text).String(); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, wrong := range []string{"", "host", "/24", "/24,", "/0,/48", "/33,/48", "/24,/65", "/024,/48", "24,48", "/24,/48,/1", "/+4,/48"} {
		if g, err := ParseGroup(wrong); err == nil {
			t.Errorf("%q was read as %v", wrong, g)
		}
	}
}
