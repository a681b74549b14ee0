package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"spreadable/admin"
	"spreadable/config"
)

func banCommand() *cli.Command {
	return group(&cli.Command{
		Name:  "ban",
		Usage: "show and change the addresses that the node refuses",
		Subcommands: []*cli.Command{
			documented("ban", &cli.Command{
				Name: "add", Usage: "refuse an address or a host, or renew its ban", ArgsUsage: "HOST:PORT|IP|IPV6/64",
				Description: `   The node drops the address from its lists at once, and neither calls nor
   answers it until the ban ends. The ban is for all nodes and clients at the
   address's IP (of an IPv6: its /64), unless the node runs with ban_by_address.
   An IP or a /64 alone bans that host in any case. The option blacklist takes
   larger ranges. A ban survives a restart.`,
				Flags: endpointFlags(jsonFlag(),
					&cli.StringFlag{Name: "lifetime", Aliases: []string{"t"}, Value: "18d",
						Usage: "how long: a `DURATION` such as 90s, 12h or 18d, the default"},
					&cli.StringFlag{Name: "reason", Aliases: []string{"r"}, Usage: "why: a `TEXT` that ban ls shows"}),
				Action: addBan,
			}),
			documented("ban", &cli.Command{
				Name: "rm", Usage: "lift the ban of an address", ArgsUsage: "HOST:PORT|IP|IPV6/64",
				Flags: endpointFlags(), Action: removeBan,
			}),
			documented("ban", &cli.Command{
				Name: "ls", Usage: "show all bans",
				Description: `   Rows that say "logins only" are no bans: after ten wrong logins from there
   the node looks at one in each login_pause. They too are lifted by ban rm and
   ban clear.`,
				Flags: endpointFlags(jsonFlag()), Action: showing((*admin.Client).Bans, showBans),
			}),
			documented("ban", &cli.Command{
				Name: "show", Usage: "show the ban of an address", ArgsUsage: "HOST:PORT|IP|IPV6/64",
				Flags: endpointFlags(jsonFlag()), Action: showBan,
			}),
			documented("ban", &cli.Command{
				Name: "clear", Usage: "lift all bans",
				Flags: endpointFlags(), Action: clearBans,
			}),
		},
	})
}

func addBan(c *cli.Context) error {
	if err := takes(c, 1, 1, "address"); err != nil {
		return err
	}
	lifetime, err := config.ParseDuration(c.String("lifetime"))
	if err != nil {
		return inputError{fmt.Errorf("flag --lifetime: %w", err)}
	}
	return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
		ban, err := node.AddBan(ctx, c.Args().First(), admin.BanRequest{
			Seconds: lifetime.Seconds(), Reason: c.String("reason"),
		})
		switch {
		case err != nil:
			return orInput(err)
		case c.Bool("json"):
			return printJSON(c, ban)
		}
		_, err = fmt.Fprintf(c.App.Writer, "banned %s until %s\n", ban.Address, date(ban.Until))
		return err
	})(c)
}

// orInput turns the node's refusal of a bad request into an error of the command line.
func orInput(err error) error {
	if refused, ok := err.(*admin.Error); ok && refused.Status == 400 {
		return inputError{err}
	}
	return err
}

func removeBan(c *cli.Context) error {
	if err := takes(c, 1, 1, "address"); err != nil {
		return err
	}
	return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
		address := c.Args().First()
		if err := node.RemoveBan(ctx, address); err != nil {
			return orInput(err)
		}
		_, err := fmt.Fprintf(c.App.Writer, "lifted the ban of %s\n", address)
		return err
	})(c)
}

func showBans(c *cli.Context, bans []admin.Ban) error {
	if len(bans) == 0 {
		_, err := fmt.Fprintln(c.App.Writer, "no bans")
		return err
	}
	t := newTable("ADDRESS", "IP", "UNTIL", "SINCE", "REASON")
	for _, b := range bans {
		reason := b.Reason
		if b.LoginsOnly {
			reason += " (logins only)"
		}
		t.row(b.Address, b.IP, date(b.Until), date(b.Since), reason)
	}
	return t.print(c.App.Writer)
}

func showBan(c *cli.Context) error {
	if err := takes(c, 1, 1, "address"); err != nil {
		return err
	}
	return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
		ban, err := node.Ban(ctx, c.Args().First())
		switch {
		case err != nil:
			return orInput(err)
		case c.Bool("json"):
			return printJSON(c, ban)
		}
		return showBans(c, []admin.Ban{*ban})
	})(c)
}

func clearBans(c *cli.Context) error {
	if err := takes(c, 0, 0, ""); err != nil {
		return err
	}
	return asking(func(ctx context.Context, c *cli.Context, node *admin.Client) error {
		n, err := node.ClearBans(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.App.Writer, "lifted %s\n", plural(n, "ban"))
		return err
	})(c)
}
