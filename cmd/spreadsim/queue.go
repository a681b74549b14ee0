package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/cmd/spreadsim/internal/queue"
	"spreadable/sim/experiment"
)

// queueCategory is the heading of flags about a queue in the help.
const queueCategory = "Many machines"

// queueFlags are those of both sides of a queue.
func queueFlags(usage string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "queue", Usage: usage + "; tls://HOST:PORT is encrypted", EnvVars: []string{"SPREADSIM_QUEUE"}, Category: queueCategory},
		&cli.PathFlag{Name: "creds", Usage: "log in with the credentials in `FILE`", Category: queueCategory},
		&cli.PathFlag{Name: "tls-ca", Usage: "trust a server whose certificate is signed by one in `FILE`", Category: queueCategory},
		&cli.PathFlag{Name: "tls-cert", Usage: "show the server the certificate in `FILE`", Category: queueCategory},
		&cli.PathFlag{Name: "tls-key", Usage: "use the key of that certificate in `FILE`", Category: queueCategory},
	}
}

func addressOf(c *cli.Context) queue.Address {
	return queue.Address{URL: c.String("queue"), Creds: c.String("creds"), CA: c.String("tls-ca"),
		Cert: c.String("tls-cert"), Key: c.String("tls-key")}
}

// checkQueueOfSweep refuses what makes no sense with a queue, or without one.
func checkQueueOfSweep(c *cli.Context) error {
	if c.String("queue") == "" {
		for _, flag := range []string{"creds", "tls-ca", "tls-cert", "tls-key", "lease"} {
			if c.IsSet(flag) {
				return fmt.Errorf("flag --%s: needs the address of a queue (--queue URL)", flag)
			}
		}
		return nil
	}
	switch {
	case c.IsSet("workers"):
		return errors.New("flag --workers: with --queue, each worker says how many runs it has at a time")
	case c.String("shard") != "":
		return errors.New("flag --shard: with --queue, workers share the runs by themselves")
	case c.Duration("lease") < time.Second:
		return fmt.Errorf("flag --lease: expected 1s or more, not %s", c.Duration("lease"))
	}
	return addressOf(c).Check()
}

// collect leaves what a schedule wants to the workers of a queue.
func (s *sweep) collect(ctx context.Context, c *cli.Context, schedule *experiment.Schedule) error {
	q, err := queue.Dial(ctx, addressOf(c), s.plan.Version)
	if err != nil {
		return err
	}
	defer q.Close()
	progress := newSweepProgress(c, s.plan.Name)
	defer progress.clear()
	broken, busy := 0, 0
	return q.Collect(ctx, queue.Collector{
		Plan: s.plan, Folder: s.folder, Schedule: schedule, Check: c.Duration("check"), Lease: c.Duration("lease"),
		Ended: func(r *experiment.Record) error {
			progress.update(schedule, busy)
			if !r.Broken() {
				return nil
			}
			broken++
			return tooMany(broken, c.Int("max-failed"))
		},
		Seen: func(now int) { busy = now; progress.update(schedule, busy) },
		Tell: teller(c),
	})
}

// teller prints single lines for a person, for several goroutines.
func teller(c *cli.Context) func(format string, args ...any) {
	var mutex sync.Mutex
	return func(format string, args ...any) {
		mutex.Lock()
		defer mutex.Unlock()
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s\n", command.OneLine(fmt.Sprintf(format, args...)))
	}
}

func queueCommand() *cli.Command {
	return documented(&cli.Command{
		Name:  "queue",
		Usage: "run a queue of runs for workers on many machines",
		Description: `A NATS server with JetStream, for those that have none. What it keeps is a
cache: the folder of a sweep is the truth. Without --config, anyone who reaches
its address may use it; deploy/nats-server.conf has users and encryption. Ctrl-C
or SIGTERM ends it, and the next one in the same folder goes on.`,
		Action: serveQueue,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Usage: "serve at `HOST:PORT`; port 0 takes a free one (default: 127.0.0.1:4222)", Value: "127.0.0.1:4222"},
			&cli.PathFlag{Name: "data", Usage: "keep runs and results in `DIR` (default: queue)", Value: "queue"},
			&cli.PathFlag{Name: "config", Usage: "serve as `FILE` says, a configuration of nats-server, instead"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors"},
		},
	})
}

// serveQueue runs the embedded server until the process is asked to end.
func serveQueue(c *cli.Context) error {
	if err := noArgs(c); err != nil {
		return err
	}
	if c.IsSet("config") && (c.IsSet("listen") || c.IsSet("data")) {
		return command.BadInput(errors.New("flag --config: the file says where to listen and what to keep, so --listen and --data have no meaning"))
	}
	if host, _, err := net.SplitHostPort(c.String("listen")); err != nil {
		return command.BadInput(fmt.Errorf("flag --listen: expected HOST:PORT, not %q", c.String("listen")))
	} else if ip := net.ParseIP(host); !c.IsSet("config") && (ip == nil || !ip.IsLoopback()) && host != "localhost" && !c.Bool("quiet") {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: warning: whoever reaches %s may use the queue; --config has users and encryption\n", c.String("listen"))
	}
	ctx, cancel := interruptible()
	defer cancel()
	s := queue.Server{Listen: c.String("listen"), Data: c.String("data"), Config: c.String("config"), Tell: teller(c)}
	return s.Serve(ctx, func(url string) error {
		if c.Bool("quiet") {
			return nil
		}
		kept := "as " + filepath.ToSlash(s.Config) + " says"
		if s.Config == "" {
			kept = "what it keeps is in " + filepath.ToSlash(s.Data)
		}
		_, err := fmt.Fprintf(c.App.Writer, "queue  %s, %s\n", url, kept)
		return err
	})
}
