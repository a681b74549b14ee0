package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

func versionCommand() *cli.Command {
	return documented("", &cli.Command{
		Name:  "version",
		Usage: "print the version of spreadnode and of Go",
		Action: func(c *cli.Context) error {
			if err := takes(c, 0, 0, ""); err != nil {
				return err
			}
			return printVersion(c)
		},
	})
}

func printVersion(c *cli.Context) error {
	_, err := fmt.Fprintf(c.App.Writer, "spreadnode %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the module's version as Go built it; for a build of a checkout, also the commit and whether files were
// changed since.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	if build.Main.Version == "" {
		return "(devel)"
	}
	return build.Main.Version
}
