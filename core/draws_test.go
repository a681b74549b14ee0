package core_test

import (
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
)

// askKey asks the entry node for a key, with a timeout budget.
func (w *town) askKey(budget time.Duration, given func()) {
	sink := coretest.SinkFunc(func(r message.Response) {
		if r.Err == nil {
			given()
		}
	})
	w.visitor.Call(entry, message.Request{
		Kind: message.KindApprovalKey, Timeout: budget, Client: w.visitor.IP, Body: &message.ApprovalKeyRequest{Action: "client"},
	}, sink, 0)
}

// sent is how many requests of a kind the entry node sends while something happens.
func (w *town) sent(kind message.Kind, happens func()) (count int) {
	before := len(w.Trace)
	happens()
	for _, r := range w.Trace[before:] {
		if r.From == w.HostOf(entry).Name() && r.Kind == kind {
			count++
		}
	}
	return count
}

// A flood of requests for keys costs the network one draw a second: an entry node asks
// masters and pings approvers no more often, however many clients ask.
func TestAFloodOfKeysCostsOneDrawASecond(t *testing.T) {
	w := newTown(t)
	one := w.sent(message.KindPing, func() { w.draw("client") })
	w.Run(time.Minute)
	count := 0
	sent := w.sent(message.KindPing, func() {
		for range 100 {
			w.askKey(10*time.Second, func() { count++ })
			w.Run(100 * time.Millisecond)
		}
	})
	if count != 100 || one == 0 || sent > 11*one {
		t.Errorf("%d of 100 keys in 10 s, for which the entry node sends %d pings; for one draw it sends %d", count, sent, one)
	}
}

// A client that leaves nearly no time for its answer spoils the draw of no other.
func TestAHastyClientSpoilsNoDraw(t *testing.T) {
	w := newTown(t)
	for range 5 {
		w.askKey(time.Millisecond, func() { t.Error("a key came in a millisecond") })
	}
	w.Run(51 * time.Millisecond) // less than a draw takes
	if key := w.draw("client"); key == nil || len(key.Approvers) != 3 {
		t.Errorf("after five hasty clients another gets %+v", key)
	}
}

// A key names approvers of a draw that was made lately: one that has gone is named no
// longer.
func TestAnApproverThatIsGoneIsSoonReplaced(t *testing.T) {
	w := newTown(t)
	approvers := w.draw("client").Approvers
	gone := approvers[slices.IndexFunc(approvers, func(p core.Peer) bool { return p != entry })]
	w.HostOf(gone).Crash(false)
	named := 0
	for range 10 {
		w.Run(500 * time.Millisecond)
		key := w.draw("client")
		if slices.Contains(key.Approvers, gone) {
			named++
		}
		if len(key.Approvers) != 3 {
			t.Errorf("%d approvers are named", len(key.Approvers))
		}
	}
	if named > 4 {
		t.Errorf("in five seconds %d of 10 keys name an approver that is gone", named)
	}
}
