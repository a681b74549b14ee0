package store_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/store"
)

// Within the pause after a save, approvals asked for wait; a check of an answer does not,
// and takes them along. After the pause they are saved, and before the end at once.
func TestApprovalsWaitForThePause(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(), time.Unix(1_700_000_000, 0)
	s, err := store.Open(t.TempDir(), store.Options{Pause: time.Second, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w.start()
	client, asked := netip.MustParseAddr("192.0.2.1"), 0
	serve := func(from core.Peer, kind message.Kind, body any) {
		w.serve(&message.Request{Kind: kind, From: from, Root: w.node.NetworkRoot(), Client: client, Timeout: time.Second, Body: body})
	}
	ask := func() {
		asked++
		serve(core.Peer{}, message.KindApprovalAdd, &message.ApprovalAddRequest{
			Action: "client", Key: fmt.Sprint(asked), StartedAt: w.now.Truncate(5 * time.Minute),
		})
	}
	commit := func(saved int, waits bool) {
		t.Helper()
		if err := s.Commit(&w.node); err != nil {
			t.Fatal(err)
		}
		if got := len(load(t, s).Approvals); got != saved || s.Waits() != waits {
			t.Errorf("of %d approvals %d are saved, and some wait: %v; want %d, %v", asked, got, s.Waits(), saved, waits)
		}
	}
	member := w.peer("10.0.1.1:4000")
	serve(member, message.KindRegister, &message.RegisterRequest{Target: member})
	ask()
	commit(1, false)
	ask()
	commit(1, true)
	ask()
	commit(1, true)
	clock = clock.Add(time.Second)
	commit(3, false)
	ask()
	serve(member, message.KindApprovalInfo, &message.ApprovalInfoRequest{Action: "client", Key: "1"})
	commit(3, true)
	serve(member, message.KindApprovalCheck, &message.ApprovalCheckRequest{
		Key: "1", Answer: client.String(), Approvers: []core.Peer{w.peer(self)}, ClientIP: client,
	})
	commit(4, false)
	if uses := len(load(t, s).Uses); uses != 1 {
		t.Errorf("%d uses are saved, want that of the check", uses)
	}
	ask()
	commit(4, true)
	s.EndPause()
	commit(5, false)
}
