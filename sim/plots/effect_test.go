package plots_test

import (
	"bytes"
	"fmt"
	"math"
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
