package explain

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/trace"
)

// The calls of a node are those that a recording of the whole run has in that time, each
// with its peer, in words; what is more than can be told is counted.
func TestCallsAreThoseOfARecording(t *testing.T) {
	s := parse(t, joining)
	for _, c := range []struct{ from, until time.Duration }{{0, 20 * time.Second}, {100 * time.Second, 140 * time.Second}, {0, 240 * time.Second}} {
		const node = 3
		r := trace.New(trace.Options{Window: trace.Window{Nodes: []int{node}, From: c.from, To: c.until, Entries: 1 << 20}})
		if _, err := sim.Run(s, sim.Options{Trace: r}); err != nil {
			t.Fatal(err)
		}
		var want []trace.Entry
		for _, e := range r.Tracks()[0].Entries {
			if e.What == trace.Asked || e.What == trace.Served {
				want = append(want, e)
			}
		}
		calls, err := RepeatCalls(s, node, c.from, c.until, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		told := min(len(want), maxCalls)
		if len(calls.List) != told || calls.Lost != len(want)-told || calls.FromS != c.from.Seconds() || told == 0 {
			t.Fatalf("from %v to %v: %d calls are told and %d are lost of %d", c.from, c.until, len(calls.List), calls.Lost, len(want))
		}
		for i, call := range calls.List {
			e, begin := want[i], "asks "
			if e.What == trace.Served {
				begin = "is asked by "
			}
			begin += r.Text(e.Peer) + ": " + strings.ReplaceAll(e.Kind.String(), "-", " ") + "; "
			if call.AtS != e.At.Seconds() || !strings.HasPrefix(call.Text, begin) {
				t.Errorf("call %d is %+v, the recording has %+v", i, call, e)
			}
			if after := fmt.Sprint("answered after ", Clock(e.Until-e.At)); !e.Open && e.Text == "" && (!strings.HasSuffix(call.Text, after) || call.UntilS != e.Until.Seconds()) {
				t.Errorf("call %d is %+v, want %s", i, call, after)
			}
		}
	}
}
