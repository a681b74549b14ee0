package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"spreadable/client/files"
)

// The commands of the file store talk to any node of the network, as a client does.

func fileCommand() *cli.Command {
	return ofExtension("files", &cli.Command{
		Name:  "file",
		Usage: "store, read and remove files (needs the extension files)",
		Subcommands: []*cli.Command{
			documented("file", &cli.Command{
				Name: "put", Usage: "store a file in the network", ArgsUsage: "PATH",
				Description: `   Prints the key of the file, how many copies are on disk so far, and the
   token that removes the file. The token is told only now.`,
				Flags: clientFlags(jsonFlag(),
					&cli.StringFlag{Name: "name", Usage: "`NAME` that downloads have (default: that of the path)"},
					&cli.StringFlag{Name: "copies", Usage: "how many nodes keep it: a `RULE` such as 3, auto or 20%"},
					&cli.IntFlag{Name: "acks", Usage: "`COUNT` of copies that must be on disk before this returns"}),
				Action: putFile,
			}),
			documented("file", &cli.Command{
				Name: "get", Usage: "read a file of the network", ArgsUsage: "KEY [PATH]",
				Description: `   Without a path the file goes to the current directory, by the name with which
   it was stored. It appears when all its bytes have come and are verified.`,
				Flags: clientFlags(), Action: getFile,
			}),
			documented("file", &cli.Command{
				Name: "stat", Usage: "show which nodes keep a file", ArgsUsage: "KEY",
				Flags: clientFlags(jsonFlag()), Action: statFile,
			}),
			documented("file", &cli.Command{
				Name: "rm", Usage: "remove a file from all nodes", ArgsUsage: "KEY TOKEN",
				Flags: clientFlags(), Action: removeFile,
			}),
		},
	})
}

// filing makes a client of the file store.
func filing(c *cli.Context) (*files.Client, error) {
	o, err := clientOptions(c)
	if err != nil {
		return nil, err
	}
	return files.New(files.Options{
		Addresses: o.Addresses, HTTPS: o.HTTPS, CA: o.CA, Auth: o.Auth, Stall: c.Duration("timeout"),
	})
}

func putFile(c *cli.Context) error {
	if err := takes(c, 1, 1, "path"); err != nil {
		return err
	}
	if _, err := os.Stat(c.Args().First()); err != nil {
		return inputError{err}
	}
	client, err := filing(c)
	if err != nil {
		return err
	}
	stored, err := client.PutFile(c.Context, c.Args().First(),
		files.Wish{Name: c.String("name"), Copies: c.String("copies"), Acks: c.Int("acks")})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, stored)
	}
	fmt.Fprintf(c.App.Writer, "key     %s\ncopies  %d of %d so far\n", stored.Key, stored.Copies, stored.Wanted)
	if stored.Existed {
		_, err = fmt.Fprintln(c.App.Writer, "token   none: the file was there before")
	} else {
		_, err = fmt.Fprintln(c.App.Writer, "token  ", stored.Token)
	}
	return err
}

// onFile runs an action on the file that the first argument names.
func onFile(c *cli.Context, least, most int, act func(client *files.Client, key files.Key) error) error {
	if err := takes(c, least, most, "key"); err != nil {
		return err
	}
	key, err := files.ParseKey(c.Args().First())
	if err != nil {
		return inputError{err}
	}
	client, err := filing(c)
	if err != nil {
		return err
	}
	return act(client, key)
}

func getFile(c *cli.Context) error {
	return onFile(c, 1, 2, func(client *files.Client, key files.Key) error {
		path := c.Args().Get(1)
		if path == "" {
			name, err := nameOf(c.Context, client, key)
			if err != nil {
				return err
			}
			path = name
			if err := mustBeNew(path); err != nil {
				return err
			}
		}
		if err := client.GetFile(c.Context, key, path); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.App.Writer, path)
		return err
	})
}

// nameOf is the name of a file in the current directory: what a node says of it is used
// only if it is a single part of a path.
func nameOf(ctx context.Context, client *files.Client, key files.Key) (string, error) {
	about, err := client.Stat(ctx, key)
	if err != nil {
		return "", err
	}
	name := about.File.Name
	if name == "" || name != filepath.Base(name) || !filepath.IsLocal(name) {
		name = key.String()
	}
	return name, nil
}

// mustBeNew refuses a path that the user has not given if there is something already.
func mustBeNew(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return inputError{fmt.Errorf("%s is there already: give a path", path)}
	}
	return nil
}

func statFile(c *cli.Context) error {
	return onFile(c, 1, 1, func(client *files.Client, key files.Key) error {
		about, err := client.Stat(c.Context, key)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return printJSON(c, about)
		}
		w := c.App.Writer
		fmt.Fprintf(w, "name    %s\ntype    %s\nsize    %d\ncopies  %d of %d\n",
			about.File.Name, about.File.Type, about.File.Size, about.Copies, about.Wanted)
		for _, address := range about.Holders {
			fmt.Fprintln(w, "at     ", address)
		}
		if about.Answered < about.Asked {
			_, err = fmt.Fprintf(w, "%d of %d nodes have answered\n", about.Answered, about.Asked)
		}
		return err
	})
}

func removeFile(c *cli.Context) error {
	return onFile(c, 2, 2, func(client *files.Client, key files.Key) error {
		token := c.Args().Get(1)
		if token == "" {
			return inputError{errors.New("want the token that file put has printed")}
		}
		count, err := client.Remove(c.Context, key, token)
		if err == nil {
			_, err = fmt.Fprintln(c.App.Writer, "copies removed:", count)
		}
		return err
	})
}
