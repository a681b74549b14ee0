package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"spreadable/admin"
	"spreadable/config"
	"spreadable/internal/home"
	"spreadable/store"
)

func backupCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "backup", Usage: "copy what the running node stores to a file", ArgsUsage: "FILE",
		Description: `   The node goes on meanwhile. FILE is complete, or it is not made at all; - is
   the standard output. The copy holds the node's state and the large values of
   its extensions, but no password.`,
		Flags:  endpointFlags(&cli.BoolFlag{Name: "force", Usage: "replace FILE if it exists"}),
		Action: backup,
	})
}

func backup(c *cli.Context) error {
	if err := takes(c, 1, 1, "file"); err != nil {
		return err
	}
	path, err := home.Expand(c.Args().First())
	if err != nil {
		return inputError{fmt.Errorf("backup: %w", err)}
	}
	if path == "-" {
		if c.Bool("force") {
			return inputError{errors.New("backup: --force replaces a file, and - is the standard output")}
		}
		return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
			return node.Backup(ctx, c.App.Writer)
		})(c)
	}
	if _, err := os.Lstat(path); err == nil && !c.Bool("force") {
		return inputError{fmt.Errorf("backup: %s exists; --force replaces it", path)}
	}
	return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
		if err := backupTo(ctx, node, path); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.App.Writer, "copied to %s\n", path)
		return err
	})(c)
}

// backupTo writes to a temporary file first: the backup is complete, or there is none.
func backupTo(ctx context.Context, node *admin.Client, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".backup-*")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer os.Remove(f.Name()) // fails once it has its name
	if err := errors.Join(node.Backup(ctx, f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func restoreCommand() *cli.Command {
	flags := []cli.Flag{fileFlag()}
	for _, o := range config.Options() {
		if o.Key == "port" || o.Key == "data" {
			flags = append(flags, optionFlag(o, ""))
		}
	}
	return documented("", &cli.Command{
		Name: "restore", Usage: "put a backup in the place of a stopped node's state", ArgsUsage: "FILE",
		Description: `   The node must not run. FILE is checked first; what it replaces is kept in the
   data directory under other names.`,
		Flags: flags, Action: restore,
	})
}

func restore(c *cli.Context) error {
	if err := takes(c, 1, 1, "file"); err != nil {
		return err
	}
	from, err := home.Expand(c.Args().First())
	if err != nil {
		return inputError{fmt.Errorf("restore: %w", err)}
	}
	options, err := localNode(c)
	if err != nil {
		return err
	}
	restored, err := store.Restore(options.Data, from, store.Options{})
	switch {
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("restore: a node runs in %s: stop it first (spreadnode leave)", options.Data)
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrForeign) ||
		errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrNewer):
		return inputError{err}
	case err != nil:
		return err
	}
	fmt.Fprintf(c.App.Writer, "restored %s\n", options.Data)
	if restored.Kept > 0 || restored.Blobs != "" {
		fmt.Fprintf(c.App.Writer, "with %d large values of extensions\n", restored.Kept)
	}
	if restored.Damaged > 0 {
		fmt.Fprintf(c.App.ErrWriter, "left out: %d large values that are damaged in the backup\n", restored.Damaged)
	}
	if restored.State != "" {
		fmt.Fprintf(c.App.Writer, "the replaced state is kept in %s\n", restored.State)
	}
	if restored.Blobs != "" {
		fmt.Fprintf(c.App.Writer, "the replaced large values are kept in %s\n", restored.Blobs)
	}
	return nil
}
