// Package resulttest makes up runs for the tests of whatever reads results. The numbers
// are plausible, not simulated: a network that settles after a few rounds, requests
// around 150 ms, and a fair draw of approvers.
package resulttest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"spreadable/sim/result"
)

const (
	round = 16 * time.Second
	draws = 120
)

// Run makes up a run of the given number of nodes, at least 4. Equal arguments give equal
// runs.
func Run(nodes int, seed uint64) *result.Run {
	rng := rand.New(rand.NewPCG(seed, uint64(nodes)))
	run := &result.Run{
		Version: "v0.0.0-test",
		Scenario: fmt.Appendf(nil, "name: made-up\nseed: %d\nnodes: %d\nduration: 320s\nsync_interval: 16s\n",
			seed, nodes),
		Samples: samples(nodes),
		Nodes:   network(nodes, rng),
	}
	run.Requests = append(searches(nodes, rng), approvals(run.Nodes, rng)...)
	count(run.Nodes, rng)
	s := &run.Summary
	s.Schema = result.SummarySchema
	s.Scenario = result.Scenario{Name: "made-up", Hash: "3f5a9c01d2e4b687", Seed: seed, Nodes: nodes, Levels: 1}
	s.Fingerprint = fmt.Sprintf("%016x", rng.Uint64())
	peak := int64(48 << 20)
	s.Engine = result.Engine{VirtualS: 320, WallS: 1.25, Events: 1_234_567, EventsPerS: 987_654,
		PeakRSSBytes: &peak, Workers: 1}
	s.Convergence = result.ConvergenceSummary(run.Samples, round)
	s.Structure = result.StructureSummary(run.Nodes, s.Scenario.Levels)
	s.Search = result.SearchSummary(run.Requests)
	s.Approval = result.ApprovalSummary(run.Requests, result.ApproverLoad(run.Nodes))
	run.Loads = result.LoadRows(s.Approval, result.ApproverLoad(run.Nodes))
	s.Sync = &result.Sync{RequestsPerNodeRound: 3.04, BytesPerNodeRound: 5312.5,
		BytesPerMasterRound: &result.Spread{Min: 41_000, Mean: 52_500.25, Max: 61_000}}
	s.Network = links(int64(nodes))
	run.Expectations = []result.Outcome{
		{Path: "search.hops.max", Condition: "<= 3", Value: "3", OK: true},
		{Path: "convergence.rounds", Condition: "<= 4", Value: "6", OK: false},
		{Path: "approval.captured", Condition: "< 0.01", Value: "null: there was no attack", OK: false},
	}
	return run
}

// links have counted something of each kind.
func links(nodes int64) *result.Network {
	use := func(most float64) *result.Use {
		return &result.Use{Passed: 900 * nodes, UtilisationMean: most / 8, UtilisationMax: most, Busiest: 3,
			WaitMS: result.Wait{Mean: 1.5, Max: 250}}
	}
	counts := []int64{2 * nodes, 45 * nodes, 30 * nodes, 7 * nodes, 5 * nodes, 3 * nodes}
	return &result.Network{
		Bytes: 1800 * 80 * nodes, Lost: &counts[0], Retransmissions: &counts[1], Handshakes: &counts[2],
		Refused: &counts[3], Abandoned: &counts[4], Unreachable: &counts[5],
		Uplink: use(0.5), Downlink: use(0.25), Service: use(0.75),
	}
}

// samples follow a logistic curve from no node to all.
func samples(nodes int) []result.Sample {
	var list []result.Sample
	for at := time.Duration(0); at <= 20*round; at += round / 4 {
		rounds := float64(at) / float64(round)
		share := func(middle float64) float64 {
			x := 1 / (1 + math.Exp(-3.2*(rounds-middle)))
			if x > 0.9985 {
				return 1
			}
			return x
		}
		masters := math.Sqrt(float64(nodes)) * share(1.5) * (1 + 0.25*math.Exp(-rounds/2))
		list = append(list, result.Sample{
			Time: at, Alive: nodes, Registered: share(1.8), ExactSize: share(3.6), Coverage: share(2.9),
			RegisteredCount: int(share(1.8) * float64(nodes)), Masters: int(masters),
			MastersExpected: result.ExpectedMasters(nodes, 1),
			Requests:        int64(nodes), Bytes: int64(nodes) * 1800, Events: int64(nodes) * 4,
			Lost: new(int64(len(list) % 2)), Retransmissions: new(int64(len(list) % 3)), Refused: new(int64(len(list) % 5)),
			Abandoned: new(int64(len(list) % 7)),
		})
	}
	return list
}

// network has the square root of nodes masters, whose lists differ a little, and a few
// nodes without a place.
func network(nodes int, rng *rand.Rand) []result.Node {
	masters := int(math.Sqrt(float64(nodes)))
	list := make([]result.Node, nodes)
	for i := range list {
		list[i] = result.Node{Index: i, Address: fmt.Sprintf("n%d.example:2079", i), Role: result.RoleSlave}
		backlink := i % masters
		if i >= masters && rng.IntN(12) == 0 {
			backlink = rng.IntN(masters)
		}
		if i > 0 && i < masters {
			backlink = rng.IntN(masters)
		}
		list[i].Backlink = backlink
		if i == nodes-1 {
			list[i].Backlink, list[i].Role = result.NoBacklink, result.RoleNone
			continue
		}
		list[backlink].Slaves++
	}
	for i := range list {
		if list[i].Slaves > 0 {
			list[i].Role = result.RoleBoth
		}
	}
	return list
}

func searches(nodes int, rng *rand.Rand) []result.Request {
	var list []result.Request
	fanout := int(math.Sqrt(float64(nodes)))
	for i := range 200 {
		hops := 3
		if rng.IntN(20) == 0 {
			hops = 2
		}
		var latency time.Duration
		for range hops {
			latency += time.Duration(50e6 * math.Exp(0.35*rng.NormFloat64()))
		}
		r := result.Request{Kind: result.KindSearch, Index: i, Start: 10*round + time.Duration(i)*250*time.Millisecond,
			Entry: rng.IntN(nodes), OK: true, Hops: hops, Latency: latency, Messages: int64(nodes + fanout),
			Bytes: int64(nodes) * 400,
			Asked: nodes, Answered: nodes - rng.IntN(2), Fanout: fanout}
		r.Coverage = float64(r.Answered) / float64(nodes)
		if i == 77 {
			r.OK, r.Error, r.Coverage = false, result.ErrorTimeout, 0
			r.Hops, r.Asked, r.Answered, r.Fanout = 0, 0, 0, 0
		}
		list = append(list, r)
	}
	return list
}

// approvals draws three nodes per draw, fairly, and counts them in nodes.
func approvals(nodes []result.Node, rng *rand.Rand) []result.Request {
	var list []result.Request
	for i := range draws {
		order := rng.Perm(len(nodes))[:3]
		for _, n := range order {
			nodes[n].Approvals++
			nodes[n].Class = "home"
		}
		latency := time.Duration(100e6*math.Exp(0.3*rng.NormFloat64())) + 105*time.Millisecond
		list = append(list, result.Request{Kind: result.KindApproval, Index: i,
			Start: 10*round + time.Duration(i)*time.Second,
			Entry: rng.IntN(len(nodes)), OK: true, Latency: latency, Messages: 12, Bytes: 9000,
			DrawStart: 10*round + time.Duration(i)*time.Second,
			Approvers: order, Compared: 2, Agreed: true})
	}
	return list
}

// count gives masters the traffic of masters and slaves that of slaves.
func count(nodes []result.Node, rng *rand.Rand) {
	for i := range nodes {
		n := &nodes[i]
		noise := math.Exp(0.25 * rng.NormFloat64())
		n.RequestsReceived = int64((230 + 420*float64(n.Slaves)) * noise)
		n.RequestsSent = int64((60 + 230*float64(n.Slaves)) * noise)
		n.BytesReceived, n.BytesSent = n.RequestsReceived*380, n.RequestsSent*420
	}
}
