package explain

import (
	"fmt"
	"strings"
	"time"

	"spreadable/core/message"
	"spreadable/sim"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// Calls are the requests of a node in a time: those that it has sent, and those that have
// reached it.
type Calls struct {
	FromS float64 `json:"from_s"` // virtual time, in seconds
	List  []Call  `json:"list"`   // in the order of time
	Lost  int     `json:"lost"`   // that were too many
}

// Call is a request.
type Call struct {
	AtS    float64 `json:"at_s"`
	UntilS float64 `json:"until_s"` // AtS of one that has no answer yet
	Text   string  `json:"text"`    // a sentence without its subject, the node
}

// maxCalls is how many calls are told.
const maxCalls = 500

// RepeatCalls runs a scenario again, up to a time, and tells the calls of a node from
// another time on.
func RepeatCalls(s *scenario.Scenario, node int, from, at time.Duration, o sim.Options) (*Calls, error) {
	o.Trace = trace.New(trace.Options{Window: trace.Window{Nodes: []int{node}, From: from, To: max(1, at), Entries: maxCalls}, Only: isCall})
	if _, err := runUntil(s, at, o); err != nil {
		return nil, err
	}
	calls := &Calls{FromS: from.Seconds(), List: []Call{}, Lost: o.Trace.Left()}
	for _, e := range o.Trace.Tracks()[0].Entries {
		c := Call{AtS: e.At.Seconds(), UntilS: e.Until.Seconds(), Text: callText(e, o.Trace.Text(e.Peer), at)}
		calls.List = append(calls.List, c)
	}
	return calls, nil
}

func isCall(_ *message.Structure, e trace.Entry) bool {
	return e.What == trace.Asked || e.What == trace.Served
}

// callText says what was asked, and what came of it.
func callText(e trace.Entry, peer string, at time.Duration) string {
	what := strings.ReplaceAll(e.Kind.String(), "-", " ")
	text := fmt.Sprintf("asks %s: %s", peer, what)
	if e.What == trace.Served {
		text = fmt.Sprintf("is asked by %s: %s", peer, what)
	}
	x := &teller{at: at}
	return text + "; " + x.outcome(e, "answered after "+Clock(e.Until-e.At))
}
