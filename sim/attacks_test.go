package sim_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/internal/theory"
	"spreadable/sim"
	"spreadable/sim/lie"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// attacked runs a network of a hundred nodes with attacks.
func attacked(t *testing.T, attacks string, workers int) *result.Run {
	t.Helper()
	node := ""
	if strings.Contains(attacks, "grinds") {
		node = "node: {host_limits: off}\n"
	}
	if strings.Contains(attacks, "renames") {
		node = "levels: 2\n"
	}
	s := parse(t, "name: attacked\nnodes: 100\nduration: 12m\n%sattacks: [%s]\nworkload: {searches: {count: 40, start: 8m, over: 3m}, approvals: {count: 20, start: 8m, over: 3m}}\n", node, attacks)
	r, err := sim.Run(s, sim.Options{Workers: workers})
	return must(t, r, err)
}

// attackOf is an attack of a kind: of a tenth of the nodes, or of ten ports of one IP, for
// which one that grinds needs time.
func attackOf(name string) string {
	k, _ := lie.Of(name)
	if k.Grinds {
		return fmt.Sprintf("{at: 3m, lie: %s, ips: 1, ports: 10}", name)
	}
	if k.Intrudes {
		return fmt.Sprintf("{at: 3m, lie: %s, identities: 10}", name)
	}
	return fmt.Sprintf("{at: 3m, lie: %s, on: 10%%}", name)
}

// No honest node is banned for what liars do, whatever that is; and the run is the same
// with any number of workers.
func TestNoHonestNodeIsBannedForLiars(t *testing.T) {
	for _, name := range lie.Kinds() {
		r := attacked(t, attackOf(name), 1)
		s := &r.Summary
		want := 10
		if name == "grinds" { // those of ten ports that come first in some period
			want = s.Attacks.Steps[0].Nodes
		}
		if s.Behavior.FalseBans != 0 || s.Attacks == nil || s.Attacks.Liars != want || want < 4 {
			t.Errorf("%s: %+v, %+v", name, s.Behavior, s.Attacks)
		}
		if other := attacked(t, attackOf(name), 3); other.Summary.Fingerprint != s.Fingerprint {
			t.Errorf("%s: with 3 workers the fingerprint is %s, was %s", name, other.Summary.Fingerprint, s.Fingerprint)
		}
	}
}

// Lies that a slave or a master can see cost honest nodes little: a search reaches nearly
// all of them. The table in docs/models.md says which lies these are.
func TestLiesThatAreSeenAreContained(t *testing.T) {
	for _, name := range []string{"phantoms", "flapping", "claims-all", "denies", "refuses", "silent", "captor", "faithless", "sizes", "false-masters", "garbage"} {
		if c := attacked(t, attackOf(name), 1).Summary.Search.Coverage; c.Mean < 0.99 {
			t.Errorf("%s: searches reach %.3f of the honest nodes", name, c.Mean)
		}
	}
}

// A slave whose backlink suddenly names masters of which it knows none, or far more slaves
// than masters have, asks others at once, so that coverage is low for few rounds.
func TestSuddenLiesAreSeenSoon(t *testing.T) {
	for name, most := range map[string]float64{"false-masters": 0.001, "claims-all": 0.001, "phantoms": 0.001, "flapping": 0.001} {
		s := parse(t, "name: seen\nnodes: 300\nseed: 3\nduration: 12m\nattacks: [{at: 3m, lie: %s, on: 10%%}]\n", name)
		r, err := sim.Run(s, sim.Options{Workers: 1})
		if a := must(t, r, err).Summary.Attacks; a.Coverage.Mean < 1-most {
			t.Errorf("%s: searches would reach %.4f of the honest nodes, from a minute after the attack began on", name, a.Coverage.Mean)
		}
	}
}

// A master that answers every other request is never silent for long. Its slaves see what
// it is within three minutes, and then searches reach nearly all honest nodes.
func TestDroppedRequestsAreSeenInTheEnd(t *testing.T) {
	s := parse(t, "name: drops\nnodes: 200\nduration: 12m\nattacks: [{at: 3m, lie: drops, on: 10%%}]\nworkload: {searches: {count: 80, start: 6m, over: 4m}}\n")
	r, err := sim.Run(s, sim.Options{Workers: 1})
	if c := must(t, r, err).Summary.Search.Coverage; c.Mean < 0.99 {
		t.Errorf("searches reach %.3f of the honest nodes", c.Mean)
	}
}

// However many ports of one IP join, upkeep and the number of masters stay as they are
// without them.
func TestPortsDoNotMakeUpkeepExpensive(t *testing.T) {
	upkeep := func(ports int) (requests float64, masters int) {
		s := parse(t, "name: ports\nnodes: 200\nduration: 16m\nattacks: [{at: 3m, lie: ports, identities: %d}]\n", ports)
		r, err := sim.Run(s, sim.Options{Workers: 1})
		sum := must(t, r, err).Summary
		if sum.Sync == nil || *sum.Convergence.Registered < 1 || *sum.Convergence.ExactSize < 1 {
			t.Fatalf("with %d ports the network has not settled: %+v", ports, sum.Convergence)
		}
		return sum.Sync.RequestsPerNodeRound, sum.Structure.Masters
	}
	few, masters := upkeep(4)
	many, more := upkeep(150)
	if many > 1.15*few || more > masters+2 {
		t.Errorf("with 4 ports %.2f requests and %d masters, with 150 ports %.2f and %d", few, masters, many, more)
	}
}

// Of many nodes behind one IP the network takes its share, and settles; the others stay
// outside and cost next to nothing.
func TestNodesBehindOneIPSettle(t *testing.T) {
	s := parse(t, "name: nat\nnodes: 300\nduration: 20m\naddresses: {nodes_per_ip: {model: pareto, max: 100}}\n")
	r, err := sim.Run(s, sim.Options{Workers: 1})
	r = must(t, r, err)
	perIP, want := make(map[string]int), 0
	for _, n := range r.Nodes {
		ip, _, _ := strings.Cut(n.Address, ":")
		if perIP[ip]++; perIP[ip] <= core.DefaultHostPlaces {
			want++
		}
	}
	last, before := r.Samples[len(r.Samples)-1], r.Samples[len(r.Samples)-8]
	if last.RegisteredCount < want || last.RegisteredCount > want+4 || last.Masters != before.Masters {
		t.Errorf("%d registered of %d that have a place, %d masters and %d before", last.RegisteredCount, want, last.Masters, before.Masters)
	}
	requests := 0.0
	for _, sample := range r.Samples[len(r.Samples)-100:] {
		requests += float64(sample.Requests)
	}
	rounds := (last.Time - r.Samples[len(r.Samples)-101].Time).Seconds() / s.SyncInterval.Seconds()
	if upkeep := requests / rounds / float64(last.Alive); upkeep > 3 {
		t.Errorf("%.2f requests per node and round", upkeep)
	}
}

// A lie that none can see costs what the liars carry: their own slaves.
func TestHiddenLiesCostTheLiarsShare(t *testing.T) {
	s := attacked(t, "{at: 3m, lie: hides, on: 30% masters}", 1).Summary
	share, c := s.Attacks.MastersShare, s.Search.Coverage.Mean
	if share < 0.2 || c > 0.99 || c < 1-1.2*share {
		t.Errorf("with %.2f of the masters searches reach %.3f of the honest nodes", share, c)
	}
	if cost := s.Attacks.Cost; cost == nil || math.Abs(*cost-(1-s.Attacks.Coverage.Mean)/share) > 1e-12 || *cost < 0.8 || *cost > 1.2 {
		t.Errorf("the cost of %.2f of the masters is %v, with %+v", share, cost, s.Attacks.Coverage)
	}
}

// Who banned whom is told, and adds up to the summary.
func TestBansAreTold(t *testing.T) {
	r := attacked(t, "{at: 3m, lie: sizes, on: 10%}", 1)
	honest := 0
	for _, n := range r.Notes {
		if n.What != "banned" || !n.AboutLies && !n.Lies || n.About < 0 || n.Time.Minutes() < 3 || n.Address == "" || n.Text == "" {
			t.Errorf("a note says %+v", n)
		}
		if !n.Lies {
			honest++
		}
	}
	s := &r.Summary
	if s.Attacks.Liars != 10 || s.Attacks.ConvictedShare != 1 {
		t.Errorf("%g of %d liars are banned, want all of 10", s.Attacks.ConvictedShare, s.Attacks.Liars)
	}
	if s.Behavior.Bans != honest || honest == 0 || s.Attacks.Convicted != 10 || s.Rows.NotesWritten != len(r.Notes) {
		t.Errorf("%d notes, %d by honest nodes, of %+v; %+v", len(r.Notes), honest, s.Behavior, s.Attacks)
	}
}

// Attacks are on the nodes that they say, and on bootstrap nodes only by name.
func TestAttacksAreOnTheNodesTheySay(t *testing.T) {
	for on, nodes := range map[string]int{ // order-free: a run each
		"30%": 30, "7": 7, "'#0,5-9'": 6, "bootstrap": 1, "3 largest masters": 3, "99": 99, "20 slaves": 20,
	} {
		steps := attacked(t, "{at: 3m, lie: faithless, on: "+on+"}", 1).Summary.Attacks.Steps
		if len(steps) != 1 || steps[0].Nodes != nodes {
			t.Errorf("on %s: %+v", on, steps)
		}
	}
	if steps := attacked(t, "{at: 3m, lie: faithless, on: 99 nodes}, {at: 4m, lie: hides, on: '#0'}", 1).Summary.Attacks.Steps; steps[1].Nodes != 1 {
		t.Errorf("the bootstrap node by number: %+v", steps)
	}
}

// Every key of an attack has an effect.
func TestEveryKeyOfAnAttackHasAnEffect(t *testing.T) {
	for _, pair := range [][2]string{
		{"{at: 4m, lie: sizes, on: 10%}", "{at: 5m, lie: sizes, on: 10%}"},
		{"{at: 4m, lie: sizes, on: 10%}", "{at: 4m, lie: denies, on: 10%}"},
		{"{at: 4m, lie: sizes, on: 10%}", "{at: 4m, lie: sizes, on: 20%}"},
		{"{at: 4m, lie: silent, on: 10%}", "{at: 4m, lie: silent, on: 10%, for: 1m}"},
		{"{at: 4m, lie: ports, identities: 5}", "{at: 4m, lie: ports, identities: 6}"},
		{"{at: 4m, lie: ports, identities: 5}", "{at: 4m, lie: ports, identities: 5, for: 1m}"},
		{"{at: 4m, lie: toggle, identities: 5}", "{at: 4m, lie: toggle, identities: 5, for: 1m}"},
		{"{at: 4m, lie: grinds, ips: 1, ports: 9}", "{at: 4m, lie: grinds, ips: 2, ports: 9}"},
		{"{at: 4m, lie: grinds, ips: 1, ports: 9}", "{at: 4m, lie: grinds, ips: 1, ports: 99}"},
		{"{at: 4m, lie: grinds, ips: 1, ports: 9}", "{at: 4m, lie: grinds, ips: 1, ports: 9, for: 4m}"},
	} {
		if a, b := attacked(t, pair[0], 1), attacked(t, pair[1], 1); a.Summary.Fingerprint == b.Summary.Fingerprint {
			t.Errorf("%s is the same as %s", pair[0], pair[1])
		}
	}
}

// Attacks go beside churn, faults and links with limits.
func TestAttacksGoBesideAllElse(t *testing.T) {
	for _, rest := range []string{
		"churn: {session: {model: exponential, mean: 5m}, absence: {model: exponential, mean: 1m}, new_ip: 50%}",
		"faults: [{at: 4m, do: crash, on: 20%}, {at: 5m, do: hold, on: 10%, for: 1m}, {at: 6m, do: partition, on: 30%, for: 1m}]",
		"network: {up: 1Mbit/s, loss: 2%, service: 1ms, queue: 50}\nclasses: {home: {share: 30%, nat: true}}",
		"addresses: {nodes_per_ip: {model: pareto, max: 4}}",
		"registration: original",
	} {
		s := parse(t, "%s", "name: beside\nnodes: 60\nduration: 10m\n"+rest+"\nattacks: [{at: 3m, lie: garbage, on: 10%}, {at: 3m, lie: ports, identities: 9}, {at: 4m, lie: false-masters, on: 2 masters}, {at: 4m, lie: toggle, identities: 3}]\nworkload: {searches: {count: 20, start: 3m, over: 5m}, approvals: {count: 20, start: 3m, over: 5m}}\n")
		fingerprint, summary := run(t, s, 1)
		if again, text := run(t, s, 3); again != fingerprint || text != summary {
			t.Errorf("%s: with 3 workers the fingerprint is %s, was %s", rest, again, fingerprint)
		}
	}
}

// Faults and attacks may be on a class, or on the nodes at a place.
func TestFaultsAreOnAClassOrAPlace(t *testing.T) {
	const text = "name: placed\nnodes: 200\nduration: 4m\nlatency: {model: planet, places: {Tokyo: 30%%, London: 70%%}}\nclasses: {home: {share: 25%%}}\nfaults: [{at: 3m, do: crash, on: %s}]\n"
	for _, test := range []struct {
		on          string
		least, most int
	}{{"nodes of home", 50, 50}, {"50% of home", 25, 25}, {"in Tokyo", 40, 80}, {"masters in London", 3, 14}, {"of home in Tokyo", 5, 30}} {
		s := parse(t, text, test.on)
		r, err := sim.Run(s, sim.Options{})
		if got := must(t, r, err).Summary.Faults.Steps[0].Nodes; got < test.least || got > test.most {
			t.Errorf("on %s: %d nodes, want %d to %d", test.on, got, test.least, test.most)
		}
	}
}

// A lie may come from another module.
func TestALieOfAnother(t *testing.T) {
	sulk := lie.Kind{Begin: func(*lie.Liar) lie.Answer {
		return func(_ core.Peer, req *message.Request) (message.Response, bool) {
			return message.Refuse("SULKING"), req.Kind == message.KindQuerySlave
		}
	}}
	text := "name: sulk\nnodes: 50\nduration: 6m\nattacks: [{at: 3m, lie: sulks, on: 20%}]\nworkload: {searches: {count: 10, start: 4m}}\n"
	reader := scenario.Reader{Lies: []scenario.LieRow{{Name: "sulks", Kind: sulk}}}
	s, err := reader.Parse("sulk.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sim.Run(s, sim.Options{})
	if c := must(t, r, err).Summary.Search; c.Coverage.Mean != 1 {
		t.Errorf("the honest nodes are reached by %.3f", c.Coverage.Mean)
	}
	if _, err := scenario.Parse("sulk.yaml", []byte(text), nil); err == nil || !strings.Contains(err.Error(), `not "sulks"`) {
		t.Errorf("without the lie: %v", err)
	}
	for _, row := range []scenario.LieRow{{Name: "sizes", Kind: sulk}, {Kind: sulk}, {Name: "sulks"}} {
		if _, err := (scenario.Reader{Lies: []scenario.LieRow{row}}).Parse("sulk.yaml", []byte(text), nil); err == nil {
			t.Errorf("a lie named %q is taken", row.Name)
		}
	}
}

// Each lie has a scenario of its own, with a question, and an expectation that honest nodes
// are not banned for it.
func TestEachLieHasAScenario(t *testing.T) {
	for _, name := range lie.Kinds() {
		path := "../scenarios/liars/" + name + ".yaml"
		if name == "ports" {
			path = "../scenarios/sybil-host.yaml"
		}
		s, err := scenario.Load(path, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		unharmed := slices.ContainsFunc(s.Expect, func(e scenario.Expectation) bool { return e.Path == "behavior.false_bans" })
		if len(s.Attacks) != 1 || s.Attacks[0].Lie != name || s.Description == "" || !unharmed {
			t.Errorf("%s: %s is about %+v", name, path, s.Attacks)
		}
	}
}

// What the shipped scenarios expect of liars holds.
func TestScenariosOfLiarsHold(t *testing.T) {
	for _, name := range []string{"sizes", "hides", "toggle"} {
		s, err := scenario.Load("../scenarios/liars/"+name+".yaml", nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := sim.Run(s, sim.Options{})
		for _, o := range must(t, r, err).Expectations {
			if !o.OK {
				t.Errorf("%s: expected %s %s, got %s", name, o.Path, o.Condition, o.Value)
			}
		}
	}
}

// drawnBy runs a network of so many nodes in which attackers want draws of approvers.
func drawnBy(t *testing.T, nodes int, attack, settings string, seed int) *result.Approval {
	t.Helper()
	s := parse(t, "name: drawn\nnodes: %d\nseed: %d\nduration: 20m\naddresses: {nodes_per_ip: {model: constant, mean: 1}}\n"+
		"node: {host_limits: off}\napproval: {approvers: 5, decision_level: 60%%, %s}\nattacks: [%s]\n"+
		"workload: {approvals: {count: 600, start: 8m, over: 600s}}\n", nodes, seed, settings, attack)
	r, err := sim.Run(s, sim.Options{})
	a := must(t, r, err).Summary.Approval
	if a.Captured == nil || a.Denied == nil {
		t.Fatalf("%s, %s: nothing was measured", attack, settings)
	}
	return a
}

// asTheorySays checks that as many draws are captured and denied as theory says, and that
// all are counted. The bounds are those of as many standard deviations.
func asTheorySays(t *testing.T, what string, a *result.Approval, deviations float64) {
	t.Helper()
	for name, share := range map[string][2]float64{"captured": {*a.Captured, *a.CapturedExpected}, "denied": {*a.Denied, *a.DeniedExpected}} {
		seen, expected := share[0], share[1]
		if off := deviations * math.Sqrt(expected*(1-expected)/float64(a.Draws)); math.Abs(seen-expected) > off+1/float64(a.Draws) {
			t.Errorf("%s: %s %.4f, by theory %.4f, give or take %.4f", what, name, seen, expected, off)
		}
	}
	sum := 0
	for _, l := range a.Liars {
		sum += l.Draws
	}
	if sum != a.Draws {
		t.Errorf("%s: %d of %d draws are counted", what, sum, a.Draws)
	}
}

// Attackers capture and deny as many draws as theory says, in both orders, whether they
// hide honest nodes or not. The bounds are wide enough to fail once in a thousand times.
func TestAttackersCaptureAsManyDrawsAsTheorySays(t *testing.T) {
	for seed, c := range []struct{ attack, settings string }{
		{"{at: 3m, lie: approves, on: 10%}", "draw: original"},
		{"{at: 3m, lie: approves, on: 30%}", "draw: original"},
		{"{at: 3m, lie: approves, on: 30%}", "draw: host, group: ip, salt: network"},
		{"{at: 3m, lie: omits, on: 30% masters}, {at: 3m, lie: approves, on: 20%}", "draw: host, group: ip, salt: verifier, per: client"},
		{"{at: 3m, lie: omits, on: 30%}", "draw: host, group: ip, salt: network, min_age: 1m"},
	} {
		a := drawnBy(t, 200, c.attack, "period: 1s, "+c.settings, seed+1)
		asTheorySays(t, fmt.Sprint(c), a, 3.3)
		if a.Draws < 500 {
			t.Errorf("%+v: %d draws", c, a.Draws)
		}
	}
}

// A hundredth, a twentieth and a tenth of a thousand nodes that hide none, a tenth and
// three tenths of the others take their share of f/(1 - g(1-f)) of the approvers, within
// the 99 % interval.
func TestFewAttackersThatHideTakeTheirShareOfDraws(t *testing.T) {
	const nodes = 1000
	for _, colluders := range []int{10, 50, 100} {
		for _, hiding := range []int{0, 3, 10} { // of 32 masters
			attack := fmt.Sprintf("{at: 3m, lie: omits, on: %d slaves}", colluders-hiding)
			if hiding > 0 {
				attack = fmt.Sprintf("{at: 3m, lie: omits, on: %d masters}", hiding)
			}
			if hiding > 0 && colluders > hiding {
				attack += fmt.Sprintf(", {at: 3m, lie: omits, on: %d slaves}", colluders-hiding)
			}
			what := fmt.Sprintf("%d colluders, of them %d masters that hide", colluders, hiding)
			a := drawnBy(t, nodes, attack, "period: 1s, draw: host, group: ip, salt: network, min_age: 1m", colluders+hiding)
			asTheorySays(t, what, a, 2.58)
			f, g := float64(colluders)/nodes, float64(hiding)/32
			share, taken := f/(1-g*(1-f)), 0
			for _, l := range a.Liars {
				taken += l.Liars * l.Draws
			}
			all := float64(5 * a.Draws)
			if off := 2.58 * math.Sqrt(share*(1-share)/all); math.Abs(float64(taken)/all-share) > off {
				t.Errorf("%s: %.4f of the approvers are theirs, by theory %.4f, give or take %.4f", what, float64(taken)/all, share, off)
			}
			t.Logf("%s: captured %.4f (%.4f), denied %.4f (%.4f), %.4f of the approvers (%.4f)", what,
				*a.Captured, *a.CapturedExpected, *a.Denied, *a.DeniedExpected, float64(taken)/all, share)
		}
	}
}

// The owner of all ports of an IP captures nearly all draws of the original's order, as
// theory says, and by host none, or with many IPs no more than their share.
func TestGroundDrawsAreCapturedInTheOriginalsOrderOnly(t *testing.T) {
	a := drawnBy(t, 4000, "{at: 6m, lie: grinds, ips: 1}", "period: 15s, draw: original", 1)
	asTheorySays(t, "all ports of one IP", a, 2.58)
	if a.Draws < 40 || *a.Captured < 0.7 {
		t.Errorf("all ports of one IP capture %v of %d draws", *a.Captured, a.Draws)
	}
	for _, ips := range []int{1, 250} {
		a := drawnBy(t, 1000, fmt.Sprintf("{at: 4m, lie: grinds, ips: %d, ports: 20}", ips), "period: 5s, draw: host, group: ip, salt: network, min_age: 2m", 1)
		expected := *a.CapturedExpected
		if off := 2.58 * math.Sqrt(expected/float64(a.Draws)); a.Draws < 100 || *a.Captured > expected+off {
			t.Errorf("%d IPs capture %v of %d draws by host, by theory %v", ips, *a.Captured, a.Draws, expected)
		}
	}
}

// Chance is reckoned with what can be drawn: nodes where each counts by itself, else hosts,
// and of those of an attacker that grinds as many as it could have made.
func TestChanceIsReckonedWithWhatIsDrawn(t *testing.T) {
	const byHost = "draw: host, group: ip, salt: network"
	for _, c := range []struct {
		limits, settings, attack string
		nodes, colluders         int
	}{
		{"off", "draw: original", "{at: 3m, lie: approves, on: '#15-29'}", 60, 15},
		{"strict", "draw: original", "{at: 3m, lie: approves, on: '#15-29'}", 20, 5},
		{"off", byHost, "{at: 3m, lie: approves, on: '#15-29'}", 20, 5},
		{"off", byHost, "{at: 3m, lie: approves, on: '#15,18,21'}", 20, 1}, // a third of each
		{"off", "draw: original", "{at: 3m, lie: grinds, ips: 2, ports: 10}", 80, 20},
		{"off", byHost, "{at: 3m, lie: grinds, ips: 2, ports: 10}", 22, 2},
	} {
		s := parse(t, "name: chance\nnodes: 60\nduration: 12m\naddresses: {nodes_per_ip: {model: constant, mean: 3}}\n"+
			"node: {host_limits: %s}\napproval: {approvers: 4, decision_level: 50%%, period: 15s, %s}\nattacks: [%s]\n"+
			"workload: {approvals: {count: 20, start: 8m, over: 3m}}\n", c.limits, c.settings, c.attack)
		r, err := sim.Run(s, sim.Options{})
		a := must(t, r, err).Summary.Approval
		of := theory.Draw{Nodes: c.nodes, Colluders: c.colluders, Approvers: 4, Agree: 2}
		if a.CapturedExpected == nil || *a.CapturedExpected != of.Capture() || *a.DeniedExpected != of.Denial() {
			t.Errorf("%+v: expected to be captured %v and denied %v, of %+v %v and %v", c, a.CapturedExpected, a.DeniedExpected, of, of.Capture(), of.Denial())
		}
		for _, l := range a.Liars {
			if l.Expected != float64(a.Draws)*of.Exactly(l.Liars) {
				t.Errorf("%+v: of %d draws %v are expected to have %d liars", c, a.Draws, l.Expected, l.Liars)
			}
		}
	}
}

// Masters that withhold their parts of a salt, and a third of them that die while they are
// revealed, cost agreement no more than one period, whatever the number of levels.
func TestSaltsAreAgreedOnThoughMastersWithholdAndDie(t *testing.T) {
	for seed := range 3 {
		s := parse(t, "name: reveal\nnodes: 300\nlevels: %d\nseed: %d\nduration: 42m\naddresses: {nodes_per_ip: {model: constant, mean: 1}}\n"+
			"approval: {approvers: 5, draw: host, group: ip, salt: reveal}\n"+
			"attacks: [{at: 3m, lie: withholds, on: 5%%}, {at: 3m10s, lie: withholds, on: 1 masters}]\n"+
			"faults: [{at: 11m52s, do: crash, on: 30%% masters}]\n"+
			"workload: {approvals: {count: 200, start: 20m, over: 20m, entries: 3}}\n", seed+1, seed+1)
		r, err := sim.Run(s, sim.Options{})
		a := must(t, r, err).Summary.Approval
		if a.Agreement == nil || *a.Agreement != 1 || a.Success != 1 || r.Summary.Behavior.FalseBans != 0 {
			t.Errorf("seed %d: agreement %v, success %v, %+v", seed+1, a.Agreement, a.Success, r.Summary.Behavior)
		}
		if a.Agreement != nil {
			t.Logf("seed %d: agreement %v, success %v", seed+1, *a.Agreement, a.Success)
		}
	}
}
