package plots

import (
	"fmt"
	"os"
	"path/filepath"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// Dir is the folder of the plots inside a results folder.
const Dir = "plots"

// Plot is one plot of a run.
type Plot struct {
	// Name is the name of its files, without the ending.
	Name string
	// Title says what it shows.
	Title string
	// Reading says in a sentence or two how to read it.
	Reading string
	// Missing says why there is no plot; empty when there is one.
	Missing string

	figure *figure
}

// SVG returns the plot as an SVG document, nil when it is missing.
func (p *Plot) SVG() ([]byte, error) {
	if p.Missing != "" {
		return nil, nil
	}
	return p.figure.svg(p.figure.size())
}

// NarrowSVG returns the plot as an SVG document for a narrow column, with letters as
// large as those of the page around it; nil when it is missing.
func (p *Plot) NarrowSVG() ([]byte, error) {
	if p.Missing != "" {
		return nil, nil
	}
	return p.figure.svg(p.figure.narrow())
}

// PNG returns the plot as a PNG image, nil when it is missing.
func (p *Plot) PNG() ([]byte, error) {
	if p.Missing != "" {
		return nil, nil
	}
	return p.figure.png()
}

// Draw lays out all plots of a run, in the order in which to look at them.
func Draw(run *result.Run) []Plot {
	drawers := []func(*result.Run) Plot{
		Convergence, Masters, SlavesPerMaster, Network, Latency, Hops, ApproverLoad, Messages,
	}
	if run.Summary.Approval != nil && run.Summary.Approval.Captured != nil {
		drawers = append(drawers, Captured)
	}
	if len(run.Copies) > 0 {
		drawers = append(drawers, Copies)
	}
	var list []Plot
	for _, drawer := range drawers {
		p := drawer(run)
		if p.Missing == "" {
			p.figure.title, p.figure.subtitle = p.Title, subtitle(run)
		}
		list = append(list, p)
	}
	return list
}

// Files are the paths of all plots that a run can have, with slashes, in its folder.
func Files() []string {
	var names []string
	for _, p := range Draw(&result.Run{}) {
		names = append(names, Dir+"/"+p.Name+".svg", Dir+"/"+p.Name+".png")
	}
	for _, name := range []string{capturedName, copiesName} {
		names = append(names, Dir+"/"+name+".svg", Dir+"/"+name+".png")
	}
	return names
}

// subtitle says which run a plot is of.
func subtitle(run *result.Run) string {
	s := &run.Summary.Scenario
	text := fmt.Sprintf("%s · %s · seed %d", s.Name, words.Count(s.Nodes, "node", "nodes"), s.Seed)
	if s.Levels > 1 {
		text += fmt.Sprintf(" · %d levels", s.Levels)
	}
	return text
}

// Write draws all plots of a run into dir/plots, which is created. Files of other names
// there stay; files of plots that are missing in this run are removed, so that no plot of
// an earlier run remains.
func Write(run *result.Run, dir string) error {
	return WriteAll(dir, Draw(run))
}

// WriteAll draws plots into dir/plots, which is created.
func WriteAll(dir string, list []Plot) error {
	dir = filepath.Join(dir, Dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write plots: %w", err)
	}
	for _, p := range list {
		if err := p.write(dir); err != nil {
			return fmt.Errorf("write plot %s: %w", p.Name, err)
		}
	}
	return nil
}

func (p *Plot) write(dir string) error {
	for _, format := range []struct {
		ending string
		encode func() ([]byte, error)
	}{{".svg", p.SVG}, {".png", p.PNG}} {
		path := filepath.Join(dir, p.Name+format.ending)
		if p.Missing != "" {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			continue
		}
		content, err := format.encode()
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			_ = os.Remove(path) // half a plot is no use
			return err
		}
	}
	return nil
}
