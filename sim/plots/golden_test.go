package plots

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"spreadable/sim/result"
	"spreadable/sim/result/resulttest"
)

var update = flag.Bool("update", false, "rewrite the golden plots")

// goldenRuns are runs with all that a plot shows or says that it lacks: of few nodes and
// many, with failures, without requests, not settled or settled from the start, with nodes that are gone or lost, with
// attackers and with stores.
func goldenRuns() map[string]*result.Run {
	failing, quiet, partial, broken := resulttest.Run(60, 3), resulttest.Run(60, 4), resulttest.Run(900, 5),
		resulttest.Run(80, 6)
	for i := range failing.Requests {
		if r := &failing.Requests[i]; i%3 == 0 {
			r.OK, r.Latency, r.Error = false, time.Duration(i)*time.Millisecond, "timed out"
		}
	}
	quiet.Requests, quiet.Summary.Search, quiet.Summary.Approval = nil, nil, nil
	partial.Summary.Partial, partial.Summary.Convergence = true, result.Convergence{}
	partial.Samples = partial.Samples[:12]
	partial.Thin(150)
	for i := range broken.Nodes {
		switch n := &broken.Nodes[i]; {
		case i%9 == 4:
			n.Role, n.Slaves, n.Backlink = result.RoleGone, 0, -1
		case i%9 == 7:
			n.Role, n.Slaves, n.Backlink = result.RoleNone, 0, -1
		}
	}
	broken.Loads = result.LoadRows(broken.Summary.Approval, result.ApproverLoad(broken.Nodes))
	undrawn := resulttest.Run(40, 9)
	undrawn.Loads = nil
	for i := range undrawn.Requests {
		undrawn.Requests[i].Approvers = nil
	}
	for i := range undrawn.Nodes {
		undrawn.Nodes[i].Approvals = 0
	}
	first, share := 0.0, 0.05
	settled := resulttest.Run(20, 10)
	settled.Summary.Convergence.TimeS, settled.Summary.Convergence.Rounds = &first, &first
	attacked := resulttest.Run(40, 11)
	a := attacked.Summary.Approval
	a.Captured, a.CapturedExpected, a.Denied = &share, &share, &share // no theory of the denied
	a.Liars = []result.LiarsDrawn{{Liars: 0, Draws: 90, Expected: 88.5}, {Liars: 1, Draws: 25, Expected: 30}, {Liars: 2, Draws: 5, Expected: 1.5}}
	storing := resulttest.Run(30, 12)
	for i := range 6 {
		at := time.Duration(i) * 60 * time.Second
		storing.Copies = append(storing.Copies,
			result.CopiesRow{Store: "documents", Time: at, Objects: 10 * i, Held: 9 * i, Whole: 7 * i},
			result.CopiesRow{Store: "files", Time: at, Objects: 8, Held: 8 - i, Whole: 7 - i})
	}
	young := resulttest.Run(30, 13)
	young.Copies = []result.CopiesRow{{Store: "files", Objects: 1, Held: 1}, {Store: "documents", Objects: 1}, {Store: "files", Time: time.Minute, Objects: 2, Held: 1}}
	away := resulttest.Run(50, 14) // nobody is there in the middle and at the end
	away.Summary.Convergence = result.Convergence{}
	for i := range away.Samples {
		if s := &away.Samples[i]; i/10%2 == 1 || i > 70 {
			s.Alive, s.Masters, s.Registered, s.ExactSize, s.Coverage = 0, 0, math.NaN(), math.NaN(), math.NaN()
		}
	}
	return map[string]*result.Run{
		"settled": settled, "attacked": attacked, "storing": storing, "young": young,
		"4": resulttest.Run(4, 1), "30": resulttest.Run(30, 2), "100": resulttest.Run(100, 1),
		"500":  resulttest.Run(500, 7),
		"5000": resulttest.Run(5000, 8), "failing": failing, "quiet": quiet, "partial": partial, "broken": broken,
		"undrawn": undrawn, "empty": {}, "away": away,
	}
}

// The pictures change when, and only when, what is drawn changes. After such a change
// look at them, and `go test ./sim/plots -run Golden -update` writes their hashes anew.
// (Another kind of processor may round a last digit differently.)
func TestGoldenPlots(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the hashes are those of amd64")
	}
	var got strings.Builder
	drawn := map[string][]Plot{"pairs": pairs()}
	for name, run := range goldenRuns() {
		drawn[name] = Draw(run)
	}
	for _, name := range []string{"4", "30", "100", "500", "5000", "failing", "quiet", "partial", "broken",
		"undrawn", "empty", "settled", "attacked", "storing", "young", "pairs", "away"} {
		for _, p := range drawn[name] {
			svg, err := p.SVG()
			if err != nil {
				t.Fatal(err)
			}
			h := fnv.New64a()
			fmt.Fprintln(h, p.Title, p.Reading)
			h.Write(svg)
			fmt.Fprintf(&got, "%s %s %016x%s\n", name, p.Name, h.Sum64(), strings.TrimRight(" "+p.Missing, " "))
		}
	}
	path := filepath.Join("testdata", "plots.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(was) || line != was[i] {
			t.Errorf("a plot has changed: %s", line)
		}
	}
}

// pairs are two measurements of the same thing, of which one is longer, and one that is not
// there.
func pairs() []Plot {
	pair := Pair{Name: "pair", Title: "Two", Subtitle: "of one", X: "x", Y: "y", Top: 7, First: Curve{Name: "one"}, Second: Curve{Name: "two"}}
	pair.First.Add(0, 1)
	none := pair.Plot()
	pair.First.Add(2, 3)
	pair.Second.Add(1, 2)
	pair.Second.Add(10, 5)
	return []Plot{pair.Plot(), none}
}

// A plot of one size and one resolution, as its picture.
func TestPicturesAreOfOneSize(t *testing.T) {
	for _, f := range []*figure{{}, {height: 200}} {
		w, h := f.size()
		if w != figureWidth || f.height == 0 && h != figureHeight || f.height > 0 && h != f.height {
			t.Errorf("%v by %v", w, h)
		}
	}
}
