package core_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/state"
)

// Equal nodes have equal states: rows are sorted, whatever the order in which they came.
func TestStateIsInOrder(t *testing.T) {
	address := func(i int) string { return fmt.Sprintf("10.0.1.%d:1", i) }
	want := state.State{Self: "10.0.0.1:4000"}
	for i := 1; i <= 9; i++ { // in the order of texts, which here is that of numbers
		client := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		want.Fails = append(want.Fails, state.Fail{Address: address(i), Count: i})
		want.Delays = append(want.Delays, state.Delay{Address: address(i), Since: time.Duration(i)})
		for _, action := range []string{"registration", "requestDelays"} {
			want.Scores = append(want.Scores, state.Score{Address: address(i), Action: action, Up: 1, Suspicion: 1, Since: 1, Used: 1})
		}
		want.Bans = append(want.Bans, state.Ban{Address: address(i), Since: time.Duration(1 + i/4), Until: coretest.Begin})
		want.Approvals = append(want.Approvals, state.Approval{
			Action: "client", Client: client, Key: address(i), Updated: time.Duration(10 - i),
		})
		want.Uses = append(want.Uses, state.Use{Key: address(i), Host: "10.0.0.2:0"}, state.Use{Key: address(i), Host: "10.0.0.3:0"})
		want.Keys = append(want.Keys, state.Key{Key: address(i), Until: coretest.Begin})
	}
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 0))
		given := state.State{
			Self: want.Self, Fails: shuffled(random, want.Fails), Delays: shuffled(random, want.Delays),
			Scores: shuffled(random, want.Scores), Bans: shuffled(random, want.Bans),
			Approvals: shuffled(random, want.Approvals), Uses: shuffled(random, want.Uses), Keys: shuffled(random, want.Keys),
		}
		h := lonely(t, 0)
		if err := h.Node.Restore(given); err != nil {
			t.Fatal(err)
		}
		if got := h.Node.State(); !sameState(got, want) {
			t.Fatalf("seed %d: got\n%+v, want\n%+v", seed, got, want)
		}
	}
}

func shuffled[T any](random *rand.Rand, rows []T) []T {
	rows = slices.Clone(rows)
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows
}

// So have the changes of approvals: of those that began or changed, and of those that
// ended.
func TestChangesOfApprovalsAreInOrder(t *testing.T) {
	h := lonely(t, 0)
	h.Start()
	revision := h.Node.Changes(state.Revision{}).Revision
	start := coretest.Begin.Truncate(5 * time.Minute)
	for i := 30; i > 0; i-- {
		client := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		for _, req := range []message.Request{
			{Kind: message.KindApprovalAdd, Body: &message.ApprovalAddRequest{Action: "client", Key: fmt.Sprint("key ", i), StartedAt: start}},
			{Kind: message.KindApprovalKey, Body: &message.ApprovalKeyRequest{Action: "client"}, Timeout: time.Second},
		} {
			req.Client = client
			if resp := h.Network().Ask(h.Network().Client(i), h.Peer(), req); resp.Err != nil {
				t.Fatal(resp.Err)
			}
		}
	}
	begun := h.Node.Changes(revision)
	byName := func(a, b state.Approval) int { return slices.Compare([]byte(a.Key), []byte(b.Key)) }
	byKey := func(a, b state.Key) int { return slices.Compare([]byte(a.Key), []byte(b.Key)) }
	if len(begun.State.Approvals) != 30 || !slices.IsSortedFunc(begun.State.Approvals, byName) {
		t.Errorf("30 approvals begin, the changes say\n%+v", begun.State.Approvals)
	}
	if len(begun.State.Keys) != 30 || !slices.IsSortedFunc(begun.State.Keys, byKey) {
		t.Errorf("30 keys are given out, the changes say\n%+v", begun.State.Keys)
	}
	h.Network().Run(20 * time.Minute)
	ended := h.Node.Changes(begun.Revision)
	if len(ended.EndedApprovals) != 30 || !slices.IsSorted(ended.EndedApprovals) {
		t.Errorf("30 approvals end, the changes say\n%+v", ended.EndedApprovals)
	}
	if len(ended.EndedKeys) != 30 || !slices.IsSorted(ended.EndedKeys) {
		t.Errorf("30 keys end, the changes say\n%+v", ended.EndedKeys)
	}
}
