package plots

import (
	"bytes"
	"image/color"
	"image/png"
	"testing"
)

// A chart shows its curves in their colours, and its file has all of their numbers.
func TestAChartShowsItsCurvesAndTellsItsNumbers(t *testing.T) {
	formula, seen := Curve{Name: "formula"}, Curve{Name: "simulated, mean", Marks: true}
	for x := range 5 {
		formula.Add(float64(x), float64(x*x))
		seen.Add(float64(x), float64(x*x)+0.5)
	}
	c := Chart{Name: "chart", Title: "A chart", X: "x", Y: "x, squared", Curves: []Curve{formula, seen}}
	text, err := c.CSV()
	if want := "curve,x,\"x, squared\"\nformula,0,0\nformula,1,1\n"; err != nil || !bytes.HasPrefix(text, []byte(want)) {
		t.Errorf("the file is\n%s, %v", text, err)
	}
	if want := "\"simulated, mean\",4,16.5\n"; !bytes.HasSuffix(text, []byte(want)) {
		t.Errorf("the file ends otherwise than with %s:\n%s", want, text)
	}
	content, err := c.PNG()
	if err != nil {
		t.Fatal(err)
	}
	image, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	drawn, size := 0, image.Bounds().Size()
	for x := range size.X {
		for y := range size.Y {
			if color.RGBAModel.Convert(image.At(x, y)) == blue {
				drawn++
			}
		}
	}
	if size.X != 1200 || drawn < size.X { // the curve alone is longer
		t.Errorf("%v pixels, %d in the colour of the curve", size, drawn)
	}
}
