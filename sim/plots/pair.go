package plots

// Pair is a plot of two measurements of the same thing, such as of a simulation and of
// what it simulates.
type Pair struct {
	Name, Title, Subtitle string // of the files; in words; which run it is
	X, Y                  string // what the axes show, with their units
	Top                   float64
	First, Second         Curve
}

// Plot lays the pair out, from 0 to the greatest value of both on the horizontal axis and
// to Top on the vertical one. The second curve is dashed and thinner, so that both can be
// seen where they are the same.
func (pair Pair) Plot() Plot {
	plt := Plot{Name: pair.Name, Title: pair.Title}
	end := 0.0
	for _, c := range []Curve{pair.First, pair.Second} {
		for _, point := range c.points {
			end = max(end, point.X)
		}
	}
	if end == 0 {
		plt.Missing = "neither side has measured it"
		return plt
	}
	p := axes(pair.X, pair.Y)
	limit(p, 0, end*1.02, 0, pair.Top)
	first := line(pair.First.points, stroke(skyBlue, 4.2, solid))
	second := line(pair.Second.points, stroke(vermillion, 1.6, dashed))
	add(p, first, second)
	plt.figure = of(p, key(pair.First.Name, first), key(pair.Second.Name, second))
	plt.figure.title, plt.figure.subtitle = pair.Title, pair.Subtitle
	return plt
}
