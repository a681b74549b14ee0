package twin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"spreadable/admin"
	"spreadable/config"
	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/peer"
	"spreadable/internal/stream"
	"spreadable/node"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem/latency"
)

// port is that of all real nodes; each has an IP of its own.
const port = 4000

// Addresses finds so many free addresses of loopback, in their order.
func Addresses(nodes int) ([]peer.Address, error) {
	for range 20 {
		list := make([]peer.Address, 0, nodes)
		first := []byte{127, byte(1 + rand.IntN(250)), byte(rand.IntN(250)), 0}
		for i := range nodes {
			text := fmt.Sprintf("127.%d.%d.%d:%d", first[1], int(first[2])+i/250, 1+i%250, port)
			listener, err := net.Listen("tcp", text)
			if err != nil {
				break
			}
			listener.Close()
			address, err := peer.Parse(text)
			if err != nil {
				return nil, err
			}
			list = append(list, address)
		}
		if len(list) == nodes {
			return list, nil
		}
	}
	return nil, fmt.Errorf("found no %d free addresses at port %d of 127.0.0.0/8", nodes, port)
}

// network is a scenario as real nodes.
type network struct {
	scenario *scenario.Scenario
	texts    []string
	index    map[string]int
	wires    *wires
	nodes    []*node.Node
	began    time.Time

	mu      sync.Mutex
	started []bool
	samples []result.Sample
	upkeep  []traffic // up to each sample
	total   traffic   // up to the last sample
	rows    []result.Request
	failed  error
}

// traffic is what has been sent up to a time.
type traffic struct{ requests, bytes int64 }

// newNetwork makes the nodes and starts none. Model is the latency, nil for none.
func newNetwork(s *scenario.Scenario, addresses []peer.Address, model latency.Model) (*network, error) {
	n := &network{scenario: s, index: make(map[string]int), started: make([]bool, s.Nodes)}
	for i, a := range addresses {
		n.texts = append(n.texts, a.String())
		n.index[a.String()] = i
	}
	n.wires = newWires(model, n.texts, s.Seed)
	for i := range s.Nodes {
		options, err := n.options(i)
		if err != nil {
			return nil, err
		}
		one, err := node.New(options)
		if err != nil {
			return nil, err
		}
		if err := one.HandleApproved(action, "client", done); err != nil {
			return nil, err
		}
		n.nodes = append(n.nodes, one)
	}
	return n, nil
}

// options are those of node i: what the simulator gives its nodes.
func (n *network) options(i int) (node.Options, error) {
	s, c := n.scenario, config.Defaults()
	approvers, err := draw.ParseCount(s.Approval.Approvers)
	if err != nil {
		return node.Options{}, err
	}
	decision, err := draw.ParseDecision(s.Approval.DecisionLevel)
	if err != nil {
		return node.Options{}, err
	}
	host, _, _ := net.SplitHostPort(n.texts[i])
	c.Hostname, c.Port, c.Listen = host, port, n.texts[i]
	c.Bootstrap = n.texts[:min(s.Join.Bootstrap, s.Nodes)]
	c.SyncInterval, c.SyncPeriod = s.SyncInterval, max(core.DefaultSyncPeriod, s.SyncInterval)
	c.ServerTimeout, c.PingTimeout = s.Node.ServerTimeout, s.Node.PingTimeout
	c.MaxFails, c.Trusted, c.Registration = s.Node.ServerMaxFails, s.Node.Trusted, string(s.Registration)
	c.Levels = int(s.Levels)
	if s.Levels == scenario.AutoLevels {
		c.FanOut = s.Node.FanOut
	}
	c.HostLimits, c.BanByAddress, c.Captcha = "off", true, false
	c.Approvers, c.Decision, c.ApprovalPeriod = approvers, decision, s.Approval.Period
	c.LeaveTimeout, c.LeaveNotice = time.Millisecond, 0 // a crash waits for nothing and says nothing
	return node.Options{
		Config: c, Ephemeral: true, Queries: []core.Query{reached(i)}, Via: n.wires.of(i),
	}, nil
}

// run lets the scenario happen, in real time.
func (n *network) run(asked context.Context) error {
	ctx, cancel := context.WithCancel(asked)
	defer cancel()
	defer n.close()
	n.began = time.Now()
	var all sync.WaitGroup
	for i, at := range population.New(n.scenario).Starts() {
		all.Go(func() { n.start(ctx, i, at) })
	}
	for i := range n.scenario.Faults {
		all.Go(func() { n.crash(ctx, i) })
	}
	all.Go(func() { n.work(ctx) })
	for at := time.Duration(0); at <= n.scenario.Duration; at += n.scenario.Sample {
		if n.sleepUntil(ctx, at) != nil {
			break
		}
		n.sample(ctx, at)
	}
	cancel()
	all.Wait()
	return errors.Join(asked.Err(), n.failed)
}

// sleepUntil waits for a time of the scenario.
func (n *network) sleepUntil(ctx context.Context, at time.Duration) error {
	return pause(ctx, at-time.Since(n.began))
}

// start brings up a node at its time.
func (n *network) start(ctx context.Context, i int, at time.Duration) {
	if n.sleepUntil(ctx, at) != nil {
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- n.nodes[i].Run(context.WithoutCancel(ctx)) }() // until close or a crash
	if err := n.nodes[i].Ready(ctx); err != nil && ctx.Err() == nil {
		n.fail(fmt.Errorf("node %d at %s: %w", i, n.texts[i], err))
		return
	}
	n.mu.Lock()
	n.started[i] = true
	n.mu.Unlock()
}

func (n *network) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failed = errors.Join(n.failed, err)
}

// alive lists the nodes that run.
func (n *network) alive() []int {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []int
	for i, started := range n.started {
		if started && !n.wires.isDown(i) {
			list = append(list, i)
		}
	}
	return list
}

// crash ends the nodes of a fault at its time, those that the simulator would end if they
// are given by number.
func (n *network) crash(ctx context.Context, number int) {
	f := n.scenario.Faults[number]
	if n.sleepUntil(ctx, f.At) != nil {
		return
	}
	state := refusing
	if f.Silent {
		state = silent
	}
	for _, i := range n.targets(ctx, number, f) {
		n.wires.down[i].Store(state)
		n.nodes[i].Leave()
	}
}

// targets picks the nodes of a fault among those that run.
func (n *network) targets(ctx context.Context, number int, f scenario.Fault) []int {
	target, err := scenario.ParseTarget(f.On)
	if err != nil {
		n.fail(err)
		return nil
	}
	views := n.look(ctx)
	var all []int
	for _, i := range n.alive() {
		if v := views[i]; v != nil && v.fits(target, i, n.scenario.Join.Bootstrap) {
			all = append(all, i)
		}
	}
	if target.List != nil {
		return all
	}
	count := target.Count
	if count == 0 {
		count = max(1, int(target.Share*float64(len(all))+0.5))
	}
	r := rand.New(stream.New(n.scenario.Seed, uint64(number), stream.Fault))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if target.Largest {
		slices.SortStableFunc(all, func(a, b int) int { return len(views[b].slaves) - len(views[a].slaves) })
	}
	return all[:min(count, len(all))]
}

// close ends all nodes.
func (n *network) close() {
	for _, one := range n.nodes {
		one.Leave()
	}
	for _, one := range n.nodes {
		one.Stop()
	}
}

// view is what a node says of its place, by the numbers of nodes.
type view struct {
	backlink        int
	slaves, masters []int
	heads           [][]int // of the branches of each level, of level 1 first
	size            int
}

// fits reports whether a node is one of those that a target is about.
func (v *view) fits(t scenario.Target, number, bootstrap int) bool {
	if t.List != nil {
		return slices.Contains(t.List, number)
	}
	switch t.Role {
	case scenario.Masters:
		return len(v.slaves) > 0
	case scenario.Slaves:
		return len(v.slaves) == 0 && v.backlink >= 0
	case scenario.Bootstrap:
		return number < bootstrap
	}
	return true
}

// look asks all nodes that run; nil for one that has ended meanwhile.
func (n *network) look(ctx context.Context) []*view {
	views := make([]*view, len(n.nodes))
	for _, i := range n.alive() {
		s, err := n.nodes[i].Structure(ctx)
		if err != nil {
			continue
		}
		v := &view{backlink: n.number(s.Backlink)}
		for _, slave := range s.Slaves {
			v.slaves = append(v.slaves, n.number(slave))
		}
		for _, master := range s.Masters {
			v.masters = append(v.masters, n.number(master.Address))
			v.size += master.Size
		}
		v.addTree(n, s.Tree)
		v.size = max(1, v.size)
		views[i] = v
	}
	return views
}

// addTree takes over what the node knows of branches. Those of the top are the network.
func (v *view) addTree(n *network, tree []admin.BranchLevel) {
	for _, level := range tree {
		var heads []int
		v.size = 0
		for _, b := range level.Branches {
			heads = append(heads, n.number(b.Head))
			v.size += b.Size
		}
		v.heads = append(v.heads, heads)
	}
}

// number is that of the node at an address, -1 for none.
func (n *network) number(text string) int {
	if i, known := n.index[text]; known {
		return i
	}
	return -1
}
