package core

import (
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// A peer that says nothing useful is taken off the lists after MaxFails syncs, one that
// refuses after half as many. What fails on the own machine does not count.
func TestAUselessPeerLosesItsPlace(t *testing.T) {
	for _, test := range []struct {
		why   error
		syncs int
	}{
		{message.ErrTimeout, 10}, {message.ErrMalformed, 10}, {nil, 10},
		{&message.Error{Code: "LATER"}, 5}, {message.ErrDenied, 5}, {message.ErrLocal, 0},
	} {
		n, _ := alone(t, 2, 0)
		l, slave := &n.level1, peer.FromID(2)
		syncs := 0
		for range 20 {
			l.rounds++
			syncs++
			for range 3 { // asked as the slave, and again as a master
				l.disappointed(slave, test.why)
			}
			if !l.hasSlave(slave) {
				break
			}
		}
		if l.hasSlave(slave) {
			syncs = 0
		}
		if syncs != test.syncs {
			t.Errorf("%v: the slave is dropped after %d syncs, want %d", test.why, syncs, test.syncs)
		}
	}
}

// A refusal of the structure counts for more the less there was before it.
func TestARefusalWeighs(t *testing.T) {
	later := &message.Error{Code: "LATER"}
	for _, test := range []struct {
		name  string
		about uint32
		told  bool // the backlink has told its structure before
		want  int  // refusals until it is no place for us
	}{
		{"a slave", 2, false, 5}, {"a master", 102, false, 5}, {"a stranger", 150, false, 1},
		{"a backlink", 101, true, 4}, {"a backlink that has told nothing", 101, false, 1},
	} {
		n, _ := alone(t, 2, 2)
		l, p := &n.level1, peer.FromID(test.about)
		l.setBacklink(peer.FromID(101))
		l.setExact(test.told)
		refusals := 0
		for !l.avoids(p) && refusals < 20 {
			l.rounds++
			refusals++
			l.disappointed(p, later)
			l.setExact(false)
		}
		if refusals != test.want || l.has(p) {
			t.Errorf("%s is no place after %d refusals, want %d; listed: %t", test.name, refusals, test.want, l.has(p))
		}
	}
}

// One useful answer makes good what was before.
func TestUseIsForgiving(t *testing.T) {
	n, _ := alone(t, 2, 0)
	l, slave := &n.level1, peer.FromID(2)
	for i := range 100 {
		l.rounds++
		if i%9 == 8 {
			l.satisfied(slave)
		} else {
			l.disappointed(slave, message.ErrTimeout)
		}
	}
	if !l.hasSlave(slave) || len(l.watch.standings) > 1 {
		t.Errorf("the slave is listed: %v, standings %v", l.hasSlave(slave), l.watch.standings)
	}
}

// A peer that comes and goes may come back twice, then it has to wait: for eight sync
// intervals if its reasons may be honest, and for up to 256 if not.
func TestComingAndGoingTakesTime(t *testing.T) {
	for severity, want := range map[int][]time.Duration{
		excusable:  {0, 0, 8, 8, 8},
		deliberate: {0, 16, 64, 256, 256},
	} {
		n, env := alone(t, 1, 0)
		l, p := &n.level1, peer.FromID(9)
		for i, pause := range want {
			l.parted(p, severity)
			wait := pause * n.cfg.SyncInterval
			if env.now += wait - 1; l.shuns(p, pauseFrom) != (pause > 0) {
				t.Errorf("severity %d, end %d: refused %v before %v have passed", severity, i+1, pause == 0, wait)
			}
			if env.now++; l.shuns(p, pauseFrom) {
				t.Errorf("severity %d, end %d: still refused after %v", severity, i+1, wait)
			}
		}
	}
}

// Standings do not pile up: a peer in no list is forgotten after the longest pause, and
// there is a bound to how many are kept.
func TestStandingsAreForgotten(t *testing.T) {
	n, env := alone(t, 1, 0)
	l := &n.level1
	for i := range uint32(maxStandings + 10) {
		l.parted(peer.FromID(i+10), excusable)
	}
	if got := len(l.watch.standings); got != maxStandings {
		t.Errorf("%d standings are kept, want %d", got, maxStandings)
	}
	env.now += n.cfg.SyncInterval<<maxSeverity + 1
	if n.tidy(); l.watch.standings != nil {
		t.Errorf("%d standings are left", len(l.watch.standings))
	}
}

// Requests that fail together are one failure: a dozen of them does not break a peer.
func TestFailuresTogetherCountOnce(t *testing.T) {
	n, env := alone(t, 2, 0)
	slave, other := peer.FromID(2), peer.FromID(3)
	for range 3 * n.cfg.MaxFails {
		n.failed(slave)
	}
	if got := n.fails[slave].count; got != 1 {
		t.Errorf("failures of one instant count %d, want 1", got)
	}
	for range n.cfg.MaxFails {
		env.now += n.cfg.ServerTimeout
		n.failed(slave)
	}
	if n.level1.hasSlave(slave) {
		t.Error("a peer that fails more than MaxFails times, one after the other, is still listed")
	}
	n.conclude(other, true, message.Response{Err: message.ErrLocal})
	if len(n.fails) > 0 || !n.level1.hasSlave(other) {
		t.Error("a failure of the own machine counts against a peer")
	}
}

// A probe that failed on the own machine says nothing, so there is another for each.
func TestProbesThatFailHereDoNotCount(t *testing.T) {
	n, env := alone(t, 1, 0)
	world, slave := env.asks(n), peer.FromID(2)
	w := n.level1.startProbing(slave)
	for range 3 * n.cfg.ProbeFails {
		n.level1.probe()
		w.Answer(0, message.Response{Err: message.ErrLocal})
	}
	if got, want := len(world.asked), 3*n.cfg.ProbeFails; got != want || !n.level1.hasSlave(slave) {
		t.Errorf("%d probes are tried, want %d", got, want)
	}
	for range n.cfg.ProbeFails {
		n.level1.probe()
		w.Answer(0, message.Response{Err: message.ErrTimeout})
	}
	if n.level1.hasSlave(slave) {
		t.Error("a slave that is silent is listed")
	}
}

// answering is a world at one moment that takes down what nodes answer, too.
type answering struct {
	*asking
	said []message.Response
}

func (a *answering) Reply(_ Ticket, resp message.Response) { a.said = append(a.said, resp) }

// A newcomer that has come and gone is interviewed again as long as its reasons may be
// honest, and refused a place while it has to wait.
func TestANewcomerThatComesAndGoesIsRefused(t *testing.T) {
	for parts := range pauseFrom + 1 {
		n, env := alone(t, 1, 0)
		world, p := &answering{asking: env.asks(n)}, peer.FromID(9)
		n.env = world
		for range parts {
			n.level1.parted(p, excusable)
		}
		body := n.registration(3)
		body.Target = p
		n.Serve(&message.Request{Kind: message.KindRegister, From: p, Timeout: time.Second, Body: body}, 0)
		refused := len(world.said) == 1 && message.IsRefusal(world.said[0].Err, message.CodeMasterFull)
		if want := parts >= pauseFrom; refused != want || (len(world.asked) > 0) == want {
			t.Errorf("parted %d times: refused %v, %d asked", parts, refused, len(world.asked))
		}
	}
}
