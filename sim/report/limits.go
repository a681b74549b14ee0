package report

import (
	_ "embed" // for the limits
	"html/template"
	"regexp"
	"strings"
)

// Limits is what the simulation leaves out, as a list in Markdown: that of the report and
// of the README.
//
//go:embed limits.md
var Limits string

var bold = regexp.MustCompile(`\*\*(.+?)\*\*`)

// limits are the entries of the list as HTML. Of Markdown they have nothing but bold
// words.
func limits() []template.HTML {
	var list []template.HTML
	for _, entry := range strings.Split("\n"+Limits, "\n* ")[1:] {
		text := template.HTMLEscapeString(strings.Join(strings.Fields(entry), " "))
		list = append(list, template.HTML(bold.ReplaceAllString(text, "<b>$1</b>")))
	}
	return list
}
