package swarm

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/sim/fault"
	"spreadable/sim/lie"
)

// settled is a run with a network that has settled.
func settled(t *testing.T, text string) *run {
	t.Helper()
	p, err := ParsePlan(text)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.net.Close)
	r := &run{world: w}
	for _, h := range r.hosts[:p.Nodes] {
		h.Boot(false)
	}
	r.Run(8 * fault.Round)
	if err := r.whole(); err != nil {
		t.Fatal(err)
	}
	return r
}

// With liars among them, honest nodes are well if no liar has captives and none is
// counted that does not exist.
func TestTheJudgeSeesCaptivesAndPhantoms(t *testing.T) {
	r := settled(t, "seed=3 nodes=16")
	r.plan.Lie = "captor"
	leaf := slices.IndexFunc(r.hosts[:r.nodes], func(h *host) bool { return !h.IsMaster() })
	master := slices.IndexFunc(r.hosts[:r.nodes], func(h *host) bool { return h.IsMaster() })
	r.hosts[leaf].lying = true
	if err := r.whole(); err != nil {
		t.Errorf("a liar without slaves does harm: %v", err)
	}
	r.hosts[leaf].Crash(false)
	if err := r.whole(); err == nil || !strings.Contains(err.Error(), "counts 16 nodes") {
		t.Errorf("a node is counted that is gone, and the judge says %v", err)
	}
	r = settled(t, "seed=3 nodes=16")
	r.plan.Lie, r.hosts[master].lying = "captor", true
	if err := r.whole(); err == nil || !strings.Contains(err.Error(), "which lies") {
		t.Errorf("a liar has slaves, and the judge says %v", err)
	}
}

// A wrong size, a node without a place, a network in two parts: each is told.
func TestTheJudgeSeesWhatIsBroken(t *testing.T) {
	r := settled(t, "seed=3 nodes=9")
	r.hosts[8].Crash(false)
	if err := r.whole(); err == nil {
		t.Error("a node is gone, and all seems well")
	}
	r = settled(t, "seed=3 nodes=9")
	r.hosts[8].Crash(false)
	r.hosts[8].Boot(false)
	if err := r.whole(); err == nil || !strings.Contains(err.Error(), "no backlink") && !strings.Contains(err.Error(), "root") {
		t.Errorf("a node knows nothing, and the judge says %v", err)
	}
}

// ask sends a ping from one host to another and returns what came back within two
// seconds.
func ask(r *run, from, to int) (err error) {
	err = errNoAnswer
	r.hosts[from].Call(peerOf(to), message.Request{Kind: message.KindPing, From: peerOf(from), Timeout: time.Second},
		func(resp message.Response) { err = resp.Err })
	r.Run(2 * time.Second)
	return err
}

var errNoAnswer = message.Refusal("NONE", "no answer at all")

// What a host answers when it is up, down, without power, held, cut off, and back again.
func TestHostsAreReachedAsTheirStateSays(t *testing.T) {
	r := settled(t, "seed=4 nodes=9")
	h := r.hosts[5]
	expect := func(state string, want error) {
		t.Helper()
		if err := ask(r, 2, 5); err != want {
			t.Errorf("%s: %v, want %v", state, err, want)
		}
	}
	expect("up", nil)
	h.Crash(false)
	expect("down", message.ErrUnreachable)
	h.Boot(true)
	expect("back", nil)
	h.Crash(true)
	expect("without power", message.ErrTimeout)
	h.Boot(false)
	h.Hold()
	expect("held", message.ErrTimeout)
	h.Release()
	expect("released", nil)
	h.SetGroup(1)
	expect("cut off", message.ErrUnreachable)
	r.SetCut(true)
	expect("cut off in silence", message.ErrTimeout)
	h.SetGroup(0)
	h.SetSlow(400 * time.Millisecond)
	expect("slow", nil)
	h.SetSlow(600 * time.Millisecond)
	expect("too slow", message.ErrTimeout)
	h.SetSlow(0)
	r.SetLoss(1)
	expect("lost", message.ErrTimeout)
	r.SetLoss(0)
	expect("found", nil)
}

// A host that is held does nothing: it sends nothing, and does not learn what time it is.
// Released, it does what was due.
func TestAHeldHostStandsStill(t *testing.T) {
	r := settled(t, "seed=5 nodes=9")
	h := r.hosts[4]
	sent := r.net.Host(4).Traffic.RequestsSent
	h.Hold()
	r.Run(4 * fault.Round)
	if now := r.net.Host(4).Traffic.RequestsSent; now != sent {
		t.Errorf("it sent %d requests while it was held", now-sent)
	}
	h.Release()
	r.Run(fault.Round)
	if now := r.net.Host(4).Traffic.RequestsSent; now == sent {
		t.Error("it sends nothing after its release")
	}
}

// A node that comes back with its state knows its backlink at once; one that comes back
// without knows nothing.
func TestAHostRemembersWhatItShould(t *testing.T) {
	r := settled(t, "seed=6 nodes=9")
	h := r.hosts[7]
	backlink := h.Structure().Backlink
	h.Crash(false)
	h.Boot(true)
	if got := h.Structure().Backlink; got != backlink {
		t.Errorf("its backlink is %d, was %d", got.ID(), backlink.ID())
	}
	h.Crash(false)
	h.Boot(false)
	if got := h.Structure().Backlink; !got.IsZero() {
		t.Errorf("it remembers %d", got.ID())
	}
}

// Intruders listen at one IP, and their node does not run.
func TestIntrudersAreOutside(t *testing.T) {
	r := settled(t, "seed=7 nodes=14 liars=toggle:3")
	before := len(r.honest())
	kind, _ := lie.Of("toggle")
	r.lie(kind)
	listed := false
	for range 40 {
		r.Run(time.Second)
		for _, h := range r.hosts[:r.nodes] {
			listed = listed || slices.ContainsFunc(h.Structure().Slaves, func(p core.Peer) bool { return p.ID() > uint32(r.spare) })
		}
	}
	if after := len(r.honest()); after != before {
		t.Errorf("%d honest nodes, %d before", after, before)
	}
	if !listed {
		t.Error("no master has taken an intruder")
	}
}

// A ban between honest nodes is a failure, one of a liar is none.
func TestOnlyBansOfHonestNodesCount(t *testing.T) {
	r := settled(t, "seed=8 nodes=9")
	r.hosts[3].lying = true
	r.observe(1, core.Note{What: core.NoteBanned, About: peerOf(3)})
	r.observe(3, core.Note{What: core.NoteBanned, About: peerOf(1)})
	r.observe(1, core.Note{What: core.NoteRegistered, About: peerOf(2)})
	if len(r.bans) != 0 {
		t.Errorf("%d bans count", len(r.bans))
	}
	r.observe(1, core.Note{What: core.NoteBanned, About: peerOf(2), Text: "why"})
	if failure := r.quiet(Phase{Fault: "none"}, 0); failure == nil || failure.Kind != FailedBan {
		t.Errorf("a ban of an honest node: %v", failure)
	}
}

// Honest nodes list as many ports of one host as it has places, and no more.
func TestTheJudgeSeesCrowds(t *testing.T) {
	r := settled(t, "seed=9 nodes=40")
	r.plan.Lie = "ports"
	marked := 0
	for i, h := range r.hosts[:r.nodes] {
		if h.IsMaster() || i < r.plan.Boots {
			continue
		}
		h.lying = true
		marked++
		err := r.crowded(r.honest())
		if full := marked > core.DefaultHostPlaces; full != (err != nil) {
			t.Fatalf("honest nodes list %d ports, and the judge says %v", marked, err)
		}
		if marked > core.DefaultHostPlaces {
			break
		}
	}
	r.plan.Levels = 2 // it has places in each branch
	if err := r.crowded(r.honest()); err != nil {
		t.Error(err)
	}
}
