package faults

import (
	"bufio"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"spreadable/sim/fault"
	"spreadable/sim/lie"
)

var (
	all    = flag.Bool("all", false, "compare the hashes of all 500 runs, half a minute, instead of each tenth")
	update = flag.Bool("update", false, "write the hashes of all runs anew")

	kind  = flag.String("kind", "kill", "faults to run by hand, separated by commas, or all")
	size  = flag.Int("size", 9, "nodes of a run by hand")
	boots = flag.Int("boots", 1, "bootstrap nodes of a run by hand")
	from  = flag.Uint64("from", 1, "first seed of the runs by hand")
	count = flag.Uint64("count", 1, "number of seeds")
	trace = flag.Bool("trace", false, "print all that happens in the runs by hand")
)

// golden is a run whose hash is known.
type golden struct {
	name string
	do   func(t testing.TB, log io.Writer)
}

// younger are kinds of faults that are younger than the hashes.
var younger = []string{"cut-off", "mass-join", "masters-gone", "split"}

// goldenRuns are 500 runs: all kinds of faults in twenty sizes, and of liars and the
// others in five.
func goldenRuns() (runs []golden) {
	add := func(kind string, size, seed int, do func(t testing.TB, log io.Writer)) {
		runs = append(runs, golden{fmt.Sprintf("%s %d %d", kind, size, seed), do})
	}
	for _, kind := range fault.Kinds() {
		if slices.Contains(younger, kind) {
			continue
		}
		for seed, size := range []int{2, 3, 4, 5, 7, 9, 12, 16, 20, 25, 30, 37, 44, 3, 5, 9, 13, 49, 60, 100} {
			r := Run{Kind: kind, Size: size, Seed: uint64(seed), Boots: 1}
			if seed%5 == 4 {
				r.Boots = 3
			}
			add(kind, size, seed, func(t testing.TB, log io.Writer) { r.Do(t, log) })
		}
	}
	for _, kind := range Liars() {
		if k, _ := lie.Of(kind); k.Named {
			continue // younger, too
		}
		for seed, size := range []int{5, 9, 20, 30, 40} {
			add(kind, size, seed, func(t testing.TB, log io.Writer) { RunLiars(t, kind, size, 1+seed%3, uint64(seed), 100, log) })
		}
	}
	for seed, size := range []int{3, 9, 12, 20, 30} {
		add("toggle", size, seed, func(t testing.TB, log io.Writer) { RunToggle(t, size, uint64(seed), 60, log) })
	}
	for _, memory := range []string{"blank", "memory"} {
		for seed, size := range []int{5, 12, 19, 26, 33} {
			add("boot-returns-"+memory, size, seed, func(t testing.TB, log io.Writer) { RunReturn(t, size, uint64(seed), memory == "memory", log) })
		}
	}
	for seed, share := range []float64{0.01, 0.03, 0.05, 0.10, 0.20} {
		for _, size := range []int{5, 30} {
			add("constant-loss", size, seed, func(t testing.TB, log io.Writer) { RunLoss(t, size, uint64(seed), share, 60, log) })
		}
	}
	return runs
}

const hashes = "testdata/hashes.txt"

// Each run is as it was, to the bit: every request with its outcome and time, and every
// note. Four in five of the hashes were taken from commit d1d81cd with another driver, so
// they prove that this one and all changes since are the same; the others are of runs in
// which nodes ask themselves, since that takes no time. A commit that changes how nodes
// behave writes them anew with -update, and says why the new runs are right. All 500 take
// half a minute, with -all.
func TestRunsAreAsTheyWere(t *testing.T) {
	runs := goldenRuns()
	if *update {
		rewrite(t, runs)
	}
	file, err := os.Open(hashes)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for i, r := range runs {
		if !lines.Scan() {
			t.Fatalf("%s ends before %s", hashes, r.name)
		}
		if want := lines.Text(); (*all || i%10 == i/10%10) && r.hash(t) != want {
			t.Errorf("%s, want %s", r.hash(t), want)
		}
	}
	if lines.Scan() {
		t.Errorf("%s has more than %d lines", hashes, len(runs))
	}
}

// hash runs it and returns its line of the file.
func (r *golden) hash(t testing.TB) string {
	h := fnv.New64a()
	r.do(t, h)
	return fmt.Sprintf("%s %016x", r.name, h.Sum64())
}

func rewrite(t *testing.T, runs []golden) {
	var text strings.Builder
	for _, r := range runs {
		text.WriteString(r.hash(t) + "\n")
	}
	if err := os.WriteFile(hashes, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestByHand runs what its flags say; see the package comment.
func TestByHand(t *testing.T) {
	names := strings.Split(*kind, ",")
	if *kind == "all" {
		names = fault.Kinds()
	}
	log := io.Discard
	if *trace {
		log = os.Stdout
	}
	for seed := *from; seed < *from+*count; seed++ {
		for _, name := range names {
			if !slices.Contains(fault.Kinds(), name) {
				t.Fatalf("there is no fault %q, only %s", name, strings.Join(fault.Kinds(), ", "))
			}
			result := Run{Kind: name, Size: *size, Seed: seed, Boots: *boots}.Do(t, log)
			t.Logf("%s of %d, seed %d: %s", name, *size, seed, result)
		}
	}
}
