package plots

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/plotter"
	"pgregory.net/rapid"

	"spreadable/sim/result"
	"spreadable/sim/result/resulttest"
)

func TestEveryPlotIsDrawnAsSVGAndPNG(t *testing.T) {
	dir := t.TempDir()
	if err := Write(resulttest.Run(100, 1), dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"convergence", "masters", "slaves", "network", "latency", "hops", "approvers", "messages",
	} {
		svg, err := os.ReadFile(filepath.Join(dir, Dir, name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(svg); err != nil {
			t.Errorf("%s.svg: %v", name, err)
		}
		if !bytes.Contains(svg, []byte("made-up · 100 nodes · seed 1")) {
			t.Errorf("%s.svg does not say which run it is of", name)
		}
		file, err := os.Open(filepath.Join(dir, Dir, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		config, err := png.DecodeConfig(file)
		if err := errors.Join(err, file.Close()); err != nil || config.Width != 1200 {
			t.Errorf("%s.png: %d pixels wide, %v", name, config.Width, err)
		}
	}
}

func wellFormed(text []byte) error {
	in := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := in.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestEqualRunsGiveEqualBytes(t *testing.T) {
	first, second := Draw(resulttest.Run(60, 3)), Draw(resulttest.Run(60, 3))
	for i := range first {
		for _, p := range []*Plot{&first[i], &second[i]} {
			if p.Missing != "" {
				t.Errorf("%s is missing: %s", p.Name, p.Missing)
			}
		}
		a, errA := first[i].SVG()
		b, errB := second[i].SVG()
		if errors.Join(errA, errB) != nil || !bytes.Equal(a, b) {
			t.Errorf("%s.svg differs: %v, %v", first[i].Name, errA, errB)
		}
	}
	a, errA := first[0].PNG()
	b, errB := second[0].PNG()
	if errors.Join(errA, errB) != nil || !bytes.Equal(a, b) {
		t.Errorf("%s.png differs: %v, %v", first[0].Name, errA, errB)
	}
}

func TestAPlotWithoutDataSaysWhyAndLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := Write(resulttest.Run(30, 1), dir); err != nil {
		t.Fatal(err)
	}
	empty := &result.Run{}
	if err := Write(empty, dir); err != nil {
		t.Fatal(err)
	}
	for _, p := range Draw(empty) {
		if p.Missing == "" || p.Title == "" || p.Reading == "" {
			t.Errorf("%s: title %q, reading %q, missing %q", p.Name, p.Title, p.Reading, p.Missing)
		}
		svg, errSVG := p.SVG()
		image, errPNG := p.PNG()
		if svg != nil || image != nil || errSVG != nil || errPNG != nil {
			t.Errorf("%s is missing and yet drawn", p.Name)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, Dir)); err != nil || len(left) > 0 {
		t.Errorf("plots of the earlier run are left: %v, %v", left, err)
	}
}

func TestLargeNetworksAreNotDrawn(t *testing.T) {
	if p := Network(resulttest.Run(500, 1)); p.Missing != "" {
		t.Errorf("500 nodes: %s", p.Missing)
	}
	want := "only networks of up to 500 nodes are drawn; this one has 1,000"
	if p := Network(resulttest.Run(1000, 1)); p.Missing != want {
		t.Errorf("1,000 nodes: %q", p.Missing)
	}
}

func TestPlotsOfManyNodesStaySmall(t *testing.T) {
	for _, p := range Draw(resulttest.Run(20_000, 1)) {
		svg, err := p.SVG()
		if err != nil || len(svg) > 100_000 {
			t.Errorf("%s.svg has %d bytes, %v", p.Name, len(svg), err)
		}
	}
}

// A run in which all values are the same has axes of no natural length; one that just
// began, or was full of failures, has hardly anything to show.
func TestDegenerateRunsAreDrawn(t *testing.T) {
	constant := resulttest.Run(9, 1)
	for i := range constant.Requests {
		constant.Requests[i].Latency, constant.Requests[i].Hops = 150*time.Millisecond, 3
	}
	instant := resulttest.Run(9, 1)
	for i := range instant.Requests {
		instant.Requests[i].Latency, instant.Requests[i].Hops = 0, 0
	}
	for i := range instant.Samples {
		instant.Samples[i].Time = 0
		instant.Samples[i].Coverage = math.NaN()
	}
	lonely := &result.Run{
		Samples: []result.Sample{{}, {Time: time.Second}},
		Nodes: []result.Node{{Role: result.RoleBoth, Slaves: 1, RequestsReceived: 1, RequestsSent: 1},
			{Index: 1, Role: result.RoleNone, Backlink: 5}},
	}
	for name, run := range map[string]*result.Run{"constant": constant, "instant": instant, "lonely": lonely} {
		for _, p := range Draw(run) {
			svg, err := p.SVG()
			if err != nil || bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
				t.Errorf("%s, %s: %v\n%s", name, p.Name, err, svg)
			}
			if _, err := p.PNG(); err != nil {
				t.Errorf("%s, %s: %v", name, p.Name, err)
			}
		}
	}
}

func TestTimeIsCutOnlyWhereNothingHappens(t *testing.T) {
	settled := 10.0
	run := &result.Run{Summary: result.Summary{Convergence: result.Convergence{TimeS: &settled}}}
	for at := range 101 {
		run.Samples = append(run.Samples, result.Sample{Time: time.Duration(at) * time.Second, Masters: 3})
	}
	masters := func(s *result.Sample) bool { return s.Masters == 3 }
	if end, rest := window(run, masters); end != 40*time.Second || len(rest) != 1 ||
		rest[0].label != "stays so until 100 s" {
		t.Errorf("a quiet run is shown until %v, %v", end, rest)
	}
	run.Samples[70].Masters = 4
	if end, rest := window(run, masters); end != 100*time.Second || rest != nil {
		t.Errorf("a run with a change at 70 s is shown until %v, %v", end, rest)
	}
	run.Summary.Convergence.TimeS = nil
	if end, rest := window(run, func(*result.Sample) bool { return true }); end != 100*time.Second || rest != nil {
		t.Errorf("a run that never settled is shown until %v, %v", end, rest)
	}
}

func TestAddingDataLeavesTheAxesAsTheyWereFixed(t *testing.T) {
	p := axes("x", "y")
	limit(p, 0, 10, 0, 5)
	add(p, line(plotter.XYs{{X: -3, Y: -3}, {X: 99, Y: 99}}, stroke(blue, 1, solid)))
	if p.X.Min != 0 || p.X.Max != 10 || p.Y.Min != 0 || p.Y.Max != 5 {
		t.Errorf("x %v..%v, y %v..%v", p.X.Min, p.X.Max, p.Y.Min, p.Y.Max)
	}
}

// Searches that missed nodes do not hide among those that did not, and failures have a
// curve too.
func TestTheLatencyOfEveryOutcomeIsACurveOfItsOwn(t *testing.T) {
	search := func(coverage float64, latency time.Duration) result.Request {
		return result.Request{Kind: result.KindSearch, OK: coverage > 0, Coverage: coverage, Latency: latency}
	}
	run := &result.Run{Requests: []result.Request{
		search(1, 150*time.Millisecond), search(0.2, 40*time.Millisecond), search(0.9, 60*time.Millisecond),
		search(0, 7*time.Second), search(0, 0), // the last had not ended
	}}
	var got []string
	for _, e := range Latency(run).figure.legend {
		got = append(got, e.label)
	}
	want := []string{
		"1 complete search: median 150 ms, 99 % within 150 ms",
		"2 partial searches: median 40 ms, 99 % within 60 ms",
		"1 failed search: median 7 s, 99 % within 7 s", "50 %", "90 %", "99 %",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if p := Latency(&result.Run{Requests: run.Requests[4:]}); p.Missing == "" {
		t.Error("a search that had not ended is drawn")
	}
}

func TestHopsCountsWhatWasMeasured(t *testing.T) {
	got := tallyHops([]result.Request{
		{Kind: result.KindSearch, OK: true, Coverage: 1, Hops: 3},
		{Kind: result.KindSearch, OK: true, Coverage: 1, Hops: 3},
		{Kind: result.KindSearch, OK: true, Coverage: 0.5, Hops: 3},
		{Kind: result.KindSearch, Hops: 7}, // failed
		{Kind: result.KindApproval, OK: true, Hops: 2}, {Kind: result.KindApproval, OK: true},
	})
	if got.deepest != 3 || got.highest != 2 || got.counts[0][3] != 2 || got.counts[1][3] != 1 ||
		got.counts[3][2] != 1 || got.counts[3][0] != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestEveryLiveNodeHasItsPlaceInTheDrawing(t *testing.T) {
	run := resulttest.Run(200, 5)
	run.Nodes[150].Role = result.RoleGone
	m := layOut(run.Nodes)
	if got := len(m.masters) + len(m.slaves) + len(m.lost); got != 199 {
		t.Errorf("%d of 199 nodes are drawn", got)
	}
	seen := make(map[polar]int)
	for _, i := range slices.Concat(m.masters, m.slaves) {
		at, ok := m.at[i]
		if !ok || at.radius > outerRadius {
			t.Errorf("node %d is at %+v, %v", i, at, ok)
		}
		if other, taken := seen[at]; taken {
			t.Errorf("nodes %d and %d are both at %+v", i, other, at)
		}
		seen[at] = i
	}
}

func TestCumulativeShareEndsAtAllOfThem(t *testing.T) {
	got := cumulative([]float64{1, 2, 2, 4}, 5)
	want := plotter.XYs{{X: 1, Y: 0}, {X: 1, Y: 25}, {X: 2, Y: 75}, {X: 4, Y: 100}, {X: 5, Y: 100}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	many := make([]float64, 50_000)
	for i := range many {
		many[i] = float64(i)
	}
	thin := cumulative(many, 60_000)
	if len(thin) > maxPoints+10 {
		t.Errorf("%d points", len(thin))
	}
	for _, xy := range thin[1 : len(thin)-1] {
		if want := 100 * (xy.X + 1) / 50_000; math.Abs(xy.Y-want) > 1e-9 {
			t.Errorf("%v %% are at most %v, want %v", xy.Y, xy.X, want)
		}
	}
}

func TestStairsRunAlongEveryNode(t *testing.T) {
	got := stairs([]int{0, 0, 1, 3})
	want := plotter.XYs{{X: 0, Y: 0}, {X: 2, Y: 0}, {X: 2, Y: 1}, {X: 3, Y: 1}, {X: 3, Y: 3}, {X: 4, Y: 3}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestHistogramCountsEverythingInEqualBins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(1, 5000), 1, 100).Draw(t, "values")
		bins := histogram(values)
		sum := 0.0
		for _, b := range bins {
			sum += b.Weight
			if b.Max-b.Min != bins[0].Max-bins[0].Min {
				t.Fatalf("bins of different width: %v", bins)
			}
		}
		if sum != float64(len(values)) || len(bins) > 61 {
			t.Fatalf("%d bins hold %v of %d", len(bins), sum, len(values))
		}
	})
}

func TestTicksAreRoundAndWithinTheAxis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Float64Range(-1e5, 1e5).Draw(t, "from")
		to := from + rapid.Float64Range(0.01, 1e5).Draw(t, "length")
		list := ticks(from, to)
		if len(list) < 2 || len(list) > 8 {
			t.Fatalf("%d ticks from %v to %v", len(list), from, to)
		}
		for _, tick := range list {
			if tolerance := (to - from) * 1e-6; tick.Value < from-tolerance || tick.Value > to+tolerance {
				t.Fatalf("a tick at %v, outside %v to %v", tick.Value, from, to)
			}
		}
	})
	var labels []string
	for _, tick := range logTicks(0, 2) {
		if tick.Label != "" {
			labels = append(labels, tick.Label)
		}
	}
	if got := strings.Join(labels, " "); got != "1 2 5 10 20 50 100" {
		t.Errorf("logarithmic ticks are labelled %s", got)
	}
}

// However long a run or a latency is, the axis ends where the data do, and its numbers
// are short.
func TestAxesOfTimeFitTheData(t *testing.T) {
	for _, c := range []struct {
		end         time.Duration
		axis, spelt string
	}{
		{200 * time.Millisecond, "virtual time (ms)", "200 ms"}, {5 * time.Second, "virtual time (s)", "5 s"},
		{160 * time.Second, "virtual time (s)", "160 s"}, {2 * time.Hour, "virtual time (s)", "7,200 s"},
		{100 * time.Hour, "virtual time (h)", "100 h"}, {800 * time.Microsecond, "virtual time (µs)", "800 µs"},
	} {
		run := &result.Run{Samples: []result.Sample{{}, {Time: c.end, Masters: 1}}}
		end, _ := window(run, func(*result.Sample) bool { return false })
		p, unit := overTime(end, "y")
		if end != c.end || p.X.Label.Text != c.axis || unit.of(end) < 1 || unit.of(end) > 10_000 ||
			spell(end) != c.spelt {
			t.Errorf("%v: the axis %q ends at %v, spelt %s", c.end, p.X.Label.Text, unit.of(end), spell(end))
		}
	}
}

func TestANetworkWithoutMastersIsNotDrawn(t *testing.T) {
	run := &result.Run{Nodes: []result.Node{{Role: result.RoleNone, Backlink: result.NoBacklink}}}
	if p := Network(run); p.Missing != "there was no master at the end of the run" {
		t.Errorf("missing: %q", p.Missing)
	}
}

// In a narrow figure all text stays inside, whatever it says.
func TestTextIsBrokenToItsWidth(t *testing.T) {
	style := label(black)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.StringMatching(`[a-z0-9%,:]{1,12}`), 0, 20).Draw(t, "words"), " ")
		lines := breakLines(text, style, narrowWidth/2)
		for _, line := range lines {
			if style.Width(line) > narrowWidth/2 {
				t.Fatalf("%q is too wide", line)
			}
		}
		if strings.Join(lines, " ") != text {
			t.Fatalf("%q became %q", text, lines)
		}
	})
}

func TestANarrowPlotIsNarrow(t *testing.T) {
	for _, p := range Draw(resulttest.Run(100, 1)) {
		svg, err := p.NarrowSVG()
		if err != nil || wellFormed(svg) != nil || !bytes.Contains(svg, []byte(`width="330pt"`)) {
			t.Errorf("%s: %v, %.200s", p.Name, err, svg)
		}
	}
}
