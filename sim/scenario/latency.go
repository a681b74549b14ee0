package scenario

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"spreadable/transport/inmem/latency"
)

// LatencyRow is a latency model as scenario files know it. All that reads, checks, fills
// in, writes and documents `latency` follows from its rows.
type LatencyRow struct {
	Name  LatencyModel
	Takes string // what the schema says beside the name
	Shape string // what docs/scenarios.md says of it

	// Parameters have a meaning with this model, and no others have.
	Parameters []LatencyParameter

	// Build makes the model. The parameters have been checked by then. An error about the
	// value of one key is that of LatencySetup.About.
	Build func(LatencySetup) (latency.Model, error)
}

// LatencyParameter is a key of `latency` as one model understands it.
type LatencyParameter struct {
	Key      string
	Note     string        // what the schema says beside the model's name, unless it is required
	Required bool          // a model without it is refused
	Positive bool          // 0s is refused
	Below    string        // the key of the parameter that this one must be below
	Above    string        // and above
	Open     bool          // absent is no limit or none of it, which no value says; not 0s
	Default  time.Duration // if absent
}

// LatencySetup is what a latency model is made of.
type LatencySetup struct {
	Latency
	Seed  uint64 // of the run
	files map[string][]byte
}

// Content is the content of the file that a key of `latency` names, and its name for
// errors.
func (l LatencySetup) Content(key string) (name string, content []byte) {
	return string(l.field(key).Interface().(File)), l.files[join("latency", key)]
}

// About is an error about the value of a key of `latency`.
func (LatencySetup) About(key string, err error) error {
	if err == nil {
		return nil
	}
	return &keyError{key, err}
}

type keyError struct {
	key string
	err error
}

func (e *keyError) Error() string { return e.key + ": " + e.err.Error() }
func (e *keyError) Unwrap() error { return e.err }

// builtLatency is the model of a scenario, which is made once: some take a second.
type builtLatency struct {
	of    string // what it was made of
	model latency.Model
}

// LatencyModel is the latency model that the scenario describes. It is the same value each
// time, unless a test has changed the scenario meanwhile.
func (s *Scenario) LatencyModel() (latency.Model, error) {
	of := fmt.Sprint(s.Seed, s.Latency.String())
	if s.built.model != nil && s.built.of == of {
		return s.built.model, nil
	}
	row := s.Latency.row()
	if row.Build == nil {
		return nil, fmt.Errorf("latency.model: there is no model %q", s.Latency.Model)
	}
	model, err := row.Build(LatencySetup{Latency: s.Latency, Seed: s.Seed, files: s.files})
	if err != nil {
		return nil, err
	}
	s.built = builtLatency{of, model}
	return model, nil
}

// String says which model it is, with the parameters it takes: "uniform, min 5ms, max
// 100ms".
func (l Latency) String() string {
	text := string(l.Model)
	for _, p := range l.row().Parameters {
		if value := l.field(p.Key); !value.IsZero() {
			text += ", " + p.Key + " " + said(value)
		}
	}
	return text
}

// said is the value of a parameter in a sentence.
func said(value reflect.Value) string {
	switch v := value.Interface().(type) {
	case Shares:
		return v.String()
	case File:
		return filepath.Base(string(v))
	}
	return fmt.Sprint(plain(value))
}

// OfPairs reports whether each pair of hosts has a latency of its own.
func (l Latency) OfPairs() bool {
	_, placed := l.row().parameter("places")
	return placed || l.Per == PerPair
}

// row is the row of the model; that of no parameters when there is no such model.
func (l Latency) row() LatencyRow {
	for _, row := range l.rows() {
		if row.Name == l.Model {
			return row
		}
	}
	return LatencyRow{}
}

// rows are the models that there are.
func (l Latency) rows() []LatencyRow {
	if l.known != nil {
		return l.known
	}
	return append(latencyRows(), l.further...)
}

// keys lists the parameters of a model.
func (r LatencyRow) keys() []string {
	var keys []string
	for _, p := range r.Parameters {
		keys = append(keys, p.Key)
	}
	return keys
}

// parameter finds a parameter of a model.
func (r LatencyRow) parameter(key string) (LatencyParameter, bool) {
	for _, p := range r.Parameters {
		if p.Key == key {
			return p, true
		}
	}
	return LatencyParameter{}, false
}

// field is the value of a parameter.
func (l Latency) field(key string) reflect.Value {
	f, _ := fieldOf(reflect.TypeOf(l), key)
	return reflect.ValueOf(l).FieldByIndex(f.Index)
}

// duration is the value of a parameter that is a duration.
func (l Latency) duration(key string) time.Duration { return time.Duration(l.field(key).Int()) }

// fillLatency gives `latency` its defaults.
func (s *Scenario) fillLatency() {
	fill(s, "latency.model", &s.Latency.Model, defaultModel)
	row := s.Latency.row()
	if p, takes := row.parameter("mean"); takes && !p.Required {
		fill(s, "latency.mean", &s.Latency.Mean, defaultLatency)
	}
	if p, takes := row.parameter("min"); takes && p.Default > 0 {
		fill(s, "latency.min", &s.Latency.Min, p.Default)
	}
}

// checkLatencyKeys refuses keys that the model does not take.
func (s *Scenario) checkLatencyKeys() error {
	row := s.Latency.row()
	parameters := slices.DeleteFunc(keysOf(reflect.TypeFor[Latency]()), func(key string) bool { return key == "model" })
	return s.checkMeaning("latency", "model", string(row.Name), row.keys(), parameters...)
}

// checkLatency judges `latency` by the row of its model, and makes the model.
func (s *Scenario) checkLatency() error {
	if err := s.checkLatencyKeys(); err != nil {
		return err
	}
	row := s.Latency.row()
	for _, p := range row.Parameters {
		if p.Required {
			if err := s.needs("latency", "model "+string(row.Name), p.Key); err != nil {
				return err
			}
		}
	}
	if _, chosen := row.parameter("per"); chosen && s.given("latency.jitter") && s.Latency.Per != PerPair {
		return s.errorf("latency.jitter",
			"latency.jitter: has no meaning with per message, which draws each message anew (set latency.per to pair)")
	}
	for _, p := range row.Parameters {
		if err := s.checkParameter(p); err != nil {
			return err
		}
	}
	for _, p := range row.Parameters {
		if err := s.checkOrder(p); err != nil {
			return err
		}
	}
	return s.checkModel()
}

// maxShape bounds latency.shape, far beyond all that differs from a constant.
const maxShape = 1000

// checkParameter holds the value of a parameter against its limits.
func (s *Scenario) checkParameter(p LatencyParameter) error {
	path := join("latency", p.Key)
	switch value := s.Latency.field(p.Key); value.Type() {
	case durationType:
		d := time.Duration(value.Int())
		if p.Positive {
			if err := s.positive(path, d); err != nil {
				return err
			}
		}
		if p.Key != "stddev" && d > maxLatency {
			return s.errorf(path, "%s: expected at most %s, not %s", path, formatDuration(maxLatency), formatDuration(d))
		}
	case numberType:
		if x := value.Float(); s.given(path) && (x <= 0 || x > maxShape) {
			return s.errorf(path, "%s: expected a number above 0 and at most %d, not %v", path, maxShape, x)
		}
	}
	return nil
}

// checkOrder holds a parameter that was given against the one that it must be below or
// above.
func (s *Scenario) checkOrder(p LatencyParameter) error {
	path := join("latency", p.Key)
	if !s.given(path) || p.Below == "" && p.Above == "" {
		return nil
	}
	value := s.Latency.duration(p.Key)
	if p.Below != "" && value >= s.Latency.duration(p.Below) {
		return s.errorf(path, "%s: %s is not below latency.%s, %s",
			path, formatDuration(value), p.Below, s.told(join("latency", p.Below), s.Latency.duration(p.Below)))
	}
	if p.Above != "" && value <= s.Latency.duration(p.Above) {
		return s.errorf(path, "%s: %s is not above latency.%s, %s",
			path, formatDuration(value), p.Above, s.told(join("latency", p.Above), s.Latency.duration(p.Above)))
	}
	return nil
}

// checkModel makes the model, which may find fault with what a file holds, or with a name.
func (s *Scenario) checkModel() error {
	_, err := s.LatencyModel()
	if about := (*keyError)(nil); errors.As(err, &about) {
		path := join("latency", about.key)
		return s.errorf(path, "%s: %w", path, about.err)
	}
	if err != nil {
		return s.errorf("latency", "latency: %w", err)
	}
	return nil
}
