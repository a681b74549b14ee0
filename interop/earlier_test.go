//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/admin"
)

// Nodes of an earlier commit, as people may still run them, beside those of this one.

// checkout unpacks an earlier commit from the history, which must be there: no network is
// used.
func checkout(t *testing.T, commit string) string {
	t.Helper()
	if err := exec.Command("git", "cat-file", "-e", commit+"^{commit}").Run(); err != nil {
		t.Fatalf("commit %s is not in the history, which this test builds a node from: fetch it all (git fetch --unshallow)", commit)
	}
	archive := exec.Command("git", "archive", "--format=tar", commit)
	archive.Dir = ".."
	packed, err := archive.Output()
	if err != nil {
		t.Fatalf("git archive %s: %v", commit, err)
	}
	dir := t.TempDir()
	unpack := exec.Command("tar", "-x", "-C", dir)
	unpack.Stdin = bytes.NewReader(packed)
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	return dir
}

// programs are the nodes of a network.
type programs []*program

// violation names the first thing that is not exact in a network of these nodes, or
// returns "": each has one backlink, which alone lists it; each knows all masters with
// their true sizes, and counts all nodes.
func (all programs) violation(t *testing.T) string {
	t.Helper()
	places := make(map[string]*admin.Structure)
	listed := make(map[string][]string)
	var masters []admin.Master
	for _, p := range all {
		place := &admin.Structure{}
		if err := json.Unmarshal([]byte(p.must(t, "structure", "--json")), place); err != nil {
			t.Fatal(err)
		}
		places[p.address] = place
		for _, slave := range place.Slaves {
			listed[slave] = append(listed[slave], p.address)
		}
		if len(place.Slaves) > 0 {
			masters = append(masters, admin.Master{Address: p.address, Size: len(place.Slaves)})
		}
	}
	for _, p := range all {
		place := places[p.address]
		if place.Backlink == "" || !slices.Equal(listed[p.address], []string{place.Backlink}) {
			return fmt.Sprintf("%s has backlink %q and is listed by %v", p.address, place.Backlink, listed[p.address])
		}
		byAddress := func(a, b admin.Master) int { return strings.Compare(a.Address, b.Address) }
		slices.SortFunc(place.Masters, byAddress)
		slices.SortFunc(masters, byAddress)
		if !slices.Equal(place.Masters, masters) {
			return fmt.Sprintf("%s knows the masters %v, there are %v", p.address, place.Masters, masters)
		}
		if size := p.status(t).NetworkSize; size != len(all) {
			return fmt.Sprintf("%s counts %d of %d nodes", p.address, size, len(all))
		}
	}
	return ""
}

// settle waits until the network is exact.
func (all programs) settle(t *testing.T, what string) {
	t.Helper()
	var last string
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("at last:", last)
		}
	})
	eventually(t, what, 20, func() bool {
		last = all.violation(t)
		return last == ""
	})
}

// stay watches that it is exact for so many rounds.
func (all programs) stay(t *testing.T, rounds int) {
	t.Helper()
	tick := time.NewTicker(round / 2)
	defer tick.Stop()
	for range 2 * rounds {
		<-tick.C
		if v := all.violation(t); v != "" {
			t.Fatalf("no longer exact: %s", v)
		}
	}
}

// TestEarlierNodesAndOursAreExact: nodes of an earlier commit and of this one become an
// exact network and stay it, whichever kind its root is of. Then the earlier ones are
// updated, one after the other: each goes on with its data directory.
func TestEarlierNodesAndOursAreExact(t *testing.T) {
	t.Parallel()
	const commit = "d1d81cd"
	earlier, ours := buildProgram(t, checkout(t, commit)), buildProgram(t, "..")
	for i, path := range []string{earlier, ours} {
		t.Run([]string{"earlier root", "our root"}[i], func(t *testing.T) {
			t.Parallel()
			var all programs
			for k := range 6 {
				root := ""
				if k > 0 {
					root = all[0].address
				}
				p := newProgram(t, path, fmt.Sprintf("127.0.%d.%d", 31+i, 11+k), root)
				p.start(t)
				all = append(all, p)
				if path == earlier {
					path = ours
				} else {
					path = earlier
				}
			}
			all.settle(t, "exact")
			all.stay(t, 6)
			for _, p := range all {
				if p.path == earlier {
					update(t, p, ours)
				}
			}
			all.settle(t, "exact after the update")
			all.stay(t, 2)
		})
	}
}

// update ends an earlier node and starts ours in its directory, which knows what it knew.
func update(t *testing.T, p *program, path string) {
	t.Helper()
	p.must(t, "ban", "add", "192.0.2.1:80", "--reason", "kept")
	before := p.status(t)
	p.stop(t)
	p.path = path
	p.start(t, "--auto-sync=false")
	after := p.status(t)
	if after.Root != before.Root || after.Backlink != before.Backlink || after.Bans != before.Bans || after.Masters != before.Masters {
		t.Errorf("before the update it was %+v, and now it is %+v", before, after)
	}
	p.stop(t)
	p.start(t)
}
