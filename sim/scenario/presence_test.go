package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

// What is on no node, on more than are up, or on all where some must be left, is refused
// as far as the file tells.
func TestWhatIsOnNodesThatAreDownIsRefused(t *testing.T) {
	const (
		spread  = "join: {mode: spread, over: 100s}\n"
		flash   = "join: {mode: flash, initial: 10, at: 100s}\n"
		nat     = "classes: {home: {share: 30%, nat: true}}\n"
		oslo    = "latency: {model: planet, places: {Tokyo: 99%, Oslo: 1%}}\n"
		tokyo   = "latency: {model: planet, places: {Tokyo: 100%}}\n"
		listed  = "join: {mode: list, times: [0s, 150s]}\n"
		asks    = "workload: {entry: '#3', searches: {count: 20, start: 100s, over: 20s}}\n"
		poisson = "join: {mode: rate, per_second: 1}\n"
	)
	faults := func(list string) string { return "faults: [" + list + "]\n" }
	for _, c := range []struct{ rest, want string }{
		// later
		{spread + faults(`{at: 5s, do: crash, on: "#50"}`), "faults.0.on: no node of it is up at 5s: host 50 starts at 50.50505"},
		{spread + faults(`{at: 5s, do: crash, on: "#4"}`), ""},
		{spread + faults(`{at: 5s, do: crash, on: "#4-50"}`), ""},
		{flash + faults(`{at: 5s, do: crash, on: "#90"}`), "host 90 starts at 1m54.222222222s (join.mode flash)"},
		{flash + faults(`{at: 5s, do: crash, on: 50}`), `faults.0.on: "50" is more than the 10 that can be up at 5s: 90 start later (join.mode flash)`},
		{flash + faults(`{at: 5s, do: crash, on: 10}`), ""},
		{flash + faults(`{at: 5s, do: crash, on: 11 masters}`), `"11 masters" is more than the 10`},
		{flash + "attacks: [{at: 5s, lie: sizes, on: '#90'}]\n", "attacks.0.on: no node of it is up at 5s: host 90 starts"},
		{flash + "attacks: [{at: 5s, lie: sizes, on: 9}]\n", ""},
		{flash + "attacks: [{at: 5s, lie: sizes, on: 10}]\n", `"10" is more than the 9`}, // one is the bootstrap node
		{"attacks: [{at: 50s, lie: sizes, on: 96}]\njoin: {bootstrap: 5}\n", `"96" is more than the 95 that can be up at 50s: bootstrap nodes lie only where`},
		{"attacks: [{at: 50s, lie: sizes, on: 50%}]\njoin: {bootstrap: 100}\n", "attacks.0.on: no node of it is up at 50s: bootstrap nodes lie only where"},
		{"duration: 320s\njoin: {mode: growth, rate: 20%, initial: 10}\n" + faults(`{at: 5s, do: crash, on: "#90"}`), "host 90 starts at"},
		{poisson + faults(`{at: 5s, do: crash, on: 90}`), ""},
		{spread + "churn: {session: {model: exponential, mean: 100s}}\n" + faults(`{at: 5s, do: crash, on: "#50"}`), ""},
		// away
		{"churn: {trace: all.csv}\n" + faults(`{at: 10s, do: crash, on: 5}`), "faults.0.on: no node is up at 10s: 100 are down by churn.trace"},
		{"churn: {trace: all.csv}\n" + faults(`{at: 4s, do: crash, on: 5}`), ""},
		{"churn: {trace: some.csv}\n" + faults(`{at: 10s, do: crash, on: 50}`), `"50" is more than the 40 that can be up at 10s: 60 are down by churn.trace`},
		{"churn: {trace: some.csv}\n" + faults(`{at: 10s, do: crash, on: 40}`), ""},
		{"churn: {trace: some.csv}\n" + faults(`{at: 10s, do: partition, on: 40}`), "cuts no node off"},
		{"churn: {trace: back.csv, new_ip: 10%}\n" + faults(`{at: 10s, do: crash, on: 50}`), ""},
		// ended
		{faults(`{at: 50s, do: crash, on: 60}, {at: 60s, do: crash, on: 60}`), `faults.1.on: "60" is more than the 40 that can be up at 1m: 60 have ended (faults.0)`},
		{faults(`{at: 50s, do: crash, on: 60}, {at: 60s, do: crash, on: 40}`), ""},
		{faults(`{at: 50s, do: crash, on: 60%}, {at: 60s, do: crash, on: 41}`), `is more than the 40`},
		{faults(`{at: 50s, do: crash, on: 60}, {at: 55s, do: crash, on: "#0-49"}, {at: 60s, do: crash, on: 40}`), ""},
		{faults(`{at: 50s, do: crash, on: "#0-59"}, {at: 60s, do: crash, on: 41}`), `is more than the 40`},
		{faults(`{at: 50s, do: bounce, on: 60}, {at: 70s, do: crash, on: 60}`), ""},
		{faults(`{at: 50s, do: crash, on: 50}, {at: 60s, do: crash, on: 50}, {at: 70s, do: skew, by: 1s, on: masters}`), "faults.2.on: no node is up at 1m10s"},
		{spread + faults(`{at: 5s, do: crash, on: "#0-9"}, {at: 20s, do: crash, on: "#9"}`), ""}, // it had not come when the others ended
		{poisson + faults(`{at: 5s, do: crash, on: "#9"}, {at: 20s, do: crash, on: "#9"}`), ""},
		// never
		{nat + faults(`{at: 50s, do: crash, on: masters of home}`), `"masters of home" is no node: those behind a NAT find no place`},
		{nat + faults(`{at: 50s, do: crash, on: slaves of home}`), "find no place"},
		{nat + faults(`{at: 50s, do: crash, on: 71 masters}`), "is more than the 70 there are"},
		{nat + faults(`{at: 50s, do: crash, on: 30 of home}`), ""},
		{nat + faults(`{at: 50s, do: crash, on: bootstrap of home}`), "bootstrap nodes are never behind a NAT (classes.home.nat)"},
		{nat + "attacks: [{at: 100s, lie: sizes, on: 5 masters of home}]\n", "find no place"},
		{"nodes: 1\n" + faults(`{at: 50s, do: crash, on: slaves}`), "neither master nor slave (nodes is 1)"},
		{"nodes: 2\n" + faults(`{at: 50s, do: crash, on: slaves}`), ""},
		{oslo + faults(`{at: 50s, do: crash, on: 50 in Oslo}`), `"50 in Oslo" is more than the 1 there are with this seed`},
		{oslo + faults(`{at: 50s, do: crash, on: 1 in Oslo}`), ""},
		{oslo + faults(`{at: 50s, do: crash, on: nodes in Oslo}, {at: 60s, do: skew, by: 1s, on: nodes in Oslo}`), "faults.1.on: no node of it is up at 1m: faults.0 has ended all"},
		// released
		{faults(`{at: 50s, do: hold, on: "#3"}, {at: 58s, do: crash, on: "#3"}, {at: 60s, do: release}`), "faults.2: no node is held any more at 1m: faults.1 has ended host 3"},
		{faults(`{at: 50s, do: hold, on: "#3-4"}, {at: 58s, do: crash, on: "#3"}, {at: 60s, do: release}`), ""},
		{faults(`{at: 50s, do: hold, on: "3"}, {at: 58s, do: crash, on: "#3"}, {at: 60s, do: release}`), ""},
		// cut off
		{"classes: {home: {share: 100%}}\n" + faults(`{at: 50s, do: partition, on: nodes of home}`), `"nodes of home" cuts no node off`},
		{"classes: {home: {share: 50%}}\n" + faults(`{at: 50s, do: partition, on: nodes of home}`), ""},
		{"classes: {home: {share: 100%}}\nattacks: [{at: 50s, lie: sizes, on: nodes of home}]\n", "leaves no honest node"},
		{tokyo + faults(`{at: 50s, do: partition, on: nodes in Tokyo}`), `"nodes in Tokyo" cuts no node off`},
		{oslo + faults(`{at: 50s, do: partition, on: nodes in Tokyo}`), ""},
		{oslo + faults(`{at: 50s, do: crash, on: nodes in Oslo}, {at: 60s, do: partition, on: nodes in Tokyo}`), "cuts no node off"},
		{faults(`{at: 50s, do: crash, on: "#50-99"}, {at: 60s, do: partition, on: "#0-49"}`), `faults.1.on: "#0-49" is all nodes that are up at 1m, so it cuts no node off from another: faults.0 has ended 50`},
		{faults(`{at: 50s, do: crash, on: "#50-98"}, {at: 60s, do: partition, on: "#0-49"}`), ""},
		{faults(`{at: 50s, do: bounce, for: 20s, on: "#50-99"}, {at: 60s, do: partition, on: "#0-49"}`), ""}, // the others come back
		{faults(`{at: 50s, do: bounce, for: 20s, on: "#50-99"}, {at: 60s, do: partition, for: 5s, on: "#0-49"}`), "cuts no node off"},
		{faults(`{at: 50s, do: bounce, on: 20}, {at: 54s, do: crash, on: "#0"}, {at: 55s, do: partition, on: "#1-99"}`), ""},
		{faults(`{at: 50s, do: crash, on: 50}, {at: 60s, do: partition, on: 50}`), "cuts no node off"},
		{flash + faults(`{at: 50s, do: partition, on: "#0-9"}`), ""}, // the crowd comes
		{flash + faults(`{at: 50s, do: partition, on: "#0-9", for: 9s}`), "cuts no node off"},
		{poisson + faults(`{at: 50s, do: crash, on: "#50-99"}, {at: 60s, do: partition, on: "#0-49"}`), ""},
		// both
		{faults(`{at: 50s, do: slow, on: 60%, by: 1s}, {at: 50s, do: slow, on: 60%, by: 2s}`), `faults.1: no node can do both at 50s, this and faults.0 ("slow"), and "60%" and "60%" of the same 100 nodes have some in common`},
		{faults(`{at: 50s, do: slow, on: 50%, by: 1s}, {at: 50s, do: slow, on: 50, by: 2s}`), ""},
		{faults(`{at: 50s, do: slow, on: "#0-49", by: 1s}, {at: 50s, do: slow, on: 51, by: 2s}`), "no node can do both"},
		{faults(`{at: 50s, do: slow, on: 60%, by: 1s}, {at: 51s, do: slow, on: 60%, by: 2s}`), ""},
		{faults(`{at: 50s, do: crash, on: 60%}, {at: 50s, do: crash, on: 60%}`), ""}, // of those that are left
		{faults(`{at: 50s, do: slow, on: bootstrap, by: 1s}, {at: 50s, do: slow, on: 100%, by: 2s}`), "no node can do both"},
		{faults(`{at: 50s, do: slow, on: masters, by: 1s}, {at: 50s, do: slow, on: slaves, by: 2s}`), ""},
		{"attacks: [{at: 50s, lie: sizes, on: 60%}, {at: 50s, lie: hides, on: 60%}]\n", "attacks.1: no node can do both at 50s"},
		{"attacks: [{at: 50s, lie: sizes, on: 49}, {at: 50s, lie: hides, on: 50}]\n", ""},
		// asked
		{listed + asks, `workload.entry: no host of "#3" is up while clients ask (workload.searches), from 1m40s to 2m: host 3 starts at 2m30s (join.times)`},
		{listed + strings.Replace(asks, "'#3'", "'#0,3'", 1), ""},
		{listed + strings.Replace(asks, "start: 100s", "start: 135s", 1), ""},
		{faults(`{at: 90s, do: crash, on: "#3"}`) + asks, "workload.entry: no host of \"#3\" is up while clients ask (workload.searches), from 1m40s to 2m: faults.0 has ended host 3"},
		{faults(`{at: 90s, do: bounce, on: "#3", for: 40s}`) + asks, "faults.0 has ended host 3"},
		{faults(`{at: 90s, do: bounce, on: "#3"}`) + asks, ""},
		{faults(`{at: 110s, do: crash, on: "#3"}`) + asks, ""},
		{"churn: {trace: all.csv}\n" + asks, "host 3 is down by churn.trace"},
	} {
		text := "name: t\n" + c.rest
		for _, key := range []string{"nodes: 100\n", "duration: 160s\n"} {
			if name, _, _ := strings.Cut(key, " "); !strings.Contains(text, "\n"+name) {
				text += key
			}
		}
		_, err := scenario.Load(inFolder(t, text), nil)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.rest, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", c.rest, err, c.want)
		}
	}
}

// inFolder writes a scenario beside traces in which all nodes, or 60, leave after 5 s; in
// one of them one of these comes back late.
func inFolder(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"t.yaml": text, "all.csv": leaving(100), "some.csv": leaving(60), "back.csv": leaving(60) + "100,0,up\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "t.yaml")
}

// leaving is a trace in which so many nodes leave.
func leaving(nodes int) string {
	var text strings.Builder
	for i := range nodes {
		fmt.Fprintf(&text, "5,%d,down\n", i)
	}
	return text.String()
}
