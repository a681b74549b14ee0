package main

import (
	"context"
	"errors"
	"fmt"
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
	node, err := owner(c)
	if err != nil {
		return err
	}
	defer node.Close()
	ctx, cancel := context.WithTimeout(c.Context, max(c.Duration("timeout"), c.Duration("wait")))
	defer cancel()
	verdict, well := untilWell(ctx, c, node)
	if !c.Bool("quiet") {
		fmt.Fprintln(c.App.Writer, verdict)
	}
	if !well {
		return errReported
	}
	return nil
}

// untilWell asks once, or until the answer is good or the time is over.
func untilWell(ctx context.Context, c *cli.Context, node *admin.Client) (verdict string, well bool) {
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	end := time.Now().Add(c.Duration("wait"))
	for {
		status, err := node.Status(ctx)
		verdict, well = judge(status, err, c.Bool("live"), c.Int("size"))
		if well || time.Now().After(end) {
			return verdict, well
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return verdict, false
		}
	}
}

// judge says in a line how the node is.
func judge(s *admin.Status, err error, live bool, size int) (verdict string, well bool) {
	switch {
	case errors.Is(err, admin.ErrNotRunning):
		return "down: " + oneLine(err.Error()), false
	case err != nil:
		return "ill: " + oneLine(err.Error()), false
	case live:
		return "live", true
	case s.Root == "":
		return "outside: the network is not known yet", false
	case !s.Settled():
		return "outside: not registered", false
	case size > 0 && s.NetworkSize != size:
		return fmt.Sprintf("unsettled: sees %s, want %d", plural(s.NetworkSize, "node"), size), false
	}
	return fmt.Sprintf("well: %s in the network", plural(s.NetworkSize, "node")), true
}
