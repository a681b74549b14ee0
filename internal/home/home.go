// Package home expands ~ in paths where no shell does: in a file of options, in the
// environment of a service, after --data= on a command line. Without it the path ~/node
// would make a folder named ~ in the current one.
package home

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// variable is a part of a path that begins as a shell variable does: $HOME, ${HOME}.
var variable = regexp.MustCompile(`(^|[/\\])\$(\{|[A-Za-z_])|\$\{`)

// Expand replaces a ~ at the beginning of a path, alone or before a separator, by the
// home directory of the user that runs the program ($HOME on unix). It is an error if
// that is not known, if another user's home is meant (~name), or if the path holds a
// variable ($HOME): those are not expanded, and a folder of that name is never meant. A
// name that begins with ~ is reached as ./~name.
func Expand(path string) (string, error) {
	if variable.MatchString(path) {
		return "", fmt.Errorf("a path holds no variables, not %q: write it out, or ~ for the home directory", path)
	}
	rest, found := strings.CutPrefix(path, "~")
	switch {
	case !found:
		return path, nil
	case rest != "" && !os.IsPathSeparator(rest[0]):
		return "", fmt.Errorf("only your own home directory is known as ~, not %q: "+
			"write the path out (or ./%s for a name that begins with ~)", path, path)
	}
	own, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(own) {
		return "", errors.New("the home directory is not known (HOME is not set): write the path out instead of ~")
	}
	return filepath.Join(own, rest), nil
}
