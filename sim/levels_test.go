package sim

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/sim/invariant"
	"spreadable/sim/scenario"
)

// grown runs a network of several levels until a time and returns it.
func grown(t *testing.T, nodes, levels int, until time.Duration) *world {
	t.Helper()
	w := begun(t, fmt.Sprintf("name: l\nnodes: %d\nlevels: %d\nduration: 20m\n", nodes, levels))
	w.kernel.RunUntil(until)
	return w
}

// begun is the world of a scenario before its first event.
func begun(t *testing.T, text string) *world {
	t.Helper()
	s, err := scenario.Parse("l.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.net.Close)
	return w
}

func (w *world) allNodes() (nodes []*core.Node) {
	for i := range w.nodes {
		nodes = append(nodes, w.node(i))
	}
	return nodes
}

// Every small network settles at two levels, and stays as it is for twenty rounds.
func TestEverySmallNetworkSettlesAtTwoLevels(t *testing.T) {
	for size := 2; size <= 60; size++ {
		w := grown(t, size, 2, 16*16*time.Second)
		if err := invariant.Tree(w.allNodes()); err != nil {
			t.Errorf("%d nodes after 16 rounds: %v", size, err)
			continue
		}
		before := w.shape()
		w.kernel.RunUntil(36 * 16 * time.Second)
		if err := invariant.Tree(w.allNodes()); err != nil || w.shape() != before {
			t.Errorf("%d nodes have changed in twenty rounds: %v", size, err)
		}
	}
}

// shape is who lists whom, and the branches, as text.
func (w *world) shape() (text string) {
	for _, n := range w.allNodes() {
		text += fmt.Sprintln(n.Structure().Backlink, n.Structure().Slaves, n.Path())
	}
	return text
}

// reachedShare is the share of live nodes that searches through live entry nodes reach, in
// the mean over all of them.
func (w *world) reachedShare() float64 {
	m := newMeter(w)
	m.count(w.population.At(w.now()), w.nodes)
	sum, alive := 0, 0
	for i := range w.nodes {
		if !w.net.Host(i).Up() {
			continue
		}
		alive++
		if lists := w.node(i).Branches(); lists != nil {
			sum += m.reachBranches(lists[len(lists)-1], len(lists))
		}
	}
	return float64(sum) / float64(alive*alive)
}

// kill stops nodes without a word.
func (w *world) kill(nodes []int) {
	for _, i := range nodes {
		w.net.Stop(i)
	}
}

// heads are the heads of the branches of level 1.
func (w *world) heads() (heads []int) {
	for i := range w.nodes {
		if path := w.node(i).Path(); path[0].Head == peerOf(i) {
			heads = append(heads, i)
		}
	}
	return heads
}

// When three of ten heads die at once, their branches have new heads and are reached again
// within four rounds.
func TestBranchesOutliveTheirHeads(t *testing.T) {
	for _, levels := range []int{2, 3} {
		w := grown(t, 1000, levels, 20*16*time.Second)
		heads := w.heads()
		w.kill(heads[len(heads)-len(heads)*3/10:]) // not the bootstrap node, which is the first
		w.kernel.RunUntil(24 * 16 * time.Second)
		if share := w.reachedShare(); share < 0.99 {
			t.Errorf("%d levels: four rounds after 30 %% of the heads have died a search reaches %.4f of the nodes", levels, share)
		}
		w.kernel.RunUntil(60 * 16 * time.Second)
		if share := w.reachedShare(); share < 1 {
			t.Errorf("%d levels: forty rounds after 30 %% of the heads have died a search reaches %.4f of the nodes", levels, share)
		}
	}
}

// When all masters of a branch die at once, its other nodes have places again within four
// rounds.
func TestNodesOutliveAllMastersOfTheirBranch(t *testing.T) {
	for _, levels := range []int{2, 3} {
		w := grown(t, 1000, levels, 20*16*time.Second)
		heads := w.heads()
		branch := w.node(heads[len(heads)-1]).Path()[0].Name
		var masters []int
		for i := range w.nodes {
			if n := w.node(i); n.Path()[0].Name == branch && len(n.Structure().Slaves) > 0 {
				masters = append(masters, i)
			}
		}
		w.kill(masters)
		w.kernel.RunUntil(24 * 16 * time.Second)
		if share := w.reachedShare(); share < 0.99 {
			t.Errorf("%d levels: four rounds after all %d masters of a branch have died a search reaches %.4f of the nodes", levels, len(masters), share)
		}
	}
}

// A head of a branch of level 1 that keeps its branch out of searches is replaced at three
// levels too, where entry nodes do not ask it, by masters whose own searches do not come
// back to them; before that, it takes its branch to another parent once, as honest heads do.
// No other head is.
func TestAHeadThatHidesItsBranchIsReplaced(t *testing.T) {
	const text = "name: l\nnodes: 300\nlevels: %d\nduration: 30m\nattacks: [{at: 320s, lie: hides, on: '#%d'}]\n" +
		"workload: {searches: {count: 10000, start: 300s, over: 500s}}\n"
	for levels, rounds := range map[int]int{2: 20, 3: 30} { // order-free: a network each
		liar := 0
		for _, host := range grown(t, 300, levels, 320*time.Second).heads() {
			liar = host // not the first, which is the bootstrap node and leads all
		}
		s, err := scenario.Parse("l.yaml", fmt.Appendf(nil, text, levels, liar), nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := newWorld(s, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.net.Close)
		w.kernel.RunUntil(320 * time.Second)
		w.attacks.act(320 * time.Second)
		before := w.headsByBranch()
		w.kernel.RunUntil(time.Duration(20+rounds) * 16 * time.Second)
		after := w.headsByBranch()
		for name, head := range before { // order-free: checks
			if changed := after[name] != head; changed != (head == peerOf(liar)) {
				t.Errorf("%d levels: the head of branch %v is %v, was %v; the liar is %v", levels, name, after[name], head, peerOf(liar))
			}
		}
	}
}

// headsByBranch are the heads of the branches of level 1, as most of their nodes know them.
func (w *world) headsByBranch() map[core.Peer]core.Peer {
	heads, votes := make(map[core.Peer]core.Peer), make(map[[2]core.Peer]int)
	for i := range w.nodes {
		own := w.node(i).Path()[0]
		key := [2]core.Peer{own.Name, own.Head}
		if votes[key]++; votes[key] > votes[[2]core.Peer{own.Name, heads[own.Name]}] {
			heads[own.Name] = own.Head
		}
	}
	return heads
}

// When all masters of a branch of level 2 die at once, with the heads of all branches in
// it, what is left of these finds together or finds other branches.
func TestNodesOutliveAllMastersOfABranchOfBranches(t *testing.T) {
	w := grown(t, 1000, 3, 20*16*time.Second)
	heads := w.heads()
	branch := w.node(heads[len(heads)-1]).Path()[1].Name
	var masters []int
	for i := range w.nodes {
		if n := w.node(i); n.Path()[1].Name == branch && len(n.Structure().Slaves) > 0 {
			masters = append(masters, i)
		}
	}
	w.kill(masters)
	for _, want := range []struct {
		rounds int
		share  float64
	}{{4, 0.98}, {8, 0.99}, {30, 0.999}} {
		w.kernel.RunUntil(time.Duration(20+want.rounds) * 16 * time.Second)
		if share := w.reachedShare(); share < want.share {
			t.Errorf("%d rounds after all %d masters of a branch of level 2 have died a search reaches %.4f of the nodes, not %.3f", want.rounds, len(masters), share, want.share)
		}
	}
}

// A network that decides how many levels it has takes the second when it grows, gives it up
// when it shrinks, each once, and is searched all the time.
func TestNetworkTakesAnotherLevelAndGivesItUp(t *testing.T) {
	s, err := scenario.Parse("l.yaml", []byte(`
name: l
nodes: 1200
levels: auto
duration: 1400s
join: {mode: growth, initial: 200, rate: 5%}
leave: {at: 720s, rate: 5%, to: 200}
node: {fan_out: 24}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.net.Close)
	changes, levels := 0, 1
	for at := 160 * time.Second; at < s.Duration; at += s.SyncInterval {
		w.kernel.RunUntil(at)
		up := w.population.At(at).Listed()
		m := newMeter(w)
		m.count(up, up.Size())
		if share := m.coverage(up, up.Size()); share < 0.94 {
			t.Errorf("%v: a search reaches %.4f of %d nodes", at, share, up.Size())
		}
		if now := w.node(0).Levels(); now != levels {
			changes, levels = changes+1, now
		}
		if at == 720*time.Second && levels != 2 {
			t.Errorf("%d nodes have %d levels, not 2", up.Size(), levels)
		}
	}
	if changes != 2 || levels != 1 {
		t.Errorf("the number of levels has changed %d times, to %d in the end, not twice, to 1", changes, levels)
	}
}

// The results have each level of masters: all masters of a level are members of branches of
// the next one.
func TestResultsHaveEachLevel(t *testing.T) {
	for levels := 1; levels <= 3; levels++ {
		s, err := scenario.Parse("l.yaml", fmt.Appendf(nil, "name: l\nnodes: 60\nlevels: %d\nduration: 8m\n", levels), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := r.Summary.Structure.Levels
		if len(got) != levels || got[0].Masters != r.Summary.Structure.Masters {
			t.Fatalf("%d levels: %+v", levels, got)
		}
		for i := 1; i < levels; i++ {
			if l := got[i]; l.Level != i+1 || l.Masters == 0 || math.Abs(l.Members.Mean*float64(l.Masters)-float64(got[i-1].Masters)) > 1e-6 {
				t.Errorf("of %d masters of level %d, level %d has %+v", got[i-1].Masters, i, i+1, l)
			}
		}
	}
}

// Ports that come and go do so at masters of all branches, whatever the number of levels is.
func TestTogglersComeToAllBranches(t *testing.T) {
	for _, levels := range []string{"1", "2", "3", "auto"} {
		const begin = 6 * time.Minute
		text := "name: l\nnodes: 100\nduration: 20m\nlevels: " + levels + "\nattacks: [{at: 6m, lie: toggle, identities: 40}]\n"
		w := begun(t, text)
		w.kernel.RunUntil(begin)
		w.attacks.act(begin)
		branches, met := make(map[core.Peer]bool), make(map[core.Peer]bool)
		for _, n := range w.allNodes() {
			branches[n.NetworkRoot()] = true
		}
		for at := begin; at < begin+40*time.Second; at += time.Second {
			w.kernel.RunUntil(at)
			for _, n := range w.allNodes() {
				if slices.ContainsFunc(n.Structure().Slaves, func(p core.Peer) bool { return int(p.ID()) > w.nodes }) {
					met[n.NetworkRoot()] = true
				}
			}
		}
		if len(met) != len(branches) {
			t.Errorf("levels %s: masters of %d of %d branches have listed one", levels, len(met), len(branches))
		}
	}
}
