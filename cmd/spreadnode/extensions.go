package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/admin"
	"spreadable/config"
	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/files"
	"spreadable/extensions/music"
)

// makers are the extensions of this program, by name: each adds itself, with the options
// in a file, "" for none.
func makers() map[string]func(a *applications, file string) error {
	return map[string]func(a *applications, file string) error{
		"documents": (*applications).addDocuments,
		"files":     (*applications).addFiles,
		"music":     (*applications).addMusic,
	}
}

// applications are the options of the extensions that a node shall have; nil for none.
type applications struct {
	documents *documents.Options
	files     *files.Options
	music     *music.Options
}

// addDocuments adds the document store. Without a file it has one collection, in which
// clients may read and add.
func (a *applications) addDocuments(file string) error {
	o := documents.Options{Collections: []documents.Collection{{Name: "documents"}}}
	if file != "" {
		var err error
		if o, err = documents.ReadFile(file); err != nil {
			return err
		}
	}
	a.documents = &o
	return nil
}

func (a *applications) addFiles(file string) error {
	o, err := files.LoadOptions(file)
	a.files = &o
	return err
}

func (a *applications) addMusic(file string) error {
	o, err := music.LoadOptions(file)
	a.music = &o
	return err
}

// build makes them. Music has the two stores within it.
func (a *applications) build() (all []host.Extension, err error) {
	if a.music != nil {
		_, all, err = music.Extensions(*a.music, a.documents, a.files)
		return all, err
	}
	if a.documents != nil {
		s, err := documents.New(*a.documents)
		if err != nil {
			return nil, fmt.Errorf("documents: %w", err)
		}
		all = append(all, s)
	}
	if a.files != nil {
		s, err := files.New(*a.files)
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		all = append(all, s)
	}
	return all, nil
}

// extensions makes those that the options want.
func extensions(c *config.Config) ([]host.Extension, error) {
	known := makers()
	var wanted applications
	for _, item := range c.Extensions {
		name, file, _ := strings.Cut(item, "=")
		add := known[name]
		if add == nil {
			return nil, fmt.Errorf("extensions (%s): this program has no extension %q: it has %s",
				c.Origin("extensions"), name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if err := add(&wanted, file); err != nil {
			return nil, fmt.Errorf("extensions (%s): %s: %w", c.Origin("extensions"), name, err)
		}
	}
	all, err := wanted.build()
	if err != nil {
		return nil, fmt.Errorf("extensions (%s): %w", c.Origin("extensions"), err)
	}
	return all, nil
}

func extensionCommand() *cli.Command {
	return documented("", &cli.Command{
		Name:      "extension",
		Usage:     "make an extension of the running node do something",
		ArgsUsage: "NAME COMMAND [ARGUMENT...]",
		Description: `   An unknown command shows those that there are. What the node's extensions
   say of themselves is in spreadnode status --json.`,
		Flags: endpointFlags(),
		Action: func(c *cli.Context) error {
			if err := takes(c, 2, 1000, "name of an extension and of its command"); err != nil {
				return err
			}
			return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
				args := c.Args().Slice()
				out, err := node.Command(ctx, args[0], args[1], args[2:])
				if err != nil {
					return orInput(err)
				}
				_, err = fmt.Fprint(c.App.Writer, out)
				return err
			})(c)
		},
	})
}
