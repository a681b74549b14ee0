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
