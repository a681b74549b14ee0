package command

import (
	_ "embed" // for the commit of an archive
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

// Build is what is known of how the program was built.
type Build struct {
	// Version is the module's version as Go noted it, which for a build of a checkout names
	// the commit and ends in "+dirty" if files differed from it; for a build of a source
	// archive, "archive-" and the commit; [Unknown] if neither is known.
	Version string
	// Commit is the whole hash of the commit; empty if it is unknown.
	Commit string
	// Modified says whether files differed from that commit; nil if it is unknown.
	Modified *bool
}

// Unknown is the version of a build of which nothing was noted: by go run, which leaves
// it out, and by go build -buildvcs=false.
const Unknown = "unknown"

// archived is what git archive makes of its only line: the hash of the commit.
//
//go:embed commit.txt
var archived string

var commitHash = regexp.MustCompile(`^[0-9a-f]{40,64}$`)

// Version is the Version of [ReadBuild].
func Version() string { return ReadBuild().Version }

// ReadBuild returns what is known of how the program was built.
func ReadBuild() Build {
	noted, ok := debug.ReadBuildInfo()
	if !ok {
		noted = &debug.BuildInfo{}
	}
	return buildOf(noted, strings.TrimSpace(archived))
}

// buildOf reads what Go noted, and if that is nothing, what git archive did.
func buildOf(noted *debug.BuildInfo, archived string) Build {
	b := Build{Version: noted.Main.Version}
	for _, setting := range noted.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.modified":
			modified := setting.Value == "true"
			b.Modified = &modified
		}
	}
	if b.Version != "" && b.Version != "(devel)" {
		return b
	}
	b.Version = Unknown
	switch {
	case b.Commit != "": // a checkout of which Go could not make a version
		b.Version = "commit-" + b.Commit[:min(12, len(b.Commit))]
		if b.Modified != nil && *b.Modified {
			b.Version += "+dirty"
		}
	case commitHash.MatchString(archived):
		b.Commit = archived
		b.Version = "archive-" + archived[:12]
	}
	return b
}

func (p *Program) versionCommand() *cli.Command {
	return p.Documented("", &cli.Command{
		Name:  "version",
		Usage: "print the version of " + p.Name + " and of Go",
		Action: func(c *cli.Context) error {
			if err := Takes(c, 0, 0, ""); err != nil {
				return err
			}
			return printVersion(c)
		},
	})
}

func printVersion(c *cli.Context) error {
	_, err := fmt.Fprintf(c.App.Writer, "%s %s %s %s/%s\n", c.App.Name, Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
