package plots_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"spreadable/sim/plots"
)

// effect is one number over sizes, in so many panels.
func effect(panels int) plots.Effect {
	e := plots.Effect{Name: "masters-by-nodes", Title: "Masters by nodes", Subtitle: "s · 5 repetitions",
		X: "nodes", Y: "structure.masters", LogX: true}
	for i := range panels {
		p := plots.Panel{Title: fmt.Sprintf("latency.mean %d", i)}
		for c := range 2 {
			curve := plots.Trend{Name: fmt.Sprintf("rule %d", c)}
			for x := 10.0; x <= 1000; x *= 10 {
				curve.Points = append(curve.Points, plots.Mean{X: x, Y: math.Sqrt(x) * float64(c+1), Low: math.Sqrt(x) / 2, High: math.NaN()})
			}
			p.Curves = append(p.Curves, curve)
		}
		p.Curves = append(p.Curves, plots.Trend{Name: "√N", Theory: true, Points: []plots.Mean{{X: 10, Y: 3.2}, {X: 1000, Y: 31.6}}})
		e.Panels = append(e.Panels, p)
	}
	return e
}

func TestAnEffectHasItsCurvesAndItsLaw(t *testing.T) {
	for _, panels := range []int{1, 2, 7} {
		svg, err := plots.DrawEffect(effect(panels)).SVG()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"Masters by nodes", ">rule 0<", ">rule 1<", ">√N<", fmt.Sprintf("latency.mean %d", panels-1), "fill-opacity"} {
			if !bytes.Contains(svg, []byte(text)) {
				t.Errorf("%d panels: no %s", panels, text)
			}
		}
		again, err := plots.DrawEffect(effect(panels)).SVG()
		if err != nil || !bytes.Equal(svg, again) {
			t.Errorf("%d panels: drawn twice, not the same (%v)", panels, err)
		}
	}
}

// Three panels stand in a row, and each further row makes the picture higher.
func TestPanelsStandInRowsOfThree(t *testing.T) {
	height := func(panels int) float64 {
		svg, err := plots.DrawEffect(effect(panels)).SVG()
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(svg, []byte(`height="`))
		text, _, _ := bytes.Cut(rest, []byte(`pt"`))
		return number(t, string(text))
	}
	one, two := height(2), height(4)
	for panels, want := range map[int]float64{3: one, 5: two, 6: two, 7: 2*two - one, 9: 2*two - one} {
		if got := height(panels); got != want || two <= one {
			t.Errorf("%d panels are %v points high, want %v; one row %v, two %v", panels, got, want, one, two)
		}
	}
}

// Every number that is drawn of a sweep stands in the table beside the plot: what is drawn
// from the table is the same picture, to the byte.
func TestEffectsAndHeatMapsHaveTheirNumbersBesideThem(t *testing.T) {
	dir, e := t.TempDir(), effect(2)
	e.Panels[0].Curves[0].Points[1].Y = 1.0 / 3
	if err := plots.WriteEffect(e, dir); err != nil {
		t.Fatal(err)
	}
	rows := table(t, filepath.Join(dir, e.Name+".csv"))
	if want := []string{"panel", "curve", e.X, e.Y, "low", "high"}; !slices.Equal(rows[0], want) {
		t.Errorf("the columns are %q, want %q", rows[0], want)
	}
	rows = rows[1:]
	read := e
	read.Panels = nil
	for _, p := range e.Panels {
		p.Curves = slices.Clone(p.Curves)
		for c := range p.Curves {
			p.Curves[c].Points = slices.Clone(p.Curves[c].Points)
			for i := range p.Curves[c].Points {
				if rows[0][0] != p.Title || rows[0][1] != p.Curves[c].Name {
					t.Fatalf("the row is %q, want one of %q, %q", rows[0], p.Title, p.Curves[c].Name)
				}
				p.Curves[c].Points[i] = plots.Mean{X: number(t, rows[0][2]), Y: number(t, rows[0][3]), Low: number(t, rows[0][4]), High: number(t, rows[0][5])}
				rows = rows[1:]
			}
		}
		read.Panels = append(read.Panels, p)
	}
	same(t, plots.DrawEffect(e), plots.DrawEffect(read))

	h := plots.Heat{Name: "h", Title: "Heat", X: "nodes", Y: "loss", Columns: []string{"10", "100"}, Rows: []string{"0%", "5%"},
		Panels: []plots.HeatPanel{{Title: "one", Cells: [][]float64{{1.0 / 3, 2}, {math.NaN(), 4e6}}}}}
	if err := plots.WriteHeat(h, dir); err != nil {
		t.Fatal(err)
	}
	cells := [][]float64{{0, 0}, {0, 0}}
	for i, row := range table(t, filepath.Join(dir, "h.csv"))[1:] {
		if want := []string{"one", h.Columns[i%2], h.Rows[i/2]}; !slices.Equal(row[:3], want) {
			t.Errorf("the cell is %q, want %q", row, want)
		}
		cells[i/2][i%2] = number(t, row[3])
	}
	again := h
	again.Panels = []plots.HeatPanel{{Title: "one", Cells: cells}}
	same(t, plots.DrawHeat(h), plots.DrawHeat(again))
}

func table(t *testing.T, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// number reads a cell; an empty one is no number.
func number(t *testing.T, text string) float64 {
	t.Helper()
	if text == "" {
		return math.NaN()
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func same(t *testing.T, a, b *plots.Plot) {
	t.Helper()
	x, err := a.SVG()
	if err != nil {
		t.Fatal(err)
	}
	if y, err := b.SVG(); err != nil || !bytes.Equal(x, y) {
		t.Errorf("the plot %s of the table differs from that of the sweep (%v)", a.Name, err)
	}
}

func TestALogarithmicAxisHasPowersOfTen(t *testing.T) {
	e := effect(1)
	e.LogY = true
	e.Panels[0].Curves[0].Points[0].Low = 0 // has no logarithm
	svg, err := plots.DrawEffect(e).SVG()
	if err != nil || bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) || !bytes.Contains(svg, []byte(">1,000<")) && !bytes.Contains(svg, []byte(">1000<")) {
		t.Errorf("%v\n%.2000s", err, svg)
	}
}

func TestAnEffectOfOnePointIsDrawn(t *testing.T) {
	e := plots.Effect{Title: "t", X: "x", Y: "y", Panels: []plots.Panel{{Curves: []plots.Trend{{Points: []plots.Mean{{X: 1, Y: 0, Low: math.NaN(), High: math.NaN()}}}}}}}
	if svg, err := plots.DrawEffect(e).SVG(); err != nil || bytes.Contains(svg, []byte("NaN")) {
		t.Error(err)
	}
}

func TestAHeatMapHasANumberInEachCell(t *testing.T) {
	for panels, height := range map[int]int{1: 375, 2: 360, 3: 660, 5: 960} { // two in a row
		h := plots.Heat{Name: "h", Title: "Heat", Subtitle: "s", X: "nodes", Y: "loss", Columns: []string{"10", "100", "1000"}, Rows: []string{"0%", "5%"}}
		for i := range panels {
			h.Panels = append(h.Panels, plots.HeatPanel{Title: fmt.Sprintf("part %d", i), Cells: [][]float64{{11, 22, 33}, {44, math.NaN(), 66.5}}})
		}
		svg, err := plots.DrawHeat(h).SVG()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{">Heat<", ">nodes<", ">loss<", ">1000<", ">5%<", ">11<", ">44<", ">66.5<", "#F7FBFF", "#08306B"} {
			if !bytes.Contains(svg, []byte(text)) {
				t.Errorf("%d panels: no %s", panels, text)
			}
		}
		if bytes.Contains(svg, []byte("NaN")) {
			t.Errorf("%d panels: a cell without a number is drawn", panels)
		}
		if size := fmt.Sprintf(`height="%dpt"`, height); !bytes.Contains(svg, []byte(size)) {
			t.Errorf("%d panels: %.150s, want %s", panels, svg, size)
		}
	}
	one := plots.Heat{Columns: []string{"a"}, Rows: []string{"b"}, Panels: []plots.HeatPanel{{Cells: [][]float64{{7}}}}}
	if _, err := plots.DrawHeat(one).PNG(); err != nil {
		t.Error(err)
	}
}
