package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// Resolved returns the scenario as YAML with every default and every set
// filled in, its keys in a fixed order: the record of what was run. It reads
// back as the same scenario.
func (s *Scenario) Resolved() []byte {
	text, err := yaml.Marshal(s.resolveGroup("", reflect.ValueOf(s).Elem()))
	if err != nil {
		// Plain strings and numbers in a plain list: there is nothing to refuse.
		panic(fmt.Sprintf("scenario: marshal the resolved form: %v", err))
	}
	return text
}

// Hash returns a digest of the resolved scenario in 12 hexadecimal digits. Two
// files that say the same in different words have the same hash; files that it names count
// with their contents.
func (s *Scenario) Hash() string {
	digest := s.Digest()
	return hex.EncodeToString(digest[:6])
}

// Digest is the whole of which Hash is the beginning.
func (s *Scenario) Digest() [sha256.Size]byte {
	sum := sha256.New()
	sum.Write(s.Resolved())
	for _, key := range slices.Sorted(maps.Keys(s.files)) {
		content := sha256.Sum256(s.files[key])
		sum.Write(content[:])
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// resolveGroup lists the keys of one group with their values.
func (s *Scenario) resolveGroup(path string, v reflect.Value) yaml.MapSlice {
	var group yaml.MapSlice
	for f := range v.Type().Fields() {
		key := f.Tag.Get("yaml")
		if key == "" || !s.meaningful(join(path, key), v.FieldByIndex(f.Index)) {
			continue
		}
		field := v.FieldByIndex(f.Index)
		if field.Kind() == reflect.Struct {
			if inner := s.resolveGroup(join(path, key), field); len(inner) > 0 {
				group = append(group, yaml.MapItem{Key: key, Value: inner})
			}
			continue
		}
		group = append(group, yaml.MapItem{Key: key, Value: plain(field)})
	}
	return group
}

// meaningful reports whether a key belongs into the resolved form: a key that
// has no meaning in this scenario would be refused when it is read again.
func (s *Scenario) meaningful(path string, v reflect.Value) bool {
	group, key, _ := strings.Cut(path, ".")
	if group == "latency" && key != "" && key != "model" {
		p, takes := s.Latency.row().parameter(key)
		return takes && !(p.Open && v.IsZero())
	}
	if group == "addresses" { // what is absent has no default
		return !v.IsZero()
	}
	if group == "approval" && key != "" { // the settings of draws, that is: the others have a default
		return !v.IsZero()
	}
	if group == "network" || group == "classes" {
		return s.saysOfNetwork(path, v)
	}
	if group == "churn" && key != "" && v.Kind() != reflect.Struct {
		return s.saysOfChurn(key, v.IsZero())
	}
	if group == "leave" && key != "" {
		return s.Leave.On()
	}
	if isOneOf(group, "extensions", "preload") && key != "" || strings.HasPrefix(path, "workload.documents") || strings.HasPrefix(path, "workload.files") {
		return s.saysOfStores(path, v.IsZero())
	}
	if group == "workload" && key != "" {
		return s.saysOfWorkload(path, v.IsZero())
	}
	switch path {
	case "node.fan_out":
		return s.Levels == AutoLevels
	case "sync", "sync_order", "sync_gap":
		return s.Sync == Manual
	case "join.rate", "join.initial", "join.over", "join.at", "join.per_second", "join.times":
		return slices.Contains(joinKeys(s.Join.Mode), key)
	case "description", "expect", "faults", "sync_noise", "attacks", "measure", "node.host_limits":
		return !v.IsZero()
	case "sweep", "repeat": // of an experiment, not of a run
		return false
	}
	return true
}

// plain is the value of a key in the form in which it is written in a file.
func plain(v reflect.Value) any {
	switch {
	case v.Type() == durationType:
		return formatDuration(time.Duration(v.Int()))
	case v.Type() == rateType:
		return Rate(v.Int()).String()
	case v.Type() == sizeType:
		return Size(v.Int()).String()
	case v.Type() == expectationsType:
		return conditions(v.Interface().([]Expectation))
	case v.Type() == sharesType:
		return v.Interface().(Shares).plain()
	case v.Type() == timesType:
		return v.Interface().(Times).plain()
	case v.Type() == faultsType:
		return v.Interface().(Faults).plain()
	case v.Type() == attacksType:
		return v.Interface().(Attacks).plain()
	case v.Type() == levelsType:
		return Levels(v.Int()).plain()
	case v.Type() == numberType:
		return v.Float()
	case v.Type() == fileType:
		return plain(reflect.ValueOf(copied(v.String())))
	case v.CanFloat():
		return formatShare(v.Float())
	case v.Kind() == reflect.String && !ordinary(v.String()):
		return quoted(v.String())
	case v.Kind() == reflect.String:
		return v.String()
	default:
		return v.Interface()
	}
}

// quoted is a text that is written in double quotes, with escapes. Those of Go are a
// part of YAML's.
type quoted string

// MarshalYAML implements yaml.BytesMarshaler.
func (q quoted) MarshalYAML() ([]byte, error) { return []byte(strconv.Quote(string(q))), nil }

// ordinary reports whether the YAML library may choose how a text is written. It writes
// some texts in a form that it cannot read ("? why"), reads as another text (a tab, a
// carriage return), or that other readers of YAML take for something else ("<<", 1e3).
func ordinary(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	if !unicode.IsLetter(first) && !unicode.IsDigit(first) {
		return false
	}
	_, notNumber := strconv.ParseFloat(text, 64)
	switch {
	// 12:30:45 is a number in YAML 1.1
	case notNumber == nil, unicode.IsDigit(first) && strings.Contains(text, ":"):
		return false
	case len(text) == utf8.RuneLen(first): // y and n are switches there
		return false
	case strings.Contains(text, " \n"), strings.Contains(text, "\n "), strings.Contains(text, "\n\n"),
		strings.HasSuffix(text, " "), strings.HasSuffix(text, "\n"):
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
}

// conditions lists expectations as they are written.
func conditions(list []Expectation) yaml.MapSlice {
	var group yaml.MapSlice
	for _, e := range list {
		group = append(group, yaml.MapItem{Key: e.Path, Value: e.Condition()})
	}
	return group
}
