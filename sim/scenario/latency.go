package scenario

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"spreadable/transport/inmem/latency"
)

// latencyRow is a latency model as scenario files know it. All that reads, checks, fills
// in, writes and documents `latency` follows from its rows.
type latencyRow struct {
	name  LatencyModel
	takes string // what the schema says beside the name
	shape string // what docs/scenarios.md says of it

	// parameters have a meaning with this model, and no others have.
	parameters []latencyParameter

	// build makes the model. The parameters have been checked by then.
	build func(Latency) (latency.Model, error)
}

// latencyParameter is a key of `latency` as one model understands it.
type latencyParameter struct {
	key      string
	note     string // what the schema says beside the model's name, unless it is required
	required bool
	positive bool   // 0s is refused
	below    string // the key of the parameter that this one must be below
	above    string // and above
	open     bool   // absent is no limit, which no duration says; not 0s
}

// latencyRows are the latency models. Another one is a file of its own in package latency
// and a row here. (A parameter of a new name is a field of Latency first.)
func latencyRows() []latencyRow {
	return []latencyRow{
		{
			name: "constant", takes: "mean", shape: "every message the same",
			parameters: []latencyParameter{{key: "mean", positive: true}},
			build:      func(l Latency) (latency.Model, error) { return latency.Constant(l.Mean), nil },
		},
		{
			name: "uniform", takes: "min, max", shape: "every value between them equally likely",
			parameters: []latencyParameter{{key: "min", required: true}, {key: "max", required: true, above: "min"}},
			build: func(l Latency) (latency.Model, error) {
				return latency.Uniform{Low: l.Min, High: l.Max}, nil
			},
		},
		{
			name: "normal", takes: "mean, stddev, truncated at min and max",
			shape: "the bell curve; values outside `min` and `max` are drawn again",
			parameters: []latencyParameter{
				{key: "mean", note: "before truncation", positive: true},
				{key: "stddev", required: true, positive: true},
				// With the mean outside the truncation almost every draw would be thrown
				// away.
				{key: "min", note: "0s if absent", below: "mean"},
				{key: "max", note: "none if absent", above: "mean", open: true},
			},
			build: func(l Latency) (latency.Model, error) {
				return latency.Normal{Center: l.Mean, Stddev: l.Stddev, Low: l.Min, High: l.Max}, nil
			},
		},
		{
			name: "lognormal", takes: "mean, stddev, shifted by min",
			shape: "many quick messages, few very slow ones, above the floor `min`; none takes more than an hour above it",
			parameters: []latencyParameter{
				{key: "mean", note: "min included", positive: true},
				{key: "stddev", required: true, positive: true},
				{key: "min", note: "0s if absent", below: "mean"},
			},
			build: func(l Latency) (latency.Model, error) { return latency.NewLognormal(l.Mean, l.Stddev, l.Min) },
		},
	}
}

// Build makes the latency model that the scenario describes.
func (l Latency) Build() (latency.Model, error) { return l.row().build(l) }

// String says which model it is, with the parameters it takes: "uniform, min 5ms, max
// 100ms".
func (l Latency) String() string {
	text := string(l.Model)
	for _, p := range l.row().parameters {
		if value := l.value(p.key); value != 0 {
			text += ", " + p.key + " " + formatDuration(value)
		}
	}
	return text
}

// row is the row of the model; that of no parameters when there is no such model.
func (l Latency) row() latencyRow {
	for _, row := range latencyRows() {
		if row.name == l.Model {
			return row
		}
	}
	return latencyRow{}
}

// keys lists the parameters of a model.
func (r latencyRow) keys() []string {
	var keys []string
	for _, p := range r.parameters {
		keys = append(keys, p.key)
	}
	return keys
}

// parameter finds a parameter of a model.
func (r latencyRow) parameter(key string) (latencyParameter, bool) {
	for _, p := range r.parameters {
		if p.key == key {
			return p, true
		}
	}
	return latencyParameter{}, false
}

// value is the value of a parameter.
func (l Latency) value(key string) time.Duration {
	f, _ := fieldOf(reflect.TypeOf(l), key)
	return time.Duration(reflect.ValueOf(l).FieldByIndex(f.Index).Int())
}

// checkLatency judges `latency` by the row of its model.
func (s *Scenario) checkLatency() error {
	row := s.Latency.row()
	parameters := slices.DeleteFunc(keysOf(reflect.TypeFor[Latency]()), func(key string) bool { return key == "model" })
	if err := s.checkMeaning("latency", "model", string(row.name), row.keys(), parameters...); err != nil {
		return err
	}
	for _, p := range row.parameters {
		if p.required {
			if err := s.needs("latency", "model "+string(row.name), p.key); err != nil {
				return err
			}
		}
	}
	for _, p := range row.parameters {
		if p.positive {
			if err := s.positive(join("latency", p.key), s.Latency.value(p.key)); err != nil {
				return err
			}
		}
	}
	for _, p := range row.parameters {
		if value := s.Latency.value(p.key); p.key != "stddev" && value > maxLatency {
			path := join("latency", p.key)
			return s.errorf(path, "%s: expected at most %s, not %s", path, formatDuration(maxLatency),
				formatDuration(value))
		}
		if err := s.checkOrder(p); err != nil {
			return err
		}
	}
	return nil
}

// checkOrder holds a parameter that was given against the one that it must be below or
// above.
func (s *Scenario) checkOrder(p latencyParameter) error {
	path, value := join("latency", p.key), s.Latency.value(p.key)
	if !s.given(path) {
		return nil
	}
	if p.below != "" && value >= s.Latency.value(p.below) {
		return s.errorf(path, "%s: %s is not below latency.%s, %s",
			path, formatDuration(value), p.below, s.told(join("latency", p.below), s.Latency.value(p.below)))
	}
	if p.above != "" && value <= s.Latency.value(p.above) {
		return s.errorf(path, "%s: %s is not above latency.%s, %s",
			path, formatDuration(value), p.above, s.told(join("latency", p.above), s.Latency.value(p.above)))
	}
	return nil
}

// latencyModels lists the names of the models.
func latencyModels() []string {
	var names []string
	for _, row := range latencyRows() {
		names = append(names, string(row.name))
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
		all = append(all, string(row.name)+" ("+row.takes+")")
		p, has := row.parameter(key)
		if !has {
			continue
		}
		if p.required {
			p.note = "required"
		}
		having, notes = append(having, string(row.name)), append(notes, p.note)
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
		text.WriteString("| `" + string(row.name) + "` | `" + strings.Join(row.keys(), "`, `") +
			"` | " + row.shape + " |\n")
	}
	return text.String()
}
