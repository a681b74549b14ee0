package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/phrase"
)

// Reader reads scenarios. The zero Reader knows the models of this package and reads the
// files that a scenario names from the disk.
type Reader struct {
	// Latencies are further latency models, written in another module.
	Latencies []LatencyRow
	// Lifetimes are further distributions of how long nodes stay and stay away, written in
	// another module.
	Lifetimes []LifetimeRow
	// Lies are further lies, written in another module.
	Lies []LieRow
}

// Load reads the scenario file at path and applies the sets, each
// "key.path=value", on top of it. The error of a file that is not a good
// scenario is one line that starts with the place: file:line:column, or the
// set it is about.
func Load(path string, sets []string) (*Scenario, error) { return Reader{}.Load(path, sets) }

// Parse is Load for a file that is already read; name is its path, for errors and for the
// files that it names.
func Parse(name string, data []byte, sets []string) (*Scenario, error) {
	return Reader{}.Parse(name, data, sets)
}

// Load is the function Load with the models of the reader.
func (r Reader) Load(path string, sets []string) (*Scenario, error) {
	data, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	return r.Parse(path, data, sets)
}

// Parse is the function Parse with the models of the reader.
func (r Reader) Parse(name string, data []byte, sets []string) (*Scenario, error) {
	s, err := r.read(name, data, sets)
	if err != nil {
		return nil, err
	}
	if s.Swept() {
		return nil, s.errSwept()
	}
	if err := s.readFiles(name); err != nil {
		return nil, err
	}
	if err := s.readTimes(); err != nil {
		return nil, err
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	return s, nil
}

// Recorded reads the resolved form of a scenario for what it says, such as the record of a
// run: without the files that it names, and without judging it.
func Recorded(name string, data []byte) (*Scenario, error) { return Reader{}.read(name, data, nil) }

// read decodes a scenario and fills in its defaults.
func (r Reader) read(name string, data []byte, sets []string) (*Scenario, error) {
	if err := r.checkLies(); err != nil {
		return nil, err
	}
	root, err := parseTree(name, data)
	if err != nil {
		return nil, err
	}
	s, err := r.decode(name, data, root)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if err := s.set(set); err != nil {
			return nil, err
		}
	}
	s.fillDefaults()
	return s, nil
}

// decode fills a scenario from the tree of a file.
func (r Reader) decode(name string, data []byte, root *ast.MappingNode) (*Scenario, error) {
	sum := sha256.Sum256(data)
	s := &Scenario{source: positions{"": name + ":1:1"}, digest: hex.EncodeToString(sum[:])}
	s.Latency.further, s.lifetimes, s.lies = r.Latencies, r.Lifetimes, r.Lies
	s.Latency.known = s.Latency.rows() // once: they are looked at often
	d := decoder{file: name, source: s.source}
	if err := d.group("", root, reflect.ValueOf(s).Elem()); err != nil {
		return nil, err
	}
	return s, nil
}

// FileSHA256 is the digest of the file that the scenario was read from, in hexadecimal
// digits.
func (s *Scenario) FileSHA256() string { return s.digest }

// set applies one "key.path=value" of the command line. It stands for the
// same key in the file and replaces its value.
func (s *Scenario) set(text string) error {
	place := "--set " + phrase.OneLine(text)
	if !utf8.ValidString(text) {
		return errorAt(place, "not UTF-8 text")
	}
	path, value, found := strings.Cut(text, "=")
	if !found || path == "" {
		return errorAt(place, "expected key=value, such as latency.mean=80ms")
	}
	return s.assign(path, value, place)
}

// assign gives a key a value that is written at a place.
func (s *Scenario) assign(path, value, place string) error {
	v, err := find(reflect.ValueOf(s).Elem(), path)
	switch {
	case err == nil && isItems(v.Type()):
		err = s.setItems(path, value, place, v)
	case err == nil && (v.Type() == sweepType || v.Type() == repeatType):
		err = s.setSwept(path, value, place)
	case err == nil && v.Type() == timesType:
		err = s.setTimes(path, value, place)
	case err == nil:
		err = setScalar(v, path, value)
	}
	if err != nil {
		return errorAt(place, "%w", once(err, place))
	}
	s.source[path] = place
	return nil
}

// once is an error without the place that it begins with, and the line and column in it.
func once(err error, place string) error {
	text, begins := strings.CutPrefix(err.Error(), place+":")
	if !begins {
		return err
	}
	return errors.New(strings.TrimLeft(text, "0123456789: "))
}

// find walks from the root to the key at a dotted path. All that follows "expect." is one
// key: the path of a number in the summary; and all that follows a group of shares is the
// name of one, and all that follows "sweep." the key that is varied.
func find(root reflect.Value, path string) (reflect.Value, error) {
	v, walked, rest := root, "", path
	for {
		if v.Type() == expectationsType || v.Type() == sharesType || v.Type() == sweepType {
			return v, nil
		}
		if v.Kind() != reflect.Struct {
			return v, fmt.Errorf("%s has no keys below it", walked)
		}
		name, after, more := strings.Cut(rest, ".")
		f, found := fieldOf(v.Type(), name)
		if !found {
			return v, unknownKey(walked, name, v.Type())
		}
		v, walked, rest = v.FieldByIndex(f.Index), join(walked, name), after
		if !more {
			return v, nil
		}
	}
}
