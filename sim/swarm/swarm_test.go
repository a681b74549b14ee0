package swarm_test

import (
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/sim/lie"
	"spreadable/sim/swarm"
)

// A plan is a line of text, and the line is the plan.
func TestAPlanIsALine(t *testing.T) {
	for seed := range uint64(2000) {
		p := swarm.Draw(seed, swarm.All())
		again, err := swarm.ParsePlan(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%s is read as %s, %v", p, again, err)
		}
	}
}

// Plans are as different as they can be: every fault, every liar, small networks and
// large ones.
func TestPlansAreOfAllKinds(t *testing.T) {
	const plans = 12_000 // few have several levels, and liars that speak of branches
	seen := make(map[string]int)
	for seed := range uint64(plans) {
		p := swarm.Draw(seed, swarm.All())
		for _, name := range append(p.Faults, p.Lie) {
			seen[name]++
		}
		if p.Loss > 0 {
			seen["loss all the time"]++
		}
		if p.Nodes <= 4 {
			seen["small"]++
		}
		if p.Nodes > 100 {
			seen["large"]++
		}
	}
	for _, name := range append(swarm.All().Faults, swarm.All().Lies...) {
		if seen[name] < 10 {
			t.Errorf("%s is in %d of %d plans", name, seen[name], plans)
		}
	}
	for _, what := range []string{"loss all the time", "small", "large"} {
		if seen[what] < 50 {
			t.Errorf("%d of %d plans are %s", seen[what], plans, what)
		}
	}
}

// The number of levels has a stream of its own: without the word the plan is the same, but
// for liars, of which branches have few. A third of all plans have several levels.
func TestLevelsChangeNothingElseOfAPlan(t *testing.T) {
	one, several := swarm.All(), 0
	one.Levels = []int{1}
	for seed := range uint64(1000) {
		p, flat := swarm.Draw(seed, swarm.All()), swarm.Draw(seed, one)
		if p.Levels > 1 {
			several++
			p.Levels, p.Lie, p.Liars, flat.Lie, flat.Liars = 1, "", 0, "", 0
		}
		if p.String() != flat.String() {
			t.Errorf("%s with one level, %s with more", flat, p)
		}
	}
	if several < 280 || several > 390 {
		t.Errorf("%d of 1000 plans have several levels", several)
	}
}

// A choice with fewer kinds draws only of these.
func TestAChoiceIsKept(t *testing.T) {
	for seed := range uint64(500) {
		p := swarm.Draw(seed, swarm.Choice{Faults: []string{"kill", "hang"}, Lies: []string{"captor"}, LeastNodes: 2, MostSize: 20})
		for _, name := range p.Faults {
			if name != "kill" && name != "hang" {
				t.Errorf("seed %d draws %s", seed, name)
			}
		}
		if p.Nodes < 2 || p.Nodes > 20 || p.Loss > 0 || p.Lie != "" && p.Lie != "captor" {
			t.Errorf("seed %d draws %s", seed, p)
		}
	}
}

func TestImpossiblePlansAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"nodes=0":                           "nodes=0: want 1 to",
		"nodes=3 bootstrap=4":               "want 1 to the number of nodes, 3",
		"levels=4":                          "levels=4: want 1 to 3",
		"loss=0.6":                          "want a share",
		"loss=NaN":                          "want a share",
		"faults=flood":                      `no fault "flood"`,
		"liars=thief:1":                     `no lie "thief"`,
		"nodes=5 liars=captor:5":            "want 1 to 4",
		"faults=" + repeated("none", 9):     "9 faults",
		"seed=-1":                           "is no number",
		"nodes":                             "want name=value",
		"weather=fine":                      "want one of seed",
		"nodes=5 liars=captor:many faults=": "is no number",
	} {
		if _, err := swarm.ParsePlan(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func repeated(word string, times int) string {
	return strings.TrimSuffix(strings.Repeat(word+",", times), ",")
}

func parse(t *testing.T, text string) swarm.Plan {
	t.Helper()
	p, err := swarm.ParsePlan(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Faults of all engines, liars and loss: the same plan is the same run to the bit.
func TestARunIsItsPlan(t *testing.T) {
	for _, text := range []string{
		"seed=1 nodes=12 faults=hang,partition,restart-memory,growth",
		"seed=2 nodes=9 loss=0.05 faults=slow",
		"seed=3 nodes=20 liars=garbage:2",
		"seed=4 nodes=20 liars=toggle:2",
		"seed=5 nodes=20 levels=2 faults=kill",
	} {
		a, b := swarm.Run(parse(t, text), nil), swarm.Run(parse(t, text), nil)
		if a.Fingerprint != b.Fingerprint || a.Events != b.Events || a.Events == 0 {
			t.Errorf("%s: %016x after %d events, and %016x after %d", text, a.Fingerprint, a.Events, b.Fingerprint, b.Events)
		}
		other := parse(t, text)
		other.Seed++
		if c := swarm.Run(other, nil); c.Fingerprint == a.Fingerprint {
			t.Errorf("%s: another seed is the same run", text)
		}
	}
}

// A phase that is left out changes nothing of what the others draw.
func TestAFaultDrawsTheSameWithoutOthers(t *testing.T) {
	whole := swarm.Run(parse(t, "seed=5 nodes=30 faults=none,kill"), nil)
	alone := swarm.Run(parse(t, "seed=5 nodes=30 faults=kill"), nil)
	if a, b := whole.Phases[len(whole.Phases)-1].Did, alone.Phases[len(alone.Phases)-1].Did; a != b {
		t.Errorf("kill did %q, and alone %q", a, b)
	}
}

// Networks mend after what they mend after today.
func TestNetworksMend(t *testing.T) {
	choice := swarm.All()
	choice.Faults = []string{"none", "kill", "loss", "rolling-memory", "power-cut-blank", "mass-join"}
	choice.Lies, choice.MostSize = nil, 60
	for seed := range uint64(40) {
		if o := swarm.Run(swarm.Draw(seed, choice), nil); o.Failure != nil {
			t.Errorf("%s: %s", o.Plan, o.Failure)
		}
	}
}

// What nodes note is told, with the time and the node.
func TestARunTellsWhatItsNodesNote(t *testing.T) {
	registered := make(map[int]bool)
	last := time.Duration(0)
	swarm.Run(parse(t, "nodes=9"), func(at time.Duration, node int, note core.Note) {
		if note.What == core.NoteRegistered {
			registered[node] = true
		}
		if at < last {
			t.Errorf("%v after %v", at, last)
		}
		last = at
	})
	if len(registered) != 9 || !registered[1] || !registered[9] {
		t.Errorf("registered are %v of nine", registered)
	}
}

// Every kind of lie can be told, and the run goes on to its end or to a failure that is
// told.
func TestEveryLieIsTold(t *testing.T) {
	for _, name := range lie.Kinds() {
		plan := "seed=7 nodes=16"
		if k, _ := lie.Of(name); k.Tree {
			if _, err := swarm.ParsePlan(plan + " liars=" + name + ":2"); err == nil {
				t.Errorf("%s is told to a network without branches", name)
			}
			plan += " levels=2"
		}
		honest := swarm.Run(parse(t, plan), nil)
		o := swarm.Run(parse(t, plan+" liars="+name+":2"), nil)
		if o.Failure != nil && o.Failure.Kind == swarm.FailedPanic {
			t.Errorf("%s: %s", name, o.Failure)
		}
		if o.Events <= honest.Events {
			t.Errorf("%s: %d events, %d without liars", name, o.Events, honest.Events)
		}
	}
}
