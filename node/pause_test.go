package node_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"spreadable/node"
	"spreadable/store"
)

// savedApprovals are those in the state of a data directory.
func savedApprovals(t *testing.T, data string) int {
	t.Helper()
	s, err := store.Open(data, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	saved, _, err := s.Load()
	must(t, err, s.Close())
	return len(saved.Approvals)
}

// backedUp are those in a backup of a running node.
func backedUp(t *testing.T, n *node.Node) int {
	t.Helper()
	var backup bytes.Buffer
	data := filepath.Join(t.TempDir(), "data")
	must(t, n.Backup(t.Context(), &backup), os.Mkdir(data, 0o700))
	must(t, os.WriteFile(filepath.Join(data, "state.db"), backup.Bytes(), 0o600))
	return savedApprovals(t, data)
}

// Approvals of a flood wait for save_pause, to be saved together: then they are, though
// nothing else happens, and also when the node leaves.
func TestApprovalsOfAFloodShareASave(t *testing.T) {
	for _, pause := range []time.Duration{10 * time.Second, 100 * time.Millisecond} {
		c := nodeConfig(t)
		c.SavePause, c.AutoSync = pause, false
		n := newNode(t, node.Options{Config: c})
		start(t, n)
		visitor := connect(t, n)
		for range 10 {
			approve(t, visitor)
		}
		if pause == 10*time.Second {
			if got := backedUp(t, n); got == 10 {
				t.Error("approvals are saved before their pause is over")
			}
			must(t, n.Stop())
			if got := savedApprovals(t, c.Data); got != 10 {
				t.Errorf("the node leaves, and %d of 10 approvals are saved", got)
			}
			continue
		}
		for until := time.Now().Add(5 * time.Second); backedUp(t, n) < 10; {
			if time.Now().After(until) {
				t.Fatal("approvals are not saved when their pause is over")
			}
		}
	}
}
