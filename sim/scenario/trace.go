package scenario

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"spreadable/internal/phrase"
)

// Transition is a moment of a trace at which a node comes or leaves.
type Transition struct {
	At   time.Duration
	Node int // from 0
	Up   bool
}

// Transitions are those of `churn.trace`, in the order in which they happen.
func (s *Scenario) Transitions() []Transition { return s.transitions }

// Begins says of each node whether it is up at the start, by the trace: a node is up until
// it leaves, and one that first comes was away. One that the trace does not name stays.
func (s *Scenario) Begins() []bool {
	up, named := slices.Repeat([]bool{true}, s.Nodes), make([]bool, s.Nodes)
	for _, t := range s.transitions {
		if !named[t.Node] {
			// One that leaves at the start was never there.
			named[t.Node], up[t.Node] = true, !t.Up && t.At > 0
		}
	}
	return up
}

// checkTrace reads `churn.trace`, and refuses what cannot be beside it.
func (s *Scenario) checkTrace() error {
	if s.Churn.Trace == "" {
		return nil
	}
	for _, path := range s.churnKeys() {
		group, key, _ := strings.Cut(strings.TrimPrefix(path, "churn."), ".")
		if s.given(path) && (key != "" || group == "preset" || group == "start") {
			return s.errorf(path, "%s: has no meaning with churn.trace, which says when nodes come and leave", path)
		}
	}
	if s.Join.Mode != Mass {
		return s.errorf("join.mode", "join.mode: expected mass with churn.trace, which says when nodes come, not %s", s.Join.Mode)
	}
	var err error
	if s.transitions, err = readTrace(string(s.Churn.Trace), s.files["churn.trace"], s.Nodes); err != nil {
		return s.errorf("churn.trace", "churn.trace: %w", err)
	}
	begins := s.Begins()
	if first := s.transitions[0].At; first >= s.Duration && !slices.Contains(begins, false) {
		return s.errorf("churn.trace", "churn.trace: %s: no node comes or leaves before the end of the run at %s: the first does at %s",
			s.Churn.Trace, formatDuration(s.Duration), formatDuration(first))
	}
	if !slices.Contains(begins, true) {
		return s.errorf("churn.trace", "churn.trace: %s: no node is up at the start, and a network needs one", s.Churn.Trace)
	}
	return s.checkTraceUses()
}

// checkTraceUses refuses keys about nodes that leave, or come back, where none does.
func (s *Scenario) checkTraceUses() error {
	leave, comeBack := s.movesOfTrace()
	for _, key := range []string{"crash", "notice", "memory", "new_ip"} {
		path, why := join("churn", key), ""
		switch {
		case !leave:
			why = "no node leaves"
		case !comeBack && isOneOf(key, "memory", "new_ip"):
			why = "no node that leaves comes back"
		}
		if why != "" && s.given(path) && !s.isDefault(path) {
			return s.errorf(path, "%s: has no meaning with this churn.trace, %s, in which %s before the end of the run at %s", path, s.Churn.Trace, why, formatDuration(s.Duration))
		}
	}
	return nil
}

// movesOfTrace says whether nodes leave, and come back, during the run.
func (s *Scenario) movesOfTrace() (leave, comeBack bool) {
	left := make(map[int]bool)
	for _, t := range s.transitions {
		switch {
		case t.At >= s.Duration:
			return leave, comeBack
		case !t.Up && t.At > 0: // one that leaves at the start was never there
			leave, left[t.Node] = true, true
		case t.Up && left[t.Node]:
			comeBack = true
		}
	}
	return leave, comeBack
}

// traced is what is known of a node while its trace is read.
type traced struct {
	named bool
	up    bool
	since time.Duration
	line  int
}

// readTrace reads a trace: lines "t,node,up" or "t,node,down" in the order of time, where t
// is in seconds or has a unit. A first line "t,node,..." names the columns. Empty lines and
// those that begin with # are left out.
func readTrace(file string, content []byte, nodes int) ([]Transition, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace, r.ReuseRecord = '#', -1, true, true
	var list []Transition
	states := make([]traced, nodes)
	for first := true; ; first = false {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong := new(csv.ParseError); errors.As(err, &wrong) {
			return nil, fmt.Errorf("%s:%d: %w", file, wrong.Line, wrong.Err)
		}
		line, _ := r.FieldPos(0)
		if first && len(cells) == 3 && cells[0] == "t" && cells[1] == "node" {
			continue
		}
		t, err := readTransition(cells, nodes)
		if err == nil && len(list) > 0 && t.At < list[len(list)-1].At {
			err = fmt.Errorf("%s is before the line above, %s: expected the order of time", formatDuration(t.At), formatDuration(list[len(list)-1].At))
		}
		if err == nil {
			err = states[t.Node].follow(t, line)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, line, err)
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no line t,node,up or t,node,down", file)
	}
	return list, nil
}

// readTransition reads the cells of a line.
func readTransition(cells []string, nodes int) (t Transition, err error) {
	if len(cells) != 3 {
		return t, fmt.Errorf("expected three cells, t,node,up or t,node,down, not %d", len(cells))
	}
	at, number, state := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
	if plainSeconds(at) {
		at += "s"
	}
	if t.At, err = parseDuration(at); err != nil {
		return t, fmt.Errorf("time: %w", err)
	}
	if t.Node, err = strconv.Atoi(number); err != nil || t.Node < 0 || t.Node >= nodes || number[0] == '+' {
		return t, fmt.Errorf("expected the number of a node from 0 to %d, one less than nodes, not %s", nodes-1, phrase.Quote(number))
	}
	if state != "up" && state != "down" {
		return t, fmt.Errorf("expected up or down, not %s", phrase.Quote(state))
	}
	t.Up = state == "up"
	return t, nil
}

// plainSeconds reports whether a time has no unit.
func plainSeconds(text string) bool {
	return text != "" && strings.Trim(text, "0123456789.") == ""
}

// follow takes a transition that comes after those before it.
func (n *traced) follow(t Transition, line int) error {
	state := map[bool]string{true: "up", false: "down"}[t.Up]
	switch {
	case n.named && n.up == t.Up:
		return fmt.Errorf("node %d is %s already, since line %d", t.Node, state, n.line)
	case n.named && t.At == n.since:
		return fmt.Errorf("node %d comes and leaves at the same time, %s: see line %d", t.Node, formatDuration(t.At), n.line)
	}
	*n = traced{true, t.Up, t.At, line}
	return nil
}
