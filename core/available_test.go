package core_test

import (
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
)

// A master that lists an address learns nothing of it from the answers to clients: whether
// it refuses, answers something, or is silent, the answer and its time are the same; and
// however many clients ask, it is asked sixteen times at once and four times a second.
func TestAvailableNodeIsNoPortScanner(t *testing.T) {
	type told struct {
		itself bool
		after  time.Duration
	}
	answers := make(map[string]told)
	for what, set := range map[string]func(h *coretest.Host){
		"closed": func(h *coretest.Host) { h.Up = false },
		"silent": func(h *coretest.Host) { h.Hung = true },
		"a web server": func(h *coretest.Host) {
			h.Actor = coretest.Answers{message.KindPing: {}, message.KindStructure: {Body: "<html>"}}
		},
		"a node of another master": func(h *coretest.Host) {
			h.Actor = coretest.Answers{message.KindPing: {}, message.KindStructure: {Body: &message.Structure{
				Masters: message.NewMasters(nil), Backlink: h.Peer()}}}
		},
	} {
		n := settled(t, 9)
		target := n.Play("", nil)
		var entry *coretest.Host // the last that is no master
		for _, h := range n.Hosts() {
			switch {
			case h.Node == nil:
			case len(h.Node.Structure().Slaves) == 0:
				entry = h
			default:
				structure := *h.Node.Structure()
				structure.Slaves = []core.Peer{target.Peer()}
				h.Actor = coretest.Answers{message.KindStructure: {Body: &structure}}
			}
		}
		set(target)
		n.Trace = nil
		began := n.Now()
		for i := range 100 {
			n.Client(1).Call(entry.Peer(), message.Request{
				Kind: message.KindAvailableNode, Client: n.Client(1).IP, Timeout: 5 * time.Second,
			}, coretest.SinkFunc(func(resp message.Response) {
				if a, err := message.As[message.AvailableNode](resp); i == 0 && err == nil {
					answers[what] = told{a.Address == entry.Peer(), n.Now() - began}
				}
			}), 0)
		}
		n.Run(900 * time.Millisecond)
		asked := 0
		for _, r := range n.Trace {
			if r.To == target.Peer() {
				asked++
			}
		}
		if asked > 16+4 {
			t.Errorf("%s: it is asked %d times for 100 clients", what, asked)
		}
		noted := 0
		for _, note := range n.Notes {
			if strings.Contains(note, core.NoteClientKept.String()) {
				noted++
			}
		}
		if kept := entry.Node.Limits().LooksLeft; kept < 100-16-4 || kept > 100-16 || noted != 1 {
			t.Errorf("%s: %d clients are kept without a look, and %d are noted", what, kept, noted)
		}
		n.Run(4 * time.Second)
	}
	for what, got := range answers {
		if want := (told{true, answers["closed"].after}); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	if len(answers) != 4 {
		t.Errorf("%d of 4 are answered", len(answers))
	}
}

// A failure of the own machine says nothing of a peer: a slave that cannot send anything
// for a while keeps its master, and suspects it of nothing.
func TestLocalFailuresBlameNoPeer(t *testing.T) {
	n := settled(t, 2)
	for _, pair := range [][2]uint32{{1, 2}, {2, 1}} {
		slave := n.Host(pair[0])
		if slave.Node.Structure().Backlink != n.Host(pair[1]).Peer() {
			continue
		}
		all := make(coretest.Answers)
		for kind := range message.NumKinds {
			all[kind] = message.Response{Err: message.ErrLocal}
		}
		n.Host(pair[1]).Actor = all
		n.Host(pair[1]).Node.Stop() // its requests would show that it is alive
		n.Run(600 * time.Second)
		state := slave.Node.State()
		if state.Backlink == "" || len(state.Fails)+len(state.Scores)+len(state.Bans) != 0 {
			t.Errorf("the backlink is %q, with failures %v, scores %v, bans %v", state.Backlink, state.Fails, state.Scores, state.Bans)
		}
		return
	}
	t.Error("neither node has the other as its master")
}
