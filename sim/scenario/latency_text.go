package scenario

import (
	"slices"
	"strings"
)

// latencyModels lists the names of the models.
func latencyModels(rows []LatencyRow) []string {
	var names []string
	for _, row := range rows {
		names = append(names, string(row.Name))
	}
	return names
}

// describeLatency fills the placeholders in the comment of a field of Latency: {models}
// are all models with what they take; {A and B} and {of A, of B} are those that have the
// field's key as a parameter, with its notes.
func describeLatency(comment, key string) string {
	if !strings.Contains(comment, "{") {
		return comment
	}
	var all, having, notes []string
	for _, row := range latencyRows() {
		all = append(all, string(row.Name)+" ("+row.Takes+")")
		p, has := row.parameter(key)
		if !has {
			continue
		}
		if p.Required {
			p.Note = "required"
		}
		having, notes = append(having, string(row.Name)), append(notes, p.Note)
	}
	return strings.NewReplacer(
		"{models}", enumerate(all, "or"),
		"{A and B}", enumerate(annotate(having, notes), "and"),
		"{of A, of B}", "of "+strings.Join(annotateEach(having, notes), ", of "),
	).Replace(comment)
}

// annotateEach puts each note in brackets behind its name.
func annotateEach(names, notes []string) []string {
	list := slices.Clone(names)
	for i, note := range notes {
		if note != "" {
			list[i] += " (" + note + ")"
		}
	}
	return list
}

// annotate is annotateEach, except that a note common to all stands behind the last name
// only.
func annotate(names, notes []string) []string {
	if same := slices.Compact(slices.Clone(notes)); len(same) > 1 {
		return annotateEach(names, notes)
	}
	last := max(0, len(notes)-1)
	return append(slices.Clone(names[:last]), annotateEach(names[last:], notes[last:])...)
}

// enumerate writes a list as a sentence does: "a, b or c".
func enumerate(list []string, conjunction string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " " + conjunction + " " + list[last]
}

// LatencyTable is the table of the latency models in docs/scenarios.md.
func LatencyTable() string {
	var text strings.Builder
	text.WriteString("| model | takes | shape |\n|---|---|---|\n")
	for _, row := range latencyRows() {
		text.WriteString("| `" + string(row.Name) + "` | `" + strings.Join(row.keys(), "`, `") +
			"` | " + row.Shape + " |\n")
	}
	return text.String()
}
