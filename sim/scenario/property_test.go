package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/sim/scenario"
)

// TestResolvedReadsBackAsTheSameScenario: whatever is accepted is written in a
// form that is accepted again, and writing that changes nothing.
func TestResolvedReadsBackAsTheSameScenario(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets := drawSets(t)
		first, err := scenario.Parse("drawn.yaml", []byte(small), sets)
		if err != nil {
			t.Fatalf("drawn scenario refused: %v", err)
		}
		second, err := scenario.Parse("resolved.yaml", first.Resolved(), nil)
		if err != nil {
			t.Fatalf("resolved scenario refused: %v\n%s", err, first.Resolved())
		}
		if a, b := string(first.Resolved()), string(second.Resolved()); a != b {
			t.Fatalf("written twice, not the same:\n%s\n%s", a, b)
		}
	})
}

// drawSets draws settings that make a good scenario together.
func drawSets(t *rapid.T) []string {
	duration := func(name string, low, high time.Duration) string {
		return rapid.Map(rapid.Int64Range(int64(low), int64(high)),
			func(ns int64) string { return time.Duration(ns).String() }).Draw(t, name)
	}
	sets := []string{
		"seed=" + rapid.StringMatching(`[1-9][0-9]{0,18}`).Draw(t, "seed"),
		"nodes=" + rapid.StringMatching(`[1-9][0-9]{2,5}`).Draw(t, "nodes"),
		"duration=" + duration("duration", time.Hour, 100*24*time.Hour),
		"sample=" + duration("sample", time.Hour, 2*time.Hour),
		"description=" + rapid.String().Filter(printable).Draw(t, "description"),
		"approval.period=" + duration("period", 1, time.Hour),
		"node.trusted=" + rapid.SampledFrom([]string{"true", "false"}).Draw(t, "trusted"),
	}
	mean := duration("mean", time.Second, time.Minute)
	below, above := duration("below", 0, time.Second-1), duration("above", 2*time.Minute, time.Hour)
	percent := rapid.StringMatching(`[1-9][0-9]{0,3}(\.[0-9]{1,6})?%`).Draw(t, "rate")
	shape := rapid.StringMatching(`[1-9][0-9]{0,2}(\.[0-9]{1,6})?`).Draw(t, "shape")
	latency := [][]string{
		{"latency.model=constant", "latency.mean=" + mean},
		{"latency.model=uniform", "latency.min=" + below, "latency.max=" + above},
		{"latency.model=normal", "latency.mean=" + mean, "latency.stddev=" + above},
		{"latency.model=normal", "latency.mean=" + mean, "latency.stddev=" + mean, "latency.max=" + above},
		{"latency.model=lognormal", "latency.mean=" + mean, "latency.stddev=" + mean, "latency.min=" + below},
		{"latency.model=exponential", "latency.mean=" + mean, "latency.per=pair", "latency.jitter=" + below},
		{"latency.model=weibull", "latency.scale=" + mean, "latency.shape=" + shape, "latency.per=message"},
		{"latency.model=pareto", "latency.min=" + mean, "latency.shape=" + shape},
		{"latency.model=planet", "latency.places.New York=40%", "latency.places.Tokyo=60%", "latency.access.fiber=100%"},
		{"latency.model=regions", "latency.min=" + mean},
	}
	joins := [][]string{
		{"join.mode=flash", "join.at=10m", "join.initial=4"},
		{"join.mode=rate", "join.per_second=2.5"},
		{"join.mode=mass", "join.bootstrap=3"},
		{"join.mode=growth", "join.rate=" + percent, "join.initial=12"},
		{"join.mode=spread", "join.over=" + mean},
	}
	addresses := [][]string{
		nil,
		{"addresses.nodes_per_ip.model=pareto", "addresses.nodes_per_ip.max=100"},
		{"addresses.nodes_per_ip.model=uniform", "addresses.nodes_per_ip.min=2", "addresses.nodes_per_ip.max=3",
			"addresses.nodes_per_prefix.model=geometric", "addresses.nodes_per_prefix.mean=20", "addresses.nodes_per_prefix.max=200"},
	}
	rate := rapid.StringMatching(`[1-9][0-9]{0,2}(\.[0-9]{1,4})?[kMG]bit/s`).Draw(t, "bandwidth")
	networks := [][]string{
		nil,
		{"network.up=" + rate, "network.loss=0%"},
		{"network.down=" + rate, "network.loss=7.5%", "network.rto=" + duration("rto", time.Millisecond, time.Minute)},
		{"network.loss=99.9%", "network.datagram=true", "network.connection=reuse", "network.tls=false"},
		{"network.connection=each", "network.tls=true", "network.service=" + mean, "network.queue=7"},
		{"classes.home.share=40%", "classes.home.up=" + rate, "classes.laggy.share=60%", "classes.laggy.loss=0%"},
		{"classes.server.share=33.3%", "classes.server.service=" + mean, "classes.server.queue=3", "classes.server.nat=true",
			"network.service_model=exponential"},
	}
	sets = append(sets, rapid.SampledFrom(networks).Draw(t, "network")...)
	conditions := [][]string{
		nil,
		{"expect.convergence.rounds=<= " + rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,6})?(e-?[0-9]{1,2})?`).Draw(t, "number")},
		{"expect.convergence.coverage=-0.5 .. 1", "expect.engine.events=!= 0"},
	}
	sets = append(sets, rapid.SampledFrom(latency).Draw(t, "latency")...)
	sets = append(sets, rapid.SampledFrom(addresses).Draw(t, "addresses")...)
	sets = append(sets, rapid.SampledFrom(joins).Draw(t, "join")...)
	return append(sets, rapid.SampledFrom(conditions).Draw(t, "conditions")...)
}

// printable keeps what a text file can hold.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r >= 0xfffd || r == 0x2028 || r == 0x2029
	})
}

// FuzzParse: whatever stands in a file, it is a scenario that can be written
// and read again, or an error of one line.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(small))
	f.Add([]byte(full))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := scenario.Parse("f.yaml", data, nil)
		if err != nil {
			if line := err.Error(); strings.ContainsAny(line, "\n\r") || !strings.HasPrefix(line, "f.yaml:") {
				t.Fatalf("not one line with its place: %q", line)
			}
			return
		}
		if _, err := scenario.Parse("resolved.yaml", s.Resolved(), nil); err != nil {
			t.Fatalf("resolved form refused: %v\n%s", err, s.Resolved())
		}
	})
}

// FuzzSet: the same for a setting of the command line.
func FuzzSet(f *testing.F) {
	f.Add("latency.mean=80ms")
	f.Add("expect.search.hops.max=<= 3")
	f.Add("join.rate=1e400%")
	f.Fuzz(func(t *testing.T, set string) {
		s, err := scenario.Parse("f.yaml", []byte(small), []string{set})
		if err != nil {
			if line := err.Error(); strings.ContainsAny(line, "\n\r") {
				t.Fatalf("not one line: %q", line)
			}
			return
		}
		if len(s.Resolved()) == 0 {
			t.Fatal("nothing resolved")
		}
	})
}

// awkward are pieces of text that YAML, or some reader of it, gives a meaning.
var awkward = []string{
	"? ", "- ", ": ", " #", "#", "<<", "=", "&a", "*a", "!t", "%d", "@", "`", "|", ">", "'", `"`, `\`, "{", "}", "[", "]", ",",
	"\t", "\r", "\n", "\r\n", " ", "\n ", " \n", "\n\n", "\x00", "\a", "\x1b", "\x7f", "\u0080", "\u0085", "\u00a0", "\u00ad",
	"\u2028", "\u2029", "\u200b", "\u202e", "\ufeff", "\ufffd", "\ufffe", "\U0001fffe", "\U0010ffff", "😀", "é", "日本",
	"---", "...", "null", "~", "true", "yes", "on", "y", "n", "NaN", ".inf", "1e3", "0x1f", "0o7", "1_000", "2001-01-01", "1:30", "word",
}

// TestEveryTextIsReadBackAsItWasWritten: a description of whatever characters comes
// back from scenario.yaml, and the scenario keeps its hash.
func TestEveryTextIsReadBackAsItWasWritten(t *testing.T) {
	check := func(fatalf func(string, ...any), text string) {
		first, err := scenario.Parse("f.yaml", []byte(small), []string{"description=" + text})
		if err != nil {
			fatalf("%q: %v", text, err)
		}
		second, err := scenario.Parse("resolved.yaml", first.Resolved(), nil)
		if err != nil {
			fatalf("%q: cannot be read back: %v\n%s", text, err, first.Resolved())
		}
		if second.Description != first.Description || second.Hash() != first.Hash() {
			fatalf("%q came back as %q\n%s", first.Description, second.Description, first.Resolved())
		}
	}
	for _, one := range awkward {
		for _, text := range []string{one, one + "a", "a" + one, "a" + one + "b", one + one, "1" + one, one + "\nb", "a\n" + one} {
			check(t.Fatalf, text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.OneOf(rapid.SampledFrom(awkward), rapid.String())
		check(t.Fatalf, strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), ""))
	})
}
