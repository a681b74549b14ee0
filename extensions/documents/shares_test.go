package documents_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/extensions/documents"
	"spreadable/extensions/documents/selection"
)

// library is a node with so many documents that a query takes several turns.
func library(t *testing.T, nodes int) *town {
	w := newTown(t, nodes, things())
	for i := range 200 {
		if err := w.stores[1].Place("things", fmt.Appendf(nil, `{"id": %d, "text": "%012000d"}`, i, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// A host whose clients ask for very much at the same time gets its share; one that asks
// for little does not wait for all of that.
func TestAGreedyHostOfClientsLeavesTurnsToOthers(t *testing.T) {
	w := library(t, 1)
	greedy, modest := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	ended, busy, before := 0, 0, -1
	ask := func(client netip.Addr, done func(err error)) {
		w.Host(1).Node.Go(func(t *host.Task) {
			_, err := w.stores[1].FindFor(t, client, "things", selection.Query{Limit: 1})
			done(err)
		})
	}
	const asked = 100
	for range asked {
		ask(greedy, func(err error) {
			if ended++; err != nil && strings.Contains(err.Error(), "wait here") {
				ended--
				busy++
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	ask(modest, func(err error) {
		if before = ended; err != nil {
			t.Error(err)
		}
	})
	w.Run(time.Minute)
	if want := 4 + 64; ended != want || busy != asked-want {
		t.Errorf("%d queries of the greedy host are answered and %d refused, want %d and %d", ended, busy, want, asked-want)
	}
	if before < 0 || before > 8 {
		t.Errorf("%d queries of the greedy host end before the one of the modest host, want at most 8", before)
	}
}

// A node that asks another for very much at the same time gets half of what that one works
// on, and one that asks for little does not wait for all of it.
func TestAGreedyNodeLeavesTurnsToOthers(t *testing.T) {
	w := library(t, 4)
	greedy, modest := &answers{}, &answers{}
	ask := func(from uint32, to *answers) {
		w.Host(from).Call(w.Host(1).Peer(), message.Request{
			Kind: message.KindWork, From: w.Host(from).Peer(), Root: w.Host(1).Peer(), Timeout: time.Minute,
			Body: &message.QueryRequest{Name: "documents.find", Arg: documents.Question("things", selection.Query{Limit: 1})},
		}, to, 0)
	}
	for range 80 {
		ask(2, greedy)
	}
	ask(3, modest)
	modest.then = func() { modest.others = greedy.good }
	w.Run(time.Minute)
	if greedy.good != 64 || greedy.bad != 16 || modest.good != 1 {
		t.Errorf("of the greedy node %d are answered and %d refused, of the modest one %d answered: %v", greedy.good, greedy.bad, modest.good, modest.err)
	}
	if modest.others > 4 {
		t.Errorf("%d queries of the greedy node end before the one of the modest node, want at most 4", modest.others)
	}
}

// answers counts answers to one node.
type answers struct {
	good, bad, others int
	then              func()
	err               error
}

func (a *answers) Answer(_ uint32, resp message.Response) {
	if resp.Err == nil {
		a.good++
	} else {
		a.bad++
		a.err = resp.Err
	}
	if a.then != nil {
		a.then()
	}
}
