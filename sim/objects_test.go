package sim

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// storing runs a scenario of some nodes.
func storing(t *testing.T, workers int, rest string) *result.Run {
	t.Helper()
	s, err := scenario.Parse("stores.yaml", []byte("name: stores\nnodes: 30\nduration: 5m\n"+rest), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(s, Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const both = "preload: {documents: 100, files: 100}\nworkload: {documents: {rate: 1, reads: 50%}, files: {rate: 1, reads: 50%}}\n"

// In a network in which nothing breaks all is found, nothing is stale, all writes are
// acknowledged and all copies are there; and a run with stores is as reproducible as one
// without.
func TestStoresOfAQuietNetworkAreWhole(t *testing.T) {
	r := storing(t, 1, both)
	for name, s := range map[string]*result.Store{"documents": r.Summary.Documents, "files": r.Summary.Files} {
		if s.Reads < 80 || s.Writes < 80 || s.Preloaded != 100 || *s.Availability != 1 || *s.Acknowledged != 1 || *s.Whole != 1 || *s.Missing != 0 {
			t.Errorf("%s: %+v", name, *s)
		}
		if *s.Copies < 3 || s.Bytes == 0 {
			t.Errorf("%s: %v copies, %d bytes", name, *s.Copies, s.Bytes)
		}
	}
	if r.Copies[0].Time != 0 {
		t.Errorf("the copies begin at %v, the samples at 0", r.Copies[0].Time)
	}
	if d := r.Summary.Documents; *d.Stale != 0 {
		t.Errorf("stale: %v", *d.Stale)
	}
	if again := storing(t, 2, both); again.Summary.Fingerprint != r.Summary.Fingerprint || fmt.Sprint(again.Copies) != fmt.Sprint(r.Copies) {
		t.Error("two workers give another run")
	}
}

// Without stores there is nothing of them.
func TestARunWithoutStoresHasNone(t *testing.T) {
	if r := storing(t, 1, ""); r.Summary.Documents != nil || r.Summary.Files != nil || r.Copies != nil {
		t.Errorf("%+v", r.Summary)
	}
}

// What is preloaded costs no message but those that tell masters of it: without these the run is
// the same to the bit until a client reads.
func TestPreloadingCostsNoMessage(t *testing.T) {
	quiet := "extensions: {repair: none, lookup: all}\nduration: 80s\nname: stores\nnodes: 30\n"
	of := func(preload string) string {
		s, err := scenario.Parse("stores.yaml", []byte(quiet+preload), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := r.Summary.Documents; d.Bytes != 0 && preload != "" {
			t.Errorf("%s: %d bytes", preload, d.Bytes)
		}
		return r.Summary.Fingerprint
	}
	if of("preload: {documents: 1}\n") != of("preload: {documents: 500}\n") {
		t.Error("500 documents give another run than one")
	}
}

// Of the objects whose three copies are at random nodes, those are lost without repair that
// have all of them among a third that goes: (1/3)^3, and a little less among few.
func TestLossesWithoutRepairAreThoseOfTheory(t *testing.T) {
	r := storing(t, 1, `
preload: {documents: 900, files: 900, at: 100s}
extensions: {repair: none}
faults: [{at: 120s, do: crash, on: 33.34%}]
`)
	const gone, nodes = 10.0, 30.0
	want := gone * (gone - 1) * (gone - 2) / (nodes * (nodes - 1) * (nodes - 2))
	for name, s := range map[string]*result.Store{"documents": r.Summary.Documents, "files": r.Summary.Files} {
		if sd := math.Sqrt(want * (1 - want) / 900); math.Abs(*s.Missing-want) > 4*sd {
			t.Errorf("%s: %.4f are lost, want %.4f ± %.4f", name, *s.Missing, want, sd)
		}
		if s.WholeS != nil {
			t.Errorf("%s: all is whole again after %v s", name, *s.WholeS)
		}
	}
	if sent := r.Summary.Files.Bytes; sent > 2_000_000 {
		t.Errorf("%d bytes were sent, a file has half as many, and reports take little more: copies were made", sent)
	}
}

// With repair all that has a live holder has three copies again.
func TestRepairMakesUpForLosses(t *testing.T) {
	r := storing(t, 1, `
preload: {documents: 300, files: 300}
faults: [{at: 80s, do: crash, on: 33.34%}]
`)
	for name, s := range map[string]*result.Store{"documents": r.Summary.Documents, "files": r.Summary.Files} {
		if s.WholeS == nil || math.Abs(*s.Whole+*s.Missing-1) > 1e-9 {
			t.Errorf("%s: %+v", name, *s)
		}
	}
}

// A disk that is full takes nothing, and others do in its place; with all full, writes fail.
func TestDisksHaveACapacity(t *testing.T) {
	roomy := storing(t, 1, "extensions: {disk: {capacity: 1GB}}\nworkload: {files: {rate: 1, reads: 0%}}\n").Summary.Files
	full := storing(t, 1, "extensions: {disk: {capacity: 8MB}}\nworkload: {files: {rate: 1, reads: 0%}}\n").Summary.Files
	if *roomy.Acknowledged != 1 {
		t.Errorf("with space %v are acknowledged", *roomy.Acknowledged)
	}
	// 30 disks of 8 files hold 80 of three copies; a write needs two
	if share := *full.Acknowledged; share < 0.2 || share > 0.7 {
		t.Errorf("of %d writes to small disks %v are acknowledged", full.Writes, share)
	}
}

// A disk takes its time: a write of 1 MB at 1 MB a second a second, and a seek besides.
func TestDisksHaveASpeed(t *testing.T) {
	fast := storing(t, 1, "workload: {files: {rate: 0.2, reads: 0%}}\n").Summary.Files
	slow := storing(t, 1, "extensions: {disk: {rate: 8Mbit/s, seek: 100ms}}\nworkload: {files: {rate: 0.2, reads: 0%}}\n").Summary.Files
	if d := slow.WriteMS.P50 - fast.WriteMS.P50; d < 1000 || d > 3000 {
		t.Errorf("a slow disk takes %v ms longer", d)
	}
}

// The documents that clients write are read in the version that was acknowledged last, and
// popular keys are asked for more often.
func TestStalenessIsThatOfReplacedVersions(t *testing.T) {
	h := history{7: {
		{value: 1, start: 1 * time.Second, end: 2 * time.Second, latest: 1 * time.Second},
		{value: 2, start: 3 * time.Second, end: 4 * time.Second, latest: 3 * time.Second},
		{value: 3, start: 3 * time.Second, end: 5 * time.Second, latest: 3 * time.Second},
	}}
	for _, c := range []struct {
		at    time.Duration
		value uint64
		age   time.Duration
	}{
		{at: 2 * time.Second, value: 0, age: 0},               // the first write has not ended before
		{at: 3500 * time.Millisecond, value: 1, age: 0},       // the second has not ended
		{at: 6 * time.Second, value: 1, age: 2 * time.Second}, // replaced by 2
		{at: 6 * time.Second, value: 2, age: 0},               // 3 is concurrent with it
		{at: 6 * time.Second, value: 0, age: 4 * time.Second}, // what was preloaded
		{at: 6 * time.Second, value: 99, age: 0},              // never acknowledged
	} {
		if got := h.age(&operationOf{object: 7, at: c.at, value: c.value}); got != c.age {
			t.Errorf("value %d at %v: stale for %v, want %v", c.value, c.at, got, c.age)
		}
	}
}

// What a scenario of stores says wrongly is one line.
func TestStoresThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		"extensions: {copies: 3}\n":                                            "has no meaning without a store",
		"preload: {at: 10s}\n":                                                 "has no meaning without a store",
		"workload: {files: {keys: 3}}\n":                                       "has no meaning without a rate",
		"preload: {documents: 5}\nextensions: {copies: 40}\n":                  "more than the 30 nodes",
		"preload: {documents: 5}\nextensions: {copies: 2, acks: 3}\n":          "cannot acknowledge",
		"preload: {documents: 5, at: 5m}\n":                                    "not before the end",
		"preload: {documents: 5}\nworkload: {documents: {rate: 1, keys: 4}}\n": "fewer than the 5",
		"workload: {documents: {rate: 1e6}}\n":                                 "more than 10000000",
		"workload: {documents: {rate: 1, reads: 101%}}\n":                      "at most 100%",
		"workload: {documents: {rate: 1, exponent: 11}}\n":                     "0 to 10",
		"workload: {documents: {rate: 1, size: 10}}\n":                         "expected a size with a unit",
		"workload: {documents: {rate: 1, size: 1MB}}\n":                        "at most 256kB",
		"workload: {documents: {rate: 1, start: 4m, over: 2m}}\n":              "after the",
		"preload: {documents: 5}\nextensions: {disk: {capacity: 0.1B}}\n":      "1B or more",
	} {
		_, err := scenario.Parse("stores.yaml", []byte("name: stores\nnodes: 30\nduration: 5m\n"+text), nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Clients are at all nodes that are up, each with the same chance, and come at the rate
// that they should.
func TestOperationsBeginAtAllNodes(t *testing.T) {
	const text = "name: stores\nnodes: 30\nduration: 10m\njoin: {mode: spread, over: 4m}\n" +
		"workload: {documents: {rate: 3, start: 1m, over: 8m}, files: {rate: 2, start: 1m, over: 8m}}\n"
	s, err := scenario.Parse("stores.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer w.net.Close()
	begins, late := make([]int, s.Nodes), 0
	for _, op := range w.objects.ops {
		begins[op.host]++
		if !slices.Contains(slices.Collect(w.population.At(op.at).All()), op.host) {
			t.Fatalf("an operation of %v begins at node %d, which is not up", op.at, op.host)
		}
		if op.at > 5*time.Minute {
			late++
		}
	}
	if all := len(w.objects.ops); math.Abs(float64(all)-5*480) > 4*math.Sqrt(5*480) {
		t.Errorf("%d operations, want some %d", all, 5*480)
	}
	for host, n := range begins { // all nodes are up in the second half
		if want := float64(late) / 30; float64(n) < want/2 || float64(n) > 6*want {
			t.Errorf("%d operations begin at node %d", n, host)
		}
	}
}
