package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"spreadable/internal/home"
	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
)

// Given is what the owner of a node has set.
type Given struct {
	// by key, not by the flag's name; a list has commas between its items
	Flags   map[string]string
	Environ []string // "NAME=value", as of os.Environ
	// path; "" means SPREADNODE_CONFIG of the environment, or none
	File string
}

// Load reads the options. Each error is one line that begins with the place it is about:
// file:line:column, the variable or the flag. Before a node runs with them, call
// [Config.Resolve].
func Load(given Given) (*Config, error) {
	c := Defaults()
	env := environment(given.Environ)
	file := given.File
	if file == "" {
		file = env[envFile]
	}
	if file != "" {
		file, err := home.Expand(file)
		if err != nil {
			return nil, fmt.Errorf("the file of options: %w", err)
		}
		if err := c.readFile(file); err != nil {
			return nil, err
		}
	}
	for _, o := range Options() {
		if text, found := env[o.Env()]; found {
			if err := c.take(o, text, "environment "+o.Env()); err != nil {
				return nil, err
			}
		}
		if text, found := given.Flags[o.Key]; found && !o.Secret {
			if err := c.take(o, text, "flag --"+o.Flag()); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// take sets an option from a text; a list is separated by commas.
func (c *Config) take(o Option, text, source string) error {
	if err := copyValue(o.value(c), text); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	c.sources[o.Key] = source
	return nil
}

// splitList cuts a list at its commas. The empty text is the empty list. An empty item is
// an error: the item that was meant may be one that keeps others out.
func splitList(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	items := strings.Split(text, ",")
	for i, item := range items {
		if items[i] = strings.TrimSpace(item); items[i] == "" {
			return nil, fmt.Errorf("want items with a comma between two, not %s", phrase.Quote(text))
		}
	}
	return items, nil
}

// environment returns the variables that are ours. An empty one counts as not given:
// deployments switch variables off like that.
func environment(environ []string) map[string]string {
	env := make(map[string]string)
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, envPrefix) && value != "" {
			env[name] = value
		}
	}
	return env
}

// UnknownVariables returns the variables that look like ours but are none, each with a
// suggestion of what is meant: a misspelt one would otherwise go unnoticed.
func UnknownVariables(environ []string) []string {
	known := []string{strings.TrimPrefix(envFile, envPrefix)}
	for _, o := range Options() {
		known = append(known, strings.TrimPrefix(o.Env(), envPrefix))
	}
	var unknown []string
	for name := range environment(environ) {
		// with the prefix all names would be near
		own := strings.TrimPrefix(name, envPrefix)
		switch near := phrase.Nearest(own, known); {
		case slices.Contains(known, own):
		case near == "":
			unknown = append(unknown, name)
		default:
			unknown = append(unknown, name+"; did you mean "+envPrefix+near+"?")
		}
	}
	slices.Sort(unknown)
	return unknown
}

// maxPassword bounds a password file, in bytes.
const maxPassword = 4096

// ReadPassword reads the password file, unless the password itself was given in a way
// that comes before it, and says what would make a login impossible. It is a part of
// Resolve.
func (c *Config) ReadPassword() error {
	return cmp.Or(c.readPassword(), c.checkCredentials())
}

// byteOrderMark is what some editors put before a text. It is no part of the text, here as
// in files of options.
const byteOrderMark = "\ufeff"

func (c *Config) readPassword() error {
	direct, byFile := c.rank("password"), c.rank("password_file")
	switch {
	case c.PasswordFile == "" || direct > byFile || c.Origin("password") == "file "+c.PasswordFile:
		return nil // the last one, which has been read already
	case direct == byFile && (direct > 0 || c.Password != ""):
		return c.blame(errors.New("give password or password_file, not both"), "password_file")
	}
	data, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return c.blame(strictyaml.FileError(c.PasswordFile, err), "password_file")
	}
	line, _, _ := strings.Cut(string(data), "\n")
	line = strings.TrimPrefix(strings.TrimSuffix(line, "\r"), byteOrderMark)
	if line == "" || len(line) > maxPassword {
		return c.blame(fmt.Errorf("%s: want the password in the first line, of 1 to %d bytes",
			c.PasswordFile, maxPassword), "password_file")
	}
	c.Password = line
	c.sources["password"] = "file " + c.PasswordFile
	return nil
}

// rank orders the ways in which a value can be given; the one that takes precedence has
// the highest rank, a default 0.
func (c *Config) rank(key string) int {
	kind, _, _ := strings.Cut(c.Origin(key), " ")
	return slices.Index([]string{"default", "file", "environment", "flag"}, kind)
}
