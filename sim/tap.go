package sim

import (
	"fmt"
	"time"

	"spreadable/sim/population"
	"spreadable/sim/scenario"
)

// stays tells a recorder of traces what the world knows of the stays of nodes.
type stays struct{ *world }

// CameUp implements trace.World.
func (s stays) CameUp(host int, now time.Duration) string {
	text := "comes up"
	if stay, ok := s.stay(host, now); ok {
		switch {
		case stay.Returns && stay.Before >= 0:
			text = "is back, with what it knew"
		case stay.Returns:
			text = "is back, and remembers nothing"
		}
		if stay.Moves {
			text += ", at another address than before"
		}
	}
	if s.hidden(host) {
		text += "; no other node can connect to it, so none can list it"
	}
	return text
}

// WentDown implements trace.World.
func (s stays) WentDown(host int, now time.Duration) string {
	stay, ok := s.stay(host, now)
	switch {
	case !ok:
		return "goes down"
	case stay.Crash:
		return "crashes: its host swallows what it is asked"
	}
	return "leaves: its host refuses connections"
}

// stay is the latest stay of a node at a host; there is none where nodes stay for ever.
func (s stays) stay(host int, now time.Duration) (stay population.Stay, ok bool) {
	if s.churn == nil || host >= s.nodes {
		return stay, false
	}
	i := s.population.StayAt(host, now)
	if i < 0 {
		return stay, false
	}
	return s.population.Stays()[i], true
}

// tell records that a fault begins or ends on some hosts.
func (f *faults) tell(fault scenario.Fault, begins bool, hosts []int, now time.Duration) {
	recorder, name := f.world.recorder, fault.Do
	if recorder == nil {
		return
	}
	text := faultText(fault, begins)
	switch fault.Do { // the first three are on the whole network
	case scenario.Repair:
		name, begins, hosts = scenario.Partition, false, nil
	case scenario.Partition:
		if !begins {
			hosts = nil
		}
	case scenario.Loss:
		hosts = nil
	case scenario.Release:
		name, begins = scenario.Hold, false
	}
	if hosts != nil || name == scenario.Loss || name == scenario.Partition && !begins {
		recorder.Struck(hosts, string(name), begins, text, now)
	}
}

// tellEnd records that a fault ends, and which other one of its kind holds then.
func (f *faults) tellEnd(fault scenario.Fault, hosts []int, now time.Duration) {
	if f.world.recorder == nil {
		return
	}
	if left := f.left(scenario.Loss, everywhere); fault.Do == scenario.Loss && left.Do != "" {
		f.tell(left, true, nil, now)
		return
	}
	var free []int
	for _, host := range hosts {
		if left := f.left(fault.Do, host); left.Do == "" {
			free = append(free, host)
		} else if fault.Do != scenario.Hold { // it is held as before
			f.tell(left, true, []int{host}, now)
		}
	}
	f.tell(fault, false, free, now)
}

// faultText says what a fault does to a node, as the rest of a sentence about it.
func faultText(f scenario.Fault, begins bool) string {
	switch {
	case f.Do == scenario.Crash:
		return "is ended for good"
	case f.Do == scenario.Bounce:
		return fmt.Sprintf("is ended for %v", f.For)
	case f.Do == scenario.Partition && begins:
		return "is cut off from all nodes that this partition is not on"
	case f.Do == scenario.Partition || f.Do == scenario.Repair:
		return "is in a network without a partition again"
	case f.Do == scenario.Hold && begins:
		return "is held as a stopped process is, and all that happens to it waits"
	case f.Do == scenario.Hold || f.Do == scenario.Release:
		return "is released, and all that has waited happens now"
	case f.Do == scenario.Slow && begins:
		return fmt.Sprintf("is slow: its messages take %v longer", f.By)
	case f.Do == scenario.Slow:
		return "is as quick as before"
	case f.Do == scenario.Loss && begins:
		return fmt.Sprintf("is in a network that loses %g%% of all messages", 100*f.Share)
	case f.Do == scenario.Loss:
		return "is in a network that loses no message by a fault any more"
	case f.Do == scenario.Skew && begins:
		return fmt.Sprintf("has a clock that is %v ahead", f.By)
	case f.Do == scenario.Skew:
		return "has a right clock again"
	}
	return fmt.Sprintf("is struck by the fault %q", f.Do)
}

// look has a recorder see what a fault has done to hosts.
func (f *faults) look(hosts []int, now time.Duration) {
	if f.world.recorder == nil {
		return
	}
	for _, host := range hosts {
		f.world.recorder.Look(host, now)
	}
}
