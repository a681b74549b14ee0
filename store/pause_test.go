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

// After twenty saves at once, approvals asked for wait for the pause and share a save. A
// check of an answer does not wait, and takes them along.
func TestApprovalsOfAFloodShareASave(t *testing.T) {
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
		if got := len(load(t, s).Approvals); got != saved || s.Waits() > 0 != waits || s.Waits() > time.Second {
			t.Errorf("of %d approvals %d are saved, and the rest waits %v; want %d, %v", asked, got, s.Waits(), saved, waits)
		}
	}
	member := w.peer("10.0.1.1:4000")
	serve(member, message.KindRegister, &message.RegisterRequest{Target: member})
	for saved := range 20 {
		ask()
		commit(saved+1, false)
	}
	for range 5 {
		ask()
		commit(20, true)
	}
	clock = clock.Add(time.Second)
	commit(25, false)
	ask()
	serve(member, message.KindApprovalInfo, &message.ApprovalInfoRequest{Action: "client", Key: "1"})
	commit(25, true)
	serve(member, message.KindApprovalCheck, &message.ApprovalCheckRequest{
		Key: "1", Answer: client.String(), Approvers: []core.Peer{w.peer(self)}, ClientIP: client,
	})
	commit(26, false)
	if uses := len(load(t, s).Uses); uses != 1 {
		t.Errorf("%d uses are saved, want that of the check", uses)
	}
	clock = clock.Add(time.Minute)
	for saved := range 20 {
		ask()
		commit(27+saved, false)
	}
}
