package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/admin"
)

func healthCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "health", Usage: "tell by the exit code whether the node is well",
		Description: `   Well means that the node answers, knows its network, and has its place in it:
   it is registered, or alone in a network that it has started.`,
		Flags: endpointFlags(
			&cli.BoolFlag{Name: "live", Usage: "it is enough that the node answers"},
			&cli.IntFlag{Name: "size", Usage: "the node must also see a network of `N` nodes"},
			&cli.DurationFlag{Name: "wait", Usage: "keep asking for `DURATION` until it is well"},
			&cli.BoolFlag{Name: "quiet", Usage: "print nothing"}),
		Action: health,
	})
}

func health(c *cli.Context) error {
	if err := takes(c, 0, 0, ""); err != nil {
		return err
	}
	switch {
	case c.Duration("wait") < 0:
		return inputError{fmt.Errorf("flag --wait: want 0s or more, not %v", c.Duration("wait"))}
	case c.IsSet("size") && c.Int("size") < 1:
		return inputError{fmt.Errorf("flag --size: want 1 or more, not %d", c.Int("size"))}
	case c.IsSet("size") && c.Bool("live"):
		return inputError{errors.New("health: give --live or --size, not both: with --live the network does not matter")}
	}
	ctx, cancel := context.WithTimeout(c.Context, max(c.Duration("timeout"), c.Duration("wait")))
	defer cancel()
	verdict, well, err := untilWell(ctx, c)
	if err != nil {
		return err
	}
	if !c.Bool("quiet") {
		fmt.Fprintln(c.App.Writer, verdict)
	}
	if !well {
		return errReported
	}
	return nil
}

// untilWell asks once, or until the node is well or the time of --wait is over. Only bad
// options are an error.
func untilWell(ctx context.Context, c *cli.Context) (verdict string, well bool, err error) {
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	end := time.Now().Add(c.Duration("wait"))
	for {
		verdict, well, err = askHealth(ctx, c)
		if err != nil || well || time.Now().After(end) {
			return verdict, well, err
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return verdict, false, nil
		}
	}
}

// askHealth asks once. While a node starts, its local endpoint may not be there yet, nor
// the token's file.
func askHealth(ctx context.Context, c *cli.Context) (verdict string, well bool, err error) {
	node, err := owner(c)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "down: " + oneLine(err.Error()), false, nil
	case err != nil:
		return "", false, err
	}
	defer node.Close()
	status, err := node.Status(ctx)
	verdict, well = judge(status, err, c.Bool("live"), c.Int("size"))
	return verdict, well, nil
}

// judge says in one line how the node is.
func judge(s *admin.Status, err error, live bool, size int) (verdict string, well bool) {
	switch {
	case errors.Is(err, admin.ErrNotRunning):
		return "down: " + oneLine(err.Error()), false
	case err != nil:
		return "ill: " + oneLine(err.Error()), false
	case live:
		return "live", true
	case s.Root == "":
		return "outside: the network is not known yet: " + obstacle(s), false
	case !s.Settled():
		return "outside: not registered: " + obstacle(s), false
	case size > 0 && s.NetworkSize != size:
		return fmt.Sprintf("unsettled: sees %s, want %d", plural(s.NetworkSize, "node"), size), false
	}
	return fmt.Sprintf("well: %s in the network", plural(s.NetworkSize, "node")), true
}
