package node_test

import (
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/node"
)

var changeLevels = flag.Bool("change-levels", false, "let a network over HTTP take a second level and give it up")

// reach is a search whose answer is nothing but how many nodes it reaches.
type reach struct{}

func (reach) Name() string       { return "reach" }
func (reach) Answer(any) any     { return "here" }
func (reach) Merge(a, _ any) any { return a }

// following is a network over HTTP that decides how many levels it has.
type following struct {
	t      *testing.T
	nodes  []*node.Node
	serves bool // the first nodes have found each other
}

// add starts one more node.
func (f *following) add() {
	c := nodeConfig(f.t)
	c.Levels, c.FanOut, c.HostLimits = message.AutoLevels, 4, "off"
	c.LeaveNotice = 100 * time.Millisecond
	if len(f.nodes) > 0 {
		c.Bootstrap = []string{f.nodes[0].Address()}
	}
	n := newNode(f.t, node.Options{Config: c, Ephemeral: true, Queries: []core.Query{reach{}}})
	start(f.t, n)
	f.nodes = append(f.nodes, n)
}

// leave ends the latest nodes in good order, until so many are left.
func (f *following) leave(left int) {
	var ending sync.WaitGroup
	for _, n := range f.nodes[left:] {
		ending.Go(func() { must(f.t, n.Stop()) })
	}
	ending.Wait()
	f.nodes = f.nodes[:left]
}

// search asks the whole network through a node for how many nodes answer.
func (f *following) search(entry *node.Node) (reached int, err error) {
	done := make(chan error, 1)
	failed := entry.Do(f.t.Context(), func(n *core.Node) {
		n.Go(func(t *core.Task) {
			answer, err := t.Ask("reach", nil, 5*time.Second)
			if err == nil {
				reached = answer.Coverage.Answered
			}
			done <- err
		})
	})
	if failed != nil {
		return 0, failed
	}
	return reached, <-done
}

// settles waits until all nodes use so many levels and see each other, and a search reaches
// all of them. Until then it searches through each node in turn, and once there was a
// network at all, half of these searches must reach half of it.
func (f *following) settles(levels int) {
	f.t.Helper()
	good := 0
	pause := time.NewTicker(100 * time.Millisecond)
	defer pause.Stop()
	for turn := 1; ; turn++ {
		var open []string
		for _, n := range f.nodes {
			s, err := n.Status(f.t.Context())
			must(f.t, err)
			if s.Levels != levels || s.LevelsToBe != levels || s.NetworkSize != len(f.nodes) || !s.Registered {
				open = append(open, fmt.Sprintf("%d levels, to be %d, of %d nodes", s.Levels, s.LevelsToBe, s.NetworkSize))
			}
		}
		reached, err := f.search(f.nodes[turn%len(f.nodes)])
		if err == nil && 2*reached > len(f.nodes) {
			good++
		}
		switch {
		case len(open) == 0 && reached == len(f.nodes):
			if f.t.Logf("%d of %d searches have reached half of the network", good, turn); f.serves && 2*good < turn {
				f.t.Errorf("while the network comes to %d levels %d of %d searches reach half of it", levels, good, turn)
			}
			f.serves = true
			return
		case f.t.Context().Err() != nil:
			f.t.Fatalf("%d nodes do not come to %d levels: %s", len(f.nodes), levels, open)
		}
		<-pause.C
	}
}

// A network over HTTP takes a second level when a node would ask more than four others at
// a time, and gives it up when nodes leave, and serves all the while.
func TestNodesTakeASecondLevelAndGiveItUp(t *testing.T) {
	if !*changeLevels {
		t.Skip("half a minute of syncs: make levels")
	}
	f := &following{t: t}
	for range 5 {
		f.add()
	}
	f.settles(1)
	for range 20 {
		f.add()
	}
	f.settles(2)
	s, err := f.nodes[0].Status(t.Context())
	must(t, err)
	if s.TopBranches < 2 || !s.LevelsAuto {
		t.Errorf("25 nodes of two levels have %d branches", s.TopBranches)
	}
	f.leave(5)
	f.settles(1)
}

// A node that stops tells its backlink that it has gone, and its slaves, which have other
// places before the node has ended. With the notice 0 it says nothing.
func TestANodeTellsOthersThatItLeaves(t *testing.T) {
	for _, notice := range []time.Duration{0, 500 * time.Millisecond} {
		t.Run(notice.String(), func(t *testing.T) {
			var network []*node.Node
			for i := range 6 {
				c := nodeConfig(t)
				c.SyncInterval, c.ServerTimeout = time.Hour, 10*time.Second // no sync finds out
				c.HostLimits, c.LeaveNotice = "off", notice
				if i > 0 {
					c.Bootstrap = []string{network[0].Address()}
				}
				network = append(network, newNode(t, node.Options{Config: c, Ephemeral: true}))
				start(t, network[i])
				must(t, network[i].Sync(t.Context()))
			}
			leaver := network[len(network)-1]
			status, err := leaver.Status(t.Context())
			must(t, err)
			lists := func() bool {
				for _, n := range network {
					if n.Address() == status.Backlink {
						s, err := n.Structure(t.Context())
						must(t, err)
						return slices.ContainsFunc(s.Slaves, func(a string) bool { return a == leaver.Address() })
					}
				}
				return false
			}
			if !lists() {
				t.Fatalf("the backlink %s does not list the node", status.Backlink)
			}
			must(t, leaver.Stop())
			if lists() != (notice == 0) {
				t.Errorf("after the node has left its backlink lists it: %v", lists())
			}
		})
	}
}
