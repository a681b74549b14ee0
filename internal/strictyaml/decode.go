package strictyaml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// Decode reads the text of a file into a struct with tags of YAML. A key that the struct
// does not have is an error; what the file does not say stays as it is. Its errors are one
// line that begins with name.
func (f Format) Decode(name string, data []byte, into any) error {
	root, err := f.Parse(name, data)
	if err != nil || root == nil {
		return err
	}
	err = yaml.NodeToValue(root, into, yaml.Strict())
	if located := yaml.Error(nil); errors.As(err, &located) && located.GetToken() != nil {
		message, _, _ := strings.Cut(located.GetMessage(), "\n") // without its picture of the place
		return errorAt(name, located.GetToken(), "%s", message)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Options is Decode of options, which complete then fills in and judges. Its errors begin
// with the name of the file.
func Options[T any](f Format, name string, data []byte, complete func(*T) error) (o T, err error) {
	if err := f.Decode(name, data, &o); err != nil {
		return *new(T), err
	}
	if err := complete(&o); err != nil {
		return *new(T), fmt.Errorf("%s: %w", name, err)
	}
	return o, nil
}

// LoadOptions is Options of the file at path; "" is for options of which none is given.
func LoadOptions[T any](f Format, path string, complete func(*T) error) (o T, err error) {
	if path == "" {
		return o, complete(&o)
	}
	data, err := f.ReadFile(path)
	if err != nil {
		return o, err
	}
	return Options(f, path, data, complete)
}
