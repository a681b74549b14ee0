package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/admin"
)

// asking makes the action of a command that asks the running node. It finds the node and
// applies --timeout.
func asking(ask func(ctx context.Context, c *cli.Context, node *admin.Client) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		node, err := owner(c)
		if err != nil {
			return err
		}
		defer node.Close()
		ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
		defer cancel()
		return ask(ctx, c, node)
	}
}

// showing makes the action of a command without arguments that shows what it gets, as a
// table or JSON.
func showing[T any](
	get func(*admin.Client, context.Context) (T, error), show func(*cli.Context, T) error,
) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := takes(c, 0, 0, ""); err != nil {
			return err
		}
		return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
			value, err := get(node, ctx)
			switch {
			case err != nil:
				return err
			case c.Bool("json"):
				return printJSON(c, value)
			}
			return show(c, value)
		})(c)
	}
}

// doing makes the action of a command without arguments that shows only that it is done.
func doing(do func(context.Context, *admin.Client) error, done string) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := takes(c, 0, 0, ""); err != nil {
			return err
		}
		return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
			if err := do(ctx, node); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.App.Writer, done)
			return err
		})(c)
	}
}

func statusCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "status", Usage: "show the state of the running node",
		Flags:  endpointFlags(jsonFlag()),
		Action: showing((*admin.Client).Status, showStatus),
	})
}

func showStatus(c *cli.Context, s *admin.Status) error {
	role := "slave"
	if s.Master {
		role = fmt.Sprintf("master of %s", plural(s.Slaves, "slave"))
	}
	network := s.Network
	if network == "" {
		network = "not known yet"
	}
	lines := [][2]string{
		{"address", s.Address}, {"network", fmt.Sprintf("%s, %s", network, plural(s.NetworkSize, "node"))}, {"registered", standing(s)},
		{"role", role}, {"masters", fmt.Sprint(s.Masters)},
	}
	for _, line := range append(append(lines, levelLines(s)...), [][2]string{
		{"bans", bans(s)},
		{"sync", fmt.Sprintf("%.1f ms on average", s.SyncAverage)}, {"availability", fmt.Sprintf("%.0f%%", 100*s.Availability)},
		{"bootstrap", strings.Join(s.Bootstrap, ", ")}, {"data", s.Data}, {"listens at", s.Listen},
		{"process", fmt.Sprintf("%d, version %s, up %v", s.PID, s.Version, time.Since(s.Started).Round(time.Second))},
	}...) {
		if _, err := fmt.Fprintf(c.App.Writer, "%-13s%s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return showRefused(c, s)
}

// levelLines are the lines about the levels of a network that has several.
func levelLines(s *admin.Status) [][2]string {
	if s.Levels <= 1 && !s.LevelsAuto {
		return nil
	}
	lines := [][2]string{{"levels", levelsText(s)}}
	for i, b := range s.Branches {
		head := "its head is " + b.Head
		if b.Head == s.Address {
			head = fmt.Sprintf("this node is its head, a master of level %d", i+2)
		}
		lines = append(lines, [2]string{fmt.Sprintf("branch %d", i+1), fmt.Sprintf("%s, %s; %s", b.Name, plural(b.Size, "node"), head)})
	}
	return lines
}

// levelsText says how many levels the network has, and how many it is going to have.
func levelsText(s *admin.Status) string {
	text := strconv.Itoa(s.Levels)
	if s.LevelsAuto {
		text += ", as the network has decided"
	}
	if s.LevelsToBe != s.Levels {
		text += fmt.Sprintf(", to be %d soon", s.LevelsToBe)
	}
	if s.TopBranches > 0 {
		text += fmt.Sprintf(", with %s at the top", branches(s.TopBranches))
	}
	return text
}

func branches(count int) string {
	if count == 1 {
		return "1 branch"
	}
	return fmt.Sprintf("%d branches", count)
}

// showRefused shows the nodes that could not join here, or ask here, and why.
func showRefused(c *cli.Context, s *admin.Status) error {
	for _, r := range s.Refused {
		if _, err := fmt.Fprintf(c.App.Writer, "%-13s%s at %s, %s: %s\n",
			"refused", oneLine(r.Address), r.IP, date(r.Time), oneLine(r.Reason)); err != nil {
			return err
		}
	}
	return nil
}

// bans says how many addresses the node refuses, and how many hosts are slowed down.
func bans(s *admin.Status) string {
	if s.LimitedLogins == 0 {
		return fmt.Sprint(s.Bans)
	}
	return fmt.Sprintf("%d, and the logins of %s are limited", s.Bans, plural(s.LimitedLogins, "host"))
}

// standing says whether the node has its place, and if not, why.
func standing(s *admin.Status) string {
	switch {
	case s.Registered:
		return "yes, at " + s.Backlink
	case s.Settled():
		return "no: no other node is in the network"
	}
	return "no: " + obstacle(s)
}

// obstacle says why a node has no place: for each address that it asks what went wrong
// there, or else its latest failure.
func obstacle(s *admin.Status) string {
	var reasons []string
	for _, f := range s.JoinFailures {
		if reason := f.Address + ": " + oneLine(f.Reason); !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	switch {
	case len(reasons) > 0:
		return strings.Join(reasons, "; ")
	case s.Root == "":
		return "none of the bootstrap addresses has told us the network yet"
	case s.LastFailure != "":
		return oneLine(s.LastFailure)
	}
	return "not registered yet"
}

func structureCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "structure", Usage: "show the node's backlink, slaves, masters and branches",
		Flags:  endpointFlags(jsonFlag()),
		Action: showing((*admin.Client).Structure, showStructure),
	})
}

func showStructure(c *cli.Context, s *admin.Structure) error {
	t := newTable("ROLE", "ADDRESS", "SLAVES")
	t.row("self", s.Address, len(s.Slaves))
	if s.Backlink != "" {
		t.row("backlink", s.Backlink, "")
	}
	for _, slave := range s.Slaves {
		t.row("slave", slave, "")
	}
	for _, m := range s.Masters {
		t.row("master", m.Address, m.Size)
	}
	if err := t.print(c.App.Writer); err != nil || len(s.Tree) == 0 {
		return err
	}
	fmt.Fprintln(c.App.Writer)
	t = newTable("LEVEL", "BRANCH", "HEAD", "NODES", "OWN")
	for _, level := range s.Tree {
		for _, b := range level.Branches {
			own := ""
			if b.Name == level.Own {
				own = "own"
			}
			t.row(level.Level, b.Name, b.Head, b.Size, own)
		}
	}
	return t.print(c.App.Writer)
}

func membersCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "members", Usage: "show all nodes of the network, as the masters list them",
		Description: `   The node asks every master, in a network of several levels those of all
   branches. If some do not answer, their slaves are missing, and a warning says
   how many masters that are.`,
		Flags:  endpointFlags(jsonFlag()),
		Action: showing((*admin.Client).Members, showMembers),
	})
}

func showMembers(c *cli.Context, m *admin.Members) error {
	leveled := slices.ContainsFunc(m.Members, func(member admin.Member) bool { return member.Branch != "" })
	t := newTable("ADDRESS", "ROLE", "SLAVES", "BACKLINK")
	if leveled {
		t = newTable("ADDRESS", "ROLE", "SLAVES", "BACKLINK", "BRANCH")
	}
	for _, member := range m.Members {
		row := []any{member.Address, roleOf(member.Level), member.Slaves, member.Backlink}
		if leveled {
			row = append(row, member.Branch)
		}
		t.row(row...)
	}
	if m.Answered < m.Masters {
		fmt.Fprintf(c.App.ErrWriter, "spreadnode: warning: %d of %s did not answer\n",
			m.Masters-m.Answered, plural(m.Masters, "master"))
	}
	return t.print(c.App.Writer)
}

// roleOf names the role of a node by the highest level at which it is a master.
func roleOf(level int) string {
	switch level {
	case 0:
		return "slave"
	case 1:
		return "master"
	}
	return fmt.Sprintf("master of level %d", level)
}

func syncCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "sync", Usage: "make the node renew its lists now, and wait for it",
		Flags:  endpointFlags(),
		Action: doing(func(ctx context.Context, node *admin.Client) error { return node.Sync(ctx) }, "synced"),
	})
}

func reloadCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "reload", Usage: "make the node read its options again, as SIGHUP does",
		Flags:  endpointFlags(jsonFlag()),
		Action: showing((*admin.Client).Reload, showReloaded),
	})
}

func showReloaded(c *cli.Context, r *admin.Reloaded) error {
	if len(r.Restart) > 0 {
		fmt.Fprintf(c.App.ErrWriter, "spreadnode: warning: only after a restart: %s\n", strings.Join(r.Restart, ", "))
	}
	what := "nothing"
	if len(r.Changed) > 0 {
		what = strings.Join(r.Changed, ", ")
	}
	if r.CertificateEnds != nil {
		what += fmt.Sprintf(" (certificate valid until %s)", date(*r.CertificateEnds))
	}
	_, err := fmt.Fprintf(c.App.Writer, "changed: %s\n", what)
	return err
}

func leaveCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "leave", Usage: "make the node leave the network and end, and wait for it",
		Flags:  endpointFlags(),
		Action: doing(leaveAndWait, "left"),
	})
}

// leaveAndWait returns when the local endpoint is closed: then the data directory is
// free.
func leaveAndWait(ctx context.Context, node *admin.Client) error {
	if err := node.Leave(ctx); err != nil {
		return err
	}
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		_, err := node.Status(ctx)
		refused := (*admin.Error)(nil)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return fmt.Errorf("the node is still there: %w", err)
		// refused: the node is leaving already
		case err != nil && !errors.As(err, &refused):
			return nil
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return fmt.Errorf("the node is still there: %w", ctx.Err())
		}
	}
}
