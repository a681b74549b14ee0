package scenario

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/strictyaml"
)

// Design is a scenario file of which many variants are wanted. It is parsed once.
type Design struct {
	Sweep  Sweep
	Repeat Repeat // Count is 1 if the file does not say
	Name   string // of the scenario
	SHA256 string // of the file, in hexadecimal digits

	reader Reader
	file   string
	data   []byte
	root   *ast.MappingNode
	sets   []string

	// The same without sweep and repeat, which may be long.
	bare     *ast.MappingNode
	bareSets []string
}

// Setting is a value for a key, and the place in a file that it is from.
type Setting struct{ Key, Value, Place string }

// ParseDesign reads a scenario file for its variants; the sets stand for all of them. A
// file without sweep and repeat is a design of one run.
func ParseDesign(name string, data []byte, sets []string) (*Design, error) {
	return Reader{}.ParseDesign(name, data, sets)
}

// ParseDesign is the function ParseDesign with the models of the reader.
func (r Reader) ParseDesign(name string, data []byte, sets []string) (*Design, error) {
	root, err := parseTree(name, data)
	if err != nil {
		return nil, err
	}
	d := &Design{Repeat: Repeat{Count: 1}, reader: r, file: name, data: data, root: root, sets: sets}
	base, err := d.decode(d.root, d.sets)
	if err != nil {
		return nil, err
	}
	d.strip()
	if base.Sweep != nil {
		d.Sweep = *base.Sweep
	}
	if base.Repeat != nil {
		d.Repeat = *base.Repeat
	}
	d.Name, d.SHA256 = base.Name, base.digest
	return d, d.keysOnce()
}

// strip leaves out what is not of a single run.
func (d *Design) strip() {
	bare := *d.root
	bare.Values = slices.DeleteFunc(slices.Clone(bare.Values), func(entry *ast.MappingValueNode) bool {
		key, _, err := strictyaml.Text(entry.Key)
		return err == nil && ofMany(key)
	})
	d.bare = &bare
	d.bareSets = slices.DeleteFunc(slices.Clone(d.sets), func(set string) bool {
		key, _, _ := strings.Cut(set, "=")
		top, _, _ := strings.Cut(key, ".")
		return ofMany(top)
	})
}

// ofMany reports whether a key is about many runs.
func ofMany(key string) bool { return key == "sweep" || key == "repeat" }

// keysOnce refuses a key that two axes vary.
func (d *Design) keysOnce() error {
	var seen []string
	for _, axis := range d.Sweep.Axes {
		for _, key := range axis.Keys {
			if slices.Contains(seen, key) {
				return errorAt(axis.Place(0), "sweep: %s is varied twice", key)
			}
			seen = append(seen, key)
		}
	}
	return nil
}

// Variant is the scenario with the settings on top of it, which is not judged yet: for
// conditions on variants that need not make sense.
func (d *Design) Variant(settings []Setting) (*Scenario, error) {
	s, err := d.decode(d.bare, d.bareSets)
	if err != nil {
		return nil, err
	}
	for _, x := range settings {
		if err := s.assign(x.Key, x.Value, x.Place); err != nil {
			return nil, err
		}
	}
	s.fillDefaults()
	return s, nil
}

// Judge reads the files that a variant names and validates it. It refuses a variant that
// does not measure what the repetitions are to tell.
func (d *Design) Judge(s *Scenario) error {
	if err := s.readFiles(d.file); err != nil {
		return err
	}
	if err := s.validate(); err != nil {
		return err
	}
	for _, p := range d.Repeat.Until {
		if missing := s.unmeasured(p.Path); missing != "" {
			return d.ErrorAt("repeat.until", fmt.Errorf("repeat.until.%s: is never measured, because %s", p.Path, missing))
		}
	}
	return nil
}

func (d *Design) decode(root *ast.MappingNode, sets []string) (*Scenario, error) {
	s, err := d.reader.decode(d.file, d.data, root)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if err := s.set(set); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// WithSeed is the scenario with another seed.
func (s *Scenario) WithSeed(seed uint64) *Scenario {
	other := *s
	other.Seed = seed
	return &other
}

// Keys are the dotted paths of all keys with a value.
func Keys() []string { return leavesOf("", reflect.TypeFor[Scenario]()) }

// Text is the value of a key in the form of a file, defaults included; false if the
// scenario has no such key with a single value.
func (s *Scenario) Text(path string) (string, bool) {
	v, err := find(reflect.ValueOf(s).Elem(), path)
	if err != nil {
		return "", false
	}
	switch v.Type() {
	case expectationsType, sharesType, faultsType, attacksType, sweepType, repeatType:
		return "", false
	}
	if v.Kind() == reflect.Struct {
		return "", false
	}
	return fmt.Sprint(plain(v)), true
}

// Sets are the settings of all variants, as they were given.
func (d *Design) Sets() []string { return d.sets }

// Place is where a key is written; the file itself if it is not.
func (d *Design) Place(path string) string {
	if s, err := d.decode(d.root, d.sets); err == nil {
		if place, ok := s.source[path]; ok {
			return place
		}
	}
	return d.file + ":1:1"
}

// ErrorAt puts the place of a key in front of an error.
func (d *Design) ErrorAt(path string, err error) error { return errorAt(d.Place(path), "%w", err) }
