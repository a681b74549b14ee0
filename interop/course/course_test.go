//go:build interop && course

package course

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

var (
	size     = flag.Int("course-nodes", 64, "nodes of each network")
	npmRuns  = flag.Int("course-runs", 5, "npm networks of each schedule, twice as many by hand of up to 64 nodes")
	simRuns  = flag.Int("course-seeds", 15, "seeds of each simulated schedule")
	interval = flag.Duration("course-interval", 5*time.Second, "sync interval of npm nodes with timers")
)

// simInterval is the sync interval of simulated nodes, and of npm nodes that sync by hand.
const simInterval = 16 * time.Second

// most is the largest network whose course is compared in every round. Larger ones swing too
// much from run to run.
const most = 64

// schedule is when nodes start and sync.
type schedule struct {
	name   string
	starts func(i int) time.Duration // of node i, at a sync interval of 16 s; nil if synced by hand
	orders func(n int) [][]int       // of each round, which begin again after the last; nil for timers
	// how long a network is watched, if it has up to most nodes and if it has more
	rounds, roundsLarge int
}

func (s schedule) watched() int {
	if *size > most {
		return s.roundsLarge
	}
	return s.rounds
}

var schedules = []schedule{
	{name: "at once", starts: func(i int) time.Duration {
		if i == 0 {
			return 0
		}
		return 1600 * time.Millisecond
	}, rounds: 24, roundsLarge: 60},
	{name: "one after the other", orders: func(n int) [][]int {
		return [][]int{ascending(n)}
	}, rounds: 32, roundsLarge: 240},
	{name: "forth and back", orders: func(n int) [][]int {
		back := ascending(n)
		slices.Reverse(back)
		return [][]int{ascending(n), back}
	}, rounds: 32, roundsLarge: 360},
}

func ascending(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// look is what the nodes of a network say at the end of a round, and of npm nodes also how
// long the longest sync took, or all of them by hand, in ms, and how many requests have
// timed out.
type look struct{ Registered, Masters, Exact, Longest, Timeouts int }

// TestCourse compares npm networks with simulated ones in every round. Up to 64 nodes,
// each simulated median must lie within the range of the npm runs, a tenth of the nodes
// more or less. Of more, the rounds until all know the exact size for the first time must
// not differ (rank sum, p > 0.05), and networks are watched until then.
func TestCourse(t *testing.T) {
	for _, s := range schedules {
		t.Run(strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) {
			var npm, simulated [][]look
			runs := *npmRuns
			if s.orders != nil && *size <= most {
				runs *= 2 // the course forks by chance; too few runs may all take one branch
			}
			for range runs {
				npm = append(npm, s.npm(t))
			}
			for seed := range *simRuns {
				simulated = append(simulated, s.simulate(t, seed+1))
			}
			t.Log(s.table(npm, simulated))
			real, ours := s.exactAfter(npm), s.exactAfter(simulated)
			p := rankSum(real, ours)
			t.Logf("rounds to exact: npm %v, simulated %v, p = %.3f", real, ours, p)
			if *size > most {
				if real[len(real)/2] > s.watched() {
					t.Errorf("too few rounds to compare: most npm networks never knew their size")
				}
				if p <= 0.05 {
					t.Errorf("the rounds until all know the size differ: p = %.3f", p)
				}
				return
			}
			for round := range s.watched() {
				within(t, round, "registered", npm, simulated, func(l look) int { return l.Registered })
				within(t, round, "masters", npm, simulated, func(l look) int { return l.Masters })
			}
		})
	}
}

// within holds the simulated median against the range of the npm runs.
func within(t *testing.T, round int, what string, npm, simulated [][]look, of func(look) int) {
	t.Helper()
	real, ours := at(npm, round, of), at(simulated, round, of)
	slack := float64(*size) / 10
	middle := float64(ours[len(ours)/2])
	if middle < float64(real[0])-slack || middle > float64(real[len(real)-1])+slack {
		t.Errorf("round %d: %s %g, npm %d to %d", round+1, what, middle, real[0], real[len(real)-1])
	}
}

// at lists a number of all runs at a round, ascending. A run that has ended before stays as
// it was.
func at(runs [][]look, round int, of func(look) int) []int {
	var list []int
	for _, run := range runs {
		list = append(list, of(run[min(round, len(run)-1)]))
	}
	slices.Sort(list)
	return list
}

// npm runs a network of npm nodes in one process.
func (s schedule) npm(t *testing.T) []look {
	t.Helper()
	plan := map[string]any{"nodes": *size, "rounds": s.watched(), "untilExact": *size > most}
	if s.orders != nil {
		plan["orders"], plan["interval"] = s.orders(*size), simInterval.Milliseconds()
	} else {
		plan["interval"] = interval.Milliseconds()
		starts := make([]int64, *size)
		for i := range starts {
			starts[i] = (s.starts(i) * *interval / simInterval).Milliseconds()
		}
		plan["starts"] = starts
	}
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs("course.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", program, string(text))
	cmd.Dir, cmd.Stderr = t.TempDir(), os.Stderr // the package leaves a file in its folder
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var run []look
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var l look
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		run = append(run, l)
	}
	if len(run) != s.watched() && (*size <= most || len(run) == 0 || run[len(run)-1].Exact < *size) {
		t.Fatalf("%d rounds, want %d", len(run), s.watched())
	}
	s.inTime(t, run)
	return run
}

// inTime fails if the machine was too slow for a run to tell anything. A sync must end
// before the next one of its node, and those of a round by hand before the next round. No
// request may time out, since no node is down.
func (s schedule) inTime(t *testing.T, run []look) {
	t.Helper()
	what, limit := "all syncs of a round", simInterval
	if s.orders == nil {
		what, limit = "a sync", *interval
	}
	longest, timeouts := 0, 0
	for _, l := range run {
		longest, timeouts = max(longest, l.Longest), timeouts+l.Timeouts
	}
	took := time.Duration(longest) * time.Millisecond
	t.Logf("npm: %s took up to %v of %v, %d requests timed out", what, took, limit, timeouts)
	if took >= limit || timeouts > 0 {
		t.Fatal("the machine is too slow or too busy to compare: npm nodes must sync within " +
			"the interval, and no request may time out; try a longer -course-interval")
	}
}

// simulate runs the same schedule in the simulator. The network is that of one machine: a
// message takes next to no time, a request some of the machine's, and a connection is opened
// for each. By hand, the syncs of a round take three quarters of it; what has become of the
// network is looked at then, since a sample at the end would see the next round's first sync.
func (s schedule) simulate(t *testing.T, seed int) []look {
	t.Helper()
	text := fmt.Sprintf(`
name: course
nodes: %d
seed: %d
duration: %s
sample: %s
sync_interval: %s
registration: original
node: {trusted: true}
latency: {model: constant, mean: 1ms}
network: {service: 1ms, connection: each}
`, *size, seed, time.Duration(s.watched())*simInterval, simInterval/4, simInterval)
	if s.orders != nil {
		text += fmt.Sprintf("sync: manual\nsync_gap: %s\nsync_order: %q\njoin: {mode: list, times: [0s]}\n",
			simInterval*3/4/time.Duration(*size), orderText(s.orders(*size)))
	} else {
		var times []string
		for i := range *size {
			times = append(times, s.starts(i).String())
		}
		text += "join: {mode: list, times: [" + strings.Join(times, ", ") + "]}\n"
	}
	parsed, err := scenario.Parse("course.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sim.Run(parsed, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var run []look
	for i := 3; i < len(r.Samples); i += 4 {
		sample := r.Samples[i]
		run = append(run, look{
			Registered: sample.RegisteredCount, Masters: sample.Masters,
			Exact: int(math.Round(sample.ExactSize * float64(sample.Alive))),
		})
	}
	return run
}

// orderText writes the orders of rounds as sync_order.
func orderText(orders [][]int) string {
	var list []string
	for _, order := range orders {
		list = append(list, strings.Trim(strings.ReplaceAll(fmt.Sprint(order), " ", ","), "[]"))
	}
	return strings.Join(list, ";")
}

// exactAfter is in which round of each run all nodes knew the exact size for the first
// time, one more than watched for never, ascending.
func (s schedule) exactAfter(runs [][]look) []int {
	var list []int
	for _, run := range runs {
		first := slices.IndexFunc(run, func(l look) bool { return l.Exact == *size })
		if first < 0 {
			first = s.watched()
		}
		list = append(list, first+1)
	}
	slices.Sort(list)
	return list
}

// table lists the ranges of both sides by round, from round 33 on of every tenth only.
func (s schedule) table(npm, simulated [][]look) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%5s  %-24s%-24s%-24s\n", "round", "registered", "masters", "exact")
	for round := range s.watched() {
		if round >= 32 && (round+1)%10 != 0 {
			continue
		}
		fmt.Fprintf(&b, "%5d", round+1)
		for _, of := range []func(look) int{
			func(l look) int { return l.Registered }, func(l look) int { return l.Masters }, func(l look) int { return l.Exact },
		} {
			fmt.Fprintf(&b, "  %-22s", spread(at(npm, round, of))+" | "+spread(at(simulated, round, of)))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// spread writes least, median and greatest.
func spread(sorted []int) string {
	return fmt.Sprintf("%d-%d-%d", sorted[0], sorted[len(sorted)/2], sorted[len(sorted)-1])
}

// rankSum is the probability that two samples of one distribution differ as much, by the
// rank-sum test of Wilcoxon, Mann and Whitney: two-sided, by the normal approximation with
// correction for ties and continuity.
func rankSum(a, b []int) float64 {
	type value struct {
		x     int
		first bool
	}
	var all []value
	for _, x := range a {
		all = append(all, value{x, true})
	}
	for _, x := range b {
		all = append(all, value{x, false})
	}
	slices.SortFunc(all, func(p, q value) int { return cmp.Compare(p.x, q.x) })
	sum, ties, n := 0.0, 0.0, float64(len(all))
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].x == all[i].x {
			j++
		}
		rank, same := float64(i+j+1)/2, float64(j-i)
		ties += same*same*same - same
		for ; i < j; i++ {
			if all[i].first {
				sum += rank
			}
		}
	}
	na, nb := float64(len(a)), float64(len(b))
	off := math.Abs(sum-na*(n+1)/2) - 0.5
	variance := na * nb / 12 * (n + 1 - ties/(n*(n-1)))
	if variance <= 0 || off < 0 {
		return 1
	}
	return 2 * distuv.UnitNormal.Survival(off/math.Sqrt(variance))
}
