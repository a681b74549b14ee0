package coretest_test

import (
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

const latency = 25 * time.Millisecond

// pair is a network of two nodes that know each other.
func pair(t *testing.T) (n *coretest.Network, one, two *coretest.Host) {
	n = coretest.New(t, latency, 1)
	for range 2 {
		n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	n.Run(time.Minute)
	if v := n.Violation(); v != "" {
		t.Fatal(v)
	}
	return n, n.Host(1), n.Host(2)
}

// ping sends a ping and returns where its outcomes will be.
func ping(from, to *coretest.Host) *[]string {
	got := &[]string{}
	from.Call(to.Peer(), message.Request{Kind: message.KindPing, From: from.Peer(), Timeout: 10 * time.Second},
		coretest.SinkFunc(func(r message.Response) { *got = append(*got, coretest.Outcome(r.Err)) }), 0)
	return got
}

// A request to a held host is answered once it is released; one that is too late for that
// has timed out, and its answer is dropped.
func TestWhatHappensToAHeldHostWaits(t *testing.T) {
	for held, want := range map[time.Duration]string{time.Second: "ok", time.Minute: "request timed out"} {
		n, one, two := pair(t)
		two.Hold()
		got := ping(one, two)
		n.Run(held)
		if held < 10*time.Second && len(*got) > 0 {
			t.Errorf("a held host answers: %v", *got)
		}
		two.Release()
		if n.Run(time.Second); !slices.Equal(*got, []string{want}) {
			t.Errorf("released after %v, the host's answers are %v, want %s", held, *got, want)
		}
	}
}

// Whether a crashed host swallows requests or refuses them, it answers none; and an
// answer to it does not reach its next life.
func TestACrashEndsALife(t *testing.T) {
	for silent, want := range map[bool]string{true: "request timed out", false: "peer is unreachable"} {
		n, one, two := pair(t)
		lost := ping(two, one)
		two.Crash(silent)
		got := ping(one, two)
		n.Run(15 * time.Second)
		if !slices.Equal(*got, []string{want}) {
			t.Errorf("a crashed host, silent %v, answers %v, want %s", silent, *got, want)
		}
		two.Boot(&two.Saved)
		if n.Run(time.Minute); len(*lost) > 0 {
			t.Errorf("the next life gets the answer %v of the former", *lost)
		}
		if v := n.Violation(); v != "" {
			t.Error(v)
		}
	}
}

// A cut that takes the asker away while an answer is under way catches the answer.
func TestACutCatchesAnswers(t *testing.T) {
	for swallows, want := range map[bool]string{true: "request timed out", false: "peer is unreachable"} {
		n, one, two := pair(t)
		n.CutSwallows = swallows
		got := ping(two, one)
		n.Run(latency + latency/2)
		n.Cut(2)
		n.Run(10 * time.Second)
		if !slices.Equal(*got, []string{want}) {
			t.Errorf("across a cut that swallows %v: %v, want %s", swallows, *got, want)
		}
		n.Heal()
		again := ping(one, two)
		if n.Run(time.Second); !slices.Equal(*again, []string{"ok"}) {
			t.Errorf("healed: %v", *again)
		}
	}
}

// Lost messages are timeouts, in the share that was set: two of them make an exchange.
func TestMessagesAreLostInProportion(t *testing.T) {
	n, one, two := pair(t)
	n.Loss = 0.1
	var outcomes []*[]string
	for range 1000 {
		outcomes = append(outcomes, ping(one, two))
	}
	n.Run(11 * time.Second)
	lost := 0
	for _, got := range outcomes {
		if !slices.Equal(*got, []string{"ok"}) {
			lost++
		}
	}
	if lost < 150 || lost > 230 {
		t.Errorf("of 1000 pings %d are lost, want about 190", lost)
	}
}
