package httptransport

import (
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// The proxies on the way of a request are sixteen at the most.
func TestProxiesAreBounded(t *testing.T) {
	n := newNode(t, "localhost", nil, func(o *Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for hops, want := range map[int]string{1: "192.0.2.1", 15: "192.0.2.1", 16: "192.0.2.1", 17: ""} {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = "10.0.0.1:5"
		list := append([]string{"192.0.2.1"}, slices.Repeat([]string{"10.0.0.2"}, hops-1)...)
		r.Header["X-Forwarded-For"] = []string{strings.Join(list, ", ")}
		o, err := n.server.originOf(r)
		if (err == nil) != (want != "") || err == nil && o.ip.String() != want {
			t.Errorf("%d hops: %v, %v", hops, o.ip, err)
		}
	}
	for remote, want := range map[string]string{"[::1]:5": "127.0.0.1", "[::ffff:192.0.2.1]:5": "192.0.2.1", "[fe80::1%eth0]:5": "fe80::1", "192.0.2.1:5": "192.0.2.1", "x": ""} {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = remote
		o, err := n.server.originOf(r)
		if (err == nil) != (want != "") || err == nil && o.ip.String() != want {
			t.Errorf("from %s: %v, %v", remote, o.ip, err)
		}
	}
}
