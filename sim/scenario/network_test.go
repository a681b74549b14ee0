package scenario_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spreadable/sim/scenario"
)

// A bandwidth is written as it is read, in the largest unit that needs no point.
func TestBandwidthsReadBack(t *testing.T) {
	for text, want := range map[string]string{
		"5Mbit/s": "5Mbit/s", "1000kbit/s": "1Mbit/s", "2.5Gbit/s": "2500Mbit/s", "1000bit/s": "1kbit/s",
		"1234567bit/s": "1234567bit/s", "0.5Mbit/s": "500kbit/s",
	} {
		if got := parse(t, small, "network.up="+text).Network.Up.String(); got != want {
			t.Errorf("%s is written %s, want %s", text, got, want)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		rate := scenario.Rate(rapid.Int64Range(1000, 1_000_000_000_000).Draw(r, "rate"))
		s, err := scenario.Parse("test.yaml", []byte(small), []string{"network.up=" + rate.String()})
		if err != nil || s.Network.Up != rate {
			r.Fatalf("%d is written %s and read as %d, %v", rate, rate, s.Network.Up, err)
		}
	})
}

// A size is written as it is read, in the largest unit that needs no point.
func TestSizesReadBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		size := scenario.Size(rapid.Int64Range(1, 1_000_000_000_000_000).Draw(r, "size"))
		s, err := scenario.Parse("test.yaml", []byte(small), []string{"workload.files.rate=0.001", "workload.files.size=" + size.String()})
		if err != nil || s.Workload.Files.Size != size {
			r.Fatalf("%d is written %s and read as %d, %v", size, size, s.Workload.Files.Size, err)
		}
	})
	for text, want := range map[string]string{"2.5MB": "2500kB", "1000kB": "1MB", "1GB": "1GB", "12345B": "12345B"} {
		if got := parse(t, small, "workload.files.rate=1", "workload.files.size="+text).Workload.Files.Size.String(); got != want {
			t.Errorf("%s is written %s, want %s", text, got, want)
		}
	}
}

// What links do is said in words, and nothing of what they do not.
func TestLinksAreSaidInWords(t *testing.T) {
	for sets, want := range map[string]string{
		"": "",
		"network.up=5Mbit/s network.down=20Mbit/s":  "5Mbit/s up, 20Mbit/s down",
		"network.loss=5%":                           "5% lost, sent again after 1s",
		"network.connection=reuse network.tls=true": "connections used again, with TLS",
		"network.connection=each":                   "a connection for each request",
		"network.service=2ms network.queue=7":       "2ms to serve a request (constant), 7 may wait",
	} { // order-free: a case each
		if got := parse(t, small, strings.Fields(sets)...).Network.String(); got != want {
			t.Errorf("%s: %q, want %q", sets, got, want)
		}
	}
	classes := parse(t, small, "classes.home.share=60%", "classes.home.up=20Mbit/s", "classes.home.down=100Mbit/s", "classes.home.delay=5ms",
		"classes.home.loss=1%", "classes.home.service=3ms", "classes.home.nat=true", "classes.server.share=40%").Classes
	const want = "60% home (20Mbit/s up, 100Mbit/s down, 5ms of delay, 1% loss, 3ms a request, behind a NAT)"
	if got := classes.String(); !strings.Contains(got, want) || !strings.HasPrefix(got, "40% server (") || strings.Count(got, "; ") != 1 || strings.Count(got, "NAT") != 1 {
		t.Errorf("%q, want %q in it", got, want)
	}
}

// What no node can suffer cannot be expected: each number of links has a key that it needs.
func TestExpectedNumbersOfLinksAreMeasured(t *testing.T) {
	const home = " classes.home.share=50%"
	for _, test := range []struct{ path, without, with string }{
		{"bytes", "", "network.up=1Mbit/s"},
		{"lost", "network.up=1Mbit/s", "network.loss=1%"},
		{"lost", "classes.home.nat=true" + home, "classes.home.loss=1%" + home},
		{"retransmissions", "network.up=1Mbit/s", "network.loss=1%"},
		{"retransmissions", "network.loss=1% network.datagram=true", "network.loss=1%"},
		{"handshakes", "network.up=1Mbit/s", "network.connection=each"},
		{"refused", "network.service=1ms", "network.service=1ms network.queue=5"},
		{"abandoned", "network.loss=1%", "network.down=1Mbit/s"},
		{"abandoned", "network.loss=1%", "network.up=1Mbit/s"},
		{"uplink.utilisation_max", "network.down=1Mbit/s", "network.up=1Mbit/s"},
		{"downlink.utilisation_max", "network.up=1Mbit/s", "network.down=1Mbit/s"},
		{"service.utilisation_max", "network.up=1Mbit/s", "network.service=1ms"},
		{"unreachable", "network.up=1Mbit/s", "classes.home.nat=true" + home},
	} {
		text := small + "expect: {network." + test.path + ": '>= 0'}\n"
		if _, err := scenario.Parse("test.yaml", []byte(text), strings.Fields(test.without)); err == nil || !strings.Contains(err.Error(), "network."+test.path) {
			t.Errorf("%s with %q: %v", test.path, test.without, err)
		}
		if _, err := scenario.Parse("test.yaml", []byte(text), strings.Fields(test.with)); err != nil {
			t.Errorf("%s with %q: %v", test.path, test.with, err)
		}
	}
}

// A scenario without the keys of links has none, and does not mention them.
func TestLinksAreOffByDefault(t *testing.T) {
	s := parse(t, small)
	if s.HasLink() {
		t.Error("a scenario without network and classes has a link")
	}
	if text := string(s.Resolved()); strings.Contains(text, "network") || strings.Contains(text, "classes") {
		t.Errorf("its resolved form mentions them:\n%s", text)
	}
}

// The sizes of classes add up to their shares of the nodes.
func TestSizesOfClassesAddUp(t *testing.T) {
	for _, test := range []struct {
		nodes string
		want  []int
	}{{"3", []int{1, 1, 1}}, {"100", []int{33, 34, 33}}, {"1000", []int{333, 334, 333}}} {
		s := parse(t, small, "nodes="+test.nodes, "classes.server.share=33.33%", "classes.home.share=33.33%",
			"classes.constrained.share=33.34%")
		got := s.Classes.Sizes(s.Nodes)
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("of %s nodes %v are of %v, want %v", test.nodes, got, s.Classes.Names(), test.want)
			}
		}
	}
}
