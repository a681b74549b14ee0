// Package report writes report.html: a run explained to a person, in one file that opens
// anywhere, without a network and without scripts.
//
// The page goes from what most readers want to know to what some look up: what was
// simulated, the headline numbers in plain words, the expectations and whether they were
// met, the plots with a sentence on how to read each, what the simulation leaves out, how
// to repeat the run, and every number of the summary. It is for a screen of any width and
// for paper.
package report

import (
	"bytes"
	_ "embed" // for the template
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"

	"spreadable/sim/plots"
	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// File is the name of the report in a results folder.
const File = "report.html"

//go:embed report.html.tmpl
var page string

// Style is the style sheet of the report. Other pages of the program begin with it.
//
//go:embed style.css
var Style string

// Write draws the plots of a run and writes the report into the folder dir, which must
// exist. The file appears complete or not at all.
func Write(run *result.Run, dir string) error {
	var b bytes.Buffer
	if err := Render(&b, run); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(dir, "."+File+".new-*")
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := replace(fresh, b.Bytes(), filepath.Join(dir, File)); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// replace fills a new file and gives it its name; on failure the new file is removed.
func replace(fresh *os.File, content []byte, path string) error {
	_, err := fresh.Write(content)
	if closed := fresh.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(fresh.Name(), 0o644) // temporary files are private
	}
	if err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		_ = os.Remove(fresh.Name()) // the first error is the one to tell
	}
	return err
}

// Render writes the report as HTML. Equal runs give equal bytes.
func Render(w io.Writer, run *result.Run) error {
	t, err := template.New(File).Parse(page)
	if err != nil {
		return fmt.Errorf("report template: %w", err)
	}
	description, facts := setting(run)
	v := &view{
		Run:         run,
		Style:       template.CSS(Style),
		Subtitle:    subtitle(run),
		Description: description,
		Facts:       facts,
		Limits:      limits(),
		Headlines:   headlines(&run.Summary),
		Numbers:     numbers(&run.Summary),
	}
	if err := v.addPlots(); err != nil {
		return err
	}
	if err := t.Execute(w, v); err != nil {
		return fmt.Errorf("render report: %w", err)
	}
	return nil
}

// view is what the template sees.
type view struct {
	Run         *result.Run
	Style       template.CSS
	Subtitle    string
	Description string
	Facts       []fact
	Limits      []template.HTML
	Headlines   []headline
	Figures     []drawing
	Missing     []plots.Plot
	Numbers     []section
}

// drawing is a plot with its picture: a wide one, and a narrow one for telephones and
// paper.
type drawing struct {
	plots.Plot
	Wide, Narrow template.HTML
}

// addPlots divides the plots into those that are drawn and those that are missing.
func (v *view) addPlots() error {
	for _, p := range plots.Draw(v.Run) {
		if p.Missing != "" {
			v.Missing = append(v.Missing, p)
			continue
		}
		wide, err := p.SVG()
		if err != nil {
			return fmt.Errorf("draw %s: %w", p.Name, err)
		}
		narrow, err := p.NarrowSVG()
		if err != nil {
			return fmt.Errorf("draw %s: %w", p.Name, err)
		}
		v.Figures = append(v.Figures, drawing{p, inline(wide, p.Title), inline(narrow, p.Title)})
	}
	return nil
}

// inline makes an SVG document part of a page: without the XML declaration, with a name
// that a screen reader says. The plots package escapes all text that it draws, so the
// markup is its own.
func inline(svg []byte, title string) template.HTML {
	start := max(0, bytes.Index(svg, []byte("<svg")))
	name := fmt.Sprintf(`<svg role="img" aria-label="%s"`, template.HTMLEscapeString(title))
	return template.HTML(bytes.Replace(svg[start:], []byte("<svg"), []byte(name), 1))
}

// Failed is the number of expectations that were not met.
func (v *view) Failed() int {
	failed := 0
	for _, e := range v.Run.Expectations {
		if !e.OK {
			failed++
		}
	}
	return failed
}

// Verdict says in a few words how the expectations fared.
func (v *view) Verdict() string {
	all, failed := len(v.Run.Expectations), v.Failed()
	switch {
	case v.Run.Summary.Partial:
		return "stopped before its end: all numbers are of the time until then, and no expectation was judged"
	case all == 0:
		return "no expectations"
	case failed > 0:
		return fmt.Sprintf("%d of %d expectations failed", failed, all)
	case all == 1:
		return "the expectation is met"
	}
	return fmt.Sprintf("all %d expectations are met", all)
}

// Sampled says which tables are samples; empty when none is.
func (v *view) Sampled() string {
	r := &v.Run.Summary.Rows
	text := ""
	if r.NodesWritten < r.NodesTotal {
		text += fmt.Sprintf("nodes.csv is a sample of %s rows for %s. ", words.Number(float64(r.NodesWritten)),
			words.Count(r.NodesTotal, "node", "nodes"))
	}
	if r.NotesWritten < r.NotesTotal {
		text += fmt.Sprintf("notes.csv has the first %s of %s. ", words.Number(float64(r.NotesWritten)),
			words.Count(r.NotesTotal, "ban", "bans"))
	}
	if r.RequestsWritten < r.RequestsTotal {
		text += fmt.Sprintf("requests.csv is a sample of %s rows for %s. ", words.Number(float64(r.RequestsWritten)),
			words.Count(r.RequestsTotal, "request", "requests"))
	}
	if text != "" {
		text += "Plots of nodes and requests are drawn from the samples, each row with the weight of those it stands for; all other numbers are of all."
	}
	return text
}

// Scenario is the scenario as resolved.
func (v *view) Scenario() string { return string(v.Run.Scenario) }
