package plots

import (
	"flag"
	"fmt"
	"hash/fnv"
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
// many, with failures, without requests, never settled, with nodes that are gone or lost.
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
	undrawn := resulttest.Run(40, 9)
	for i := range undrawn.Requests {
		undrawn.Requests[i].Approvers = nil
	}
	for i := range undrawn.Nodes {
		undrawn.Nodes[i].Approvals = 0
	}
	return map[string]*result.Run{
		"4": resulttest.Run(4, 1), "30": resulttest.Run(30, 2), "100": resulttest.Run(100, 1),
		"500":  resulttest.Run(500, 7),
		"5000": resulttest.Run(5000, 8), "failing": failing, "quiet": quiet, "partial": partial, "broken": broken,
		"undrawn": undrawn, "empty": {},
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
	runs := goldenRuns()
	for _, name := range []string{"4", "30", "100", "500", "5000", "failing", "quiet", "partial", "broken",
		"undrawn", "empty"} {
		for _, p := range Draw(runs[name]) {
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

// A plot of one size and one resolution, as its picture.
func TestPicturesAreOfOneSize(t *testing.T) {
	for _, f := range []*figure{{}, {height: 200}} {
		w, h := f.size()
		if w != figureWidth || f.height == 0 && h != figureHeight || f.height > 0 && h != f.height {
			t.Errorf("%v by %v", w, h)
		}
	}
}
