package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"testing"

	"spreadable/core"
	"spreadable/internal/nettest"
)

// At 1 s a machine that compiles other packages meanwhile has made some nodes miss rounds.
var clusterInterval = flag.String("cluster-interval", "2s", "sync interval of the network of 64")

// Sixty-four nodes that start at once, and know only the first, are all registered and
// see the exact size within six sync intervals. (Nodes of the npm package need some 25.)
func TestSixtyFourNodesSettleWithinSixRounds(t *testing.T) {
	ports, err := nettest.FreePorts("127.0.0.1", 64)
	if err != nil {
		t.Fatal(err)
	}
	code, out, said := inProcess("cluster", "-n", "64", "--port", fmt.Sprint(ports[0]), "--sync-interval", *clusterInterval, "--rounds", "6", "--exit", "--json")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	var v view
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	if v.Registered != 64 || v.Exact != 64 || len(v.Members) != 64 || v.Rounds > 6 {
		t.Errorf("%d registered, %d exact, of %d, after %.1f rounds", v.Registered, v.Exact, len(v.Members), v.Rounds)
	}
	masters, slaves := 0, 0
	for _, m := range v.Members {
		if !m.Registered || m.NetworkSize != 64 {
			t.Errorf("%s: registered %v, sees %d", m.Address, m.Registered, m.NetworkSize)
		}
		if m.Master {
			masters++
		}
		slaves += m.Slaves
	}
	if slaves != 64 || masters > core.Optimum(64, 1)+1 {
		t.Errorf("%d masters list %d slaves", masters, slaves)
	}
	t.Logf("settled after %.1f rounds (%.1f s), %d masters", v.Rounds, v.SettledS, masters)
}
