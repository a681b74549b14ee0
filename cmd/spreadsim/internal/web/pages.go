package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"spreadable/sim/film"
	"spreadable/sim/report"
)

// pages makes the page, as it is served and as it is saved.
type pages struct {
	served      []byte
	importsHash string // of the import map, for the content security policy
}

// modules are the files of the page's scripts, which import each other by these names
// without ".js".
var modules = []string{"words.js", "film.js", "source.js", "layout.js", "drawing.js", "curves.js", "details.js", "panel.js", "page.js", "vendor/uPlot.esm.js"}

// styles are the style sheets; the first is that of the report.
var styles = []string{"report.css", "vendor/uPlot.min.css", "page.css"}

// Marks in page/index.html.
const (
	headMark  = "<!-- head -->"
	filmsMark = "<!-- films -->"
)

func newPages() (*pages, error) {
	p := &pages{}
	imports := importMap(func(name string) string { return "/assets/" + name })
	hash := sha256.Sum256(imports)
	p.importsHash = "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
	var head bytes.Buffer
	for _, name := range styles {
		fmt.Fprintf(&head, "<link rel=\"stylesheet\" href=\"/assets/%s\">\n", name)
	}
	fmt.Fprintf(&head, "<script type=\"importmap\">%s</script>\n<script type=\"module\" src=\"/assets/page.js\"></script>", imports)
	text, err := files.ReadFile("page/index.html")
	if err != nil {
		return nil, err
	}
	p.served = bytes.Replace(text, []byte(headMark), head.Bytes(), 1)
	p.served = bytes.Replace(p.served, []byte(filmsMark), nil, 1)
	return p, nil
}

// importMap tells a browser where each module is.
func importMap(place func(name string) string) []byte {
	imports := make(map[string]string)
	for _, name := range modules {
		imports[strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".js"), ".esm")] = place(name)
	}
	text, err := json.Marshal(map[string]any{"imports": imports})
	if err != nil {
		panic(err) // strings can be written
	}
	return text
}

// asset is a module or a style sheet.
func (p *pages) asset(name string) ([]byte, error) {
	if name == styles[0] {
		return []byte(report.Style), nil
	}
	if !slices.Contains(modules, name) && !slices.Contains(styles, name) && name != "vendor/LICENSE" {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return files.ReadFile("page/" + name)
}

// savedPolicy lets a saved page use nothing but what is in it.
const savedPolicy = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

// save writes the page with shows in it.
func (p *pages) save(w io.Writer, shows []*Show) error {
	text, err := files.ReadFile("page/index.html")
	if err != nil {
		return err
	}
	head, err := p.savedHead()
	if err != nil {
		return err
	}
	var films bytes.Buffer
	for _, show := range shows {
		fmt.Fprintf(&films, "<script type=\"text/plain\" class=\"film\" data-name=\"%s\">", html.EscapeString(show.name))
		in := base64.NewEncoder(base64.StdEncoding, &films)
		if err := film.Encode(in, show.Film()); err != nil {
			return err
		}
		_ = in.Close() // a buffer takes all
		films.WriteString("</script>\n")
	}
	text = bytes.Replace(text, []byte(headMark), head, 1)
	before, after, _ := bytes.Cut(text, []byte(filmsMark))
	for _, part := range [][]byte{before, films.Bytes(), after} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// savedHead is the head of a saved page, with all styles and modules.
func (p *pages) savedHead() ([]byte, error) {
	var head bytes.Buffer
	fmt.Fprintf(&head, "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n<style>\n", savedPolicy)
	for _, name := range styles {
		text, err := p.asset(name)
		if err != nil {
			return nil, err
		}
		head.Write(text)
	}
	var failed error
	imports := importMap(func(name string) string {
		text, err := p.asset(name)
		if err != nil {
			failed = err
		}
		return "data:text/javascript;base64," + base64.StdEncoding.EncodeToString(text)
	})
	fmt.Fprintf(&head, "</style>\n<script type=\"importmap\">%s</script>\n<script type=\"module\">import \"page\";</script>", imports)
	return head.Bytes(), failed
}
