package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/config"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// leveled plans a network of two levels on loopback, whose nodes keep their state.
func leveled(t *testing.T, nodes int) (plan []*config.Config) {
	t.Helper()
	ports, err := nettest.FreePorts("127.0.0.1", nodes)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for i, p := range ports {
		port := strconv.Itoa(p)
		options, err := config.Load(config.Given{Flags: map[string]string{
			"port": port, "hostname": "127.0.0.1", "listen": net.JoinHostPort("127.0.0.1", port), "levels": "2",
			"bootstrap": net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0])), "ban_by_address": "true", "log_level": "error",
			"sync_interval": *clusterInterval, "server_timeout": "1s", "data": filepath.Join(dir, strconv.Itoa(i)), "admin": "off",
			"leave_notice": "0s", // a node that stops dies without a word
		}})
		if err != nil {
			t.Fatal(err)
		}
		plan = append(plan, options)
	}
	return plan
}

// settles waits until all nodes of a cluster are registered and know the exact size, and
// fails after so many rounds. It returns what they say.
func settles(t *testing.T, k *cluster, rounds int) *view {
	t.Helper()
	pause := time.NewTicker(lookEvery)
	defer pause.Stop()
	began := time.Now()
	for {
		v, err := k.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		passed := time.Since(began).Seconds() / k.interval.Seconds()
		if v.settled() {
			t.Logf("%d nodes have settled after %.1f rounds", v.Nodes, passed)
			return v
		}
		if passed > float64(rounds) {
			t.Fatalf("within %d rounds %d of %d nodes are registered, %d know the exact size", rounds, v.Registered, v.Nodes, v.Exact)
		}
		<-pause.C
	}
}

// listsAll waits until a node lists all members, and fails after so many rounds: where all
// sizes have just become exact, a slave or two may still be on their way to another master.
func listsAll(t *testing.T, k *cluster, which, rounds int) {
	t.Helper()
	pause := time.NewTicker(lookEvery)
	defer pause.Stop()
	for began := time.Now(); ; <-pause.C {
		members, err := k.nodes[which].Members(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(members.Members) == len(k.nodes) && members.Answered == members.Masters {
			return
		}
		if time.Since(began) > time.Duration(rounds)*k.interval {
			t.Fatalf("%d members, of %d masters %d answer", len(members.Members), members.Masters, members.Answered)
		}
	}
}

// Sixty-four nodes of two levels settle within ten rounds. When the head of a branch, a
// master of level 2, dies, all sizes are exact again within ten rounds, and any node lists
// all members within as many more. When it comes back it is in its branch at once, before
// its first sync.
func TestSixtyFourNodesOfTwoLevels(t *testing.T) {
	plan := leveled(t, 64)
	k, err := newCluster(plan, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.close() })
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := settles(t, k, 10)
	heads := make(map[string]int) // of branches, by name; the index of the node
	for i, s := range v.Members {
		if s.Levels != 2 || len(s.Branches) != 1 || s.Branches[0].Name != s.Root {
			t.Fatalf("%s is in branches %+v of %d levels", s.Address, s.Branches, s.Levels)
		}
		if s.MasterLevel == 2 {
			heads[s.Root] = i
		}
	}
	if len(heads) < 3 || len(heads) > 6 {
		t.Errorf("64 nodes make %d branches, want about 4", len(heads))
	}
	delete(heads, plan[0].Bootstrap[0])
	branch := slices.Min(slices.Collect(maps.Keys(heads)))
	dead := heads[branch]
	if err := k.nodes[dead].Stop(); err != nil {
		t.Fatal(err)
	}
	k.nodes = slices.Delete(k.nodes, dead, dead+1)
	settles(t, k, 10)
	listsAll(t, k, 5, 10)
	again, err := node.New(node.Options{Config: plan[dead]})
	if err != nil {
		t.Fatal(err)
	}
	k.nodes = append(k.nodes, again)
	go again.Run(t.Context())
	if err := again.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := again.Status(t.Context()); err != nil || s.Root != branch || s.NetworkSize != 64 {
		t.Errorf("%v: after its restart the node is in branch %q of a network of %d nodes, want %q and 64", err, s.Root, s.NetworkSize, branch)
	}
	settles(t, k, 10)
}

// The local network of the command line can have levels, too.
func TestClusterOfTwoLevels(t *testing.T) {
	ports, err := nettest.FreePorts("127.0.0.1", 16)
	if err != nil {
		t.Fatal(err)
	}
	code, out, said := inProcess("cluster", "-n", "16", "--levels", "2", "--port", fmt.Sprint(ports[0]), "--rounds", "10", "--exit", "--json")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	var v view
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Exact != 16 {
		t.Errorf("%v: %d of 16 know the exact size", err, v.Exact)
	}
	code, _, said = inProcess("cluster", "--levels", "5", "--exit")
	if want := "flag --levels: want auto, or a whole number from 1 to 4, not \"5\""; code != 2 || !strings.Contains(said, want) {
		t.Errorf("exit code %d: %s, want %q", code, said, want)
	}
}
