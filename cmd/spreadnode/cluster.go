package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/admin"
	"spreadable/cmd/internal/command"
	"spreadable/config"
	"spreadable/node"
)

// maxCluster is the most nodes in one process; with more, file descriptors may run out.
const maxCluster = 250

func clusterCommand() *cli.Command {
	return documented("", &cli.Command{
		Name: "cluster", Usage: "run a local network in one process, for trying things",
		Description: `   All nodes start at once and know only the first. When all are registered and
   see the right network size, a table shows them; then they run until Ctrl-C.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "nodes", Aliases: []string{"n"}, Value: 9, Usage: "how many: `N`, 9 by default"},
			&cli.UintFlag{Name: "port", Value: 4000, Usage: "the first `PORT`, 4000 by default; the others follow it"},
			&cli.StringFlag{Name: "host", Value: "127.0.0.1", Usage: "`HOST` of all nodes: 127.0.0.1 by default"},
			&cli.BoolFlag{Name: "ips", Usage: "give each node an IP of its own, from 127.0.0.1 up, and all the same port"},
			&cli.StringFlag{Name: "sync-interval", Value: "2s", Usage: "`DURATION` of a round: 2s by default"},
			&cli.StringFlag{Name: "registration", Value: "directed",
				Usage: "the rule for newcomers, a `VALUE`: directed, or original as in npm"},
			&cli.StringFlag{Name: "levels", Value: "1", Usage: "levels of masters: `N` from 1, the default, to 4, or auto: the network decides"},
			&cli.IntFlag{Name: "fan-out", Usage: "with --levels auto, ask at most `N` others at a time: 100 by default"},
			&cli.StringFlag{Name: "draw", Value: "original",
				Usage: "how approvers are drawn, a `VALUE`: original, or host, where each node counts as a host of its own"},
			&cli.StringFlag{Name: "extensions", Usage: "applications on all nodes: `LIST` of NAME or NAME=FILE"},
			&cli.PathFlag{Name: "data",
				Usage: "keep the nodes' state in `DIR`/1, DIR/2 and so on, where the other commands find them (--data DIR/1)"},
			&cli.IntFlag{Name: "rounds", Usage: "fail unless the network settles within `N` rounds"},
			&cli.BoolFlag{Name: "exit", Usage: "end when the network has settled"},
			&cli.StringFlag{Name: "log-level", Value: "error",
				Usage: "what the nodes log, a `VALUE`: debug, info, warn or error, the default"},
			jsonFlag(),
		},
		Action: runCluster,
	})
}

func runCluster(c *cli.Context) error {
	if err := takes(c, 0, 0, ""); err != nil {
		return err
	}
	plan, err := planCluster(c)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	cluster, err := newCluster(plan, c.App.ErrWriter)
	if err != nil {
		return inputError{err}
	}
	if err := cluster.start(c.Context); err != nil {
		return cmp.Or(cluster.close(), err)
	}
	err = cluster.watch(c, signals)
	ended := make(chan error, 1)
	go func() { ended <- cluster.close() }()
	select {
	case closing := <-ended:
		return cmp.Or(err, closing)
	case <-signals:
		return errAtOnce
	}
}

// planCluster makes the options of all nodes.
func planCluster(c *cli.Context) ([]*config.Config, error) {
	n := c.Int("nodes")
	switch {
	case n < 1 || n > maxCluster:
		return nil, inputError{fmt.Errorf("flag --nodes: want 1 to %d nodes, not %d", maxCluster, n)}
	case c.Int("rounds") < 0:
		return nil, inputError{fmt.Errorf("flag --rounds: want 0 or more, not %d", c.Int("rounds"))}
	case c.Bool("ips") && c.IsSet("host"):
		return nil, inputError{errors.New("give --ips or --host, not both")}
	case c.Uint("port") < 1 || c.Uint("port")+uint(n) > 1<<16 && !c.Bool("ips") || c.Uint("port") >= 1<<16:
		return nil, inputError{fmt.Errorf("flag --port: want a port from 1 to %d, so that all %d fit below 65536, not %d",
			1<<16-n, n, c.Uint("port"))}
	}
	var plan []*config.Config
	for i := range n {
		options, err := planNode(c, i)
		if err != nil {
			return nil, inputError{err}
		}
		plan = append(plan, options)
		options.Bootstrap = plan[0].Bootstrap
	}
	return plan, nil
}

// planNode makes the options of the i-th node. Bans are by address, because a ban by IP
// would hit all nodes.
func planNode(c *cli.Context, i int) (*config.Config, error) {
	host, port := c.String("host"), int(c.Uint("port"))+i
	if c.Bool("ips") {
		host, port = netip.AddrFrom4([4]byte{127, 0, 0, byte(i + 1)}).String(), int(c.Uint("port"))
	}
	flags := map[string]string{
		"port": strconv.Itoa(port), "hostname": host,
		"listen":         net.JoinHostPort(host, strconv.Itoa(port)),
		"ban_by_address": "true",
		"sync_interval":  c.String("sync-interval"), "registration": c.String("registration"),
		"draw":   c.String("draw"),
		"levels": c.String("levels"), "log_level": c.String("log-level"),
		"leave_notice": "0s", // all end at the same time
	}
	if c.IsSet("fan-out") {
		flags["fan_out"] = strconv.Itoa(c.Int("fan-out"))
	}
	if text := c.String("extensions"); text != "" {
		flags["extensions"] = text
	}
	if flags["draw"] == "host" { // on one machine, all nodes are in one prefix
		flags["draw_group"] = "address"
	}
	// The timeouts must fit in a round.
	interval, err := config.ParseDuration(flags["sync_interval"])
	if err != nil {
		return nil, fmt.Errorf("flag --sync-interval: %w", err)
	}
	timeout := min(2*time.Second, interval*3/4)
	flags["server_timeout"], flags["ping_timeout"] = timeout.String(), min(time.Second, timeout).String()
	if dir := c.String("data"); dir != "" {
		flags["data"] = filepath.Join(dir, strconv.Itoa(i+1))
	}
	options, err := config.Load(config.Given{Flags: flags})
	if err != nil {
		return nil, err
	}
	return options, options.Resolve(config.LastIPv4)
}

// cluster is a network in this process.
type cluster struct {
	nodes    []*node.Node
	interval time.Duration
	started  time.Time
}

// newCluster makes all nodes.
func newCluster(plan []*config.Config, log io.Writer) (*cluster, error) {
	k := &cluster{interval: plan[0].SyncInterval}
	for i, options := range plan {
		logger, level := newLog(log, options)
		applications, err := extensions(options)
		if err != nil {
			return nil, err
		}
		n, err := node.New(node.Options{
			Config: options, Ephemeral: options.Origin("data") == "default", Version: command.Version(), Level: level,
			Log: logger.With(slog.Int("node", i+1)), Extensions: applications,
		})
		if err != nil {
			return nil, err
		}
		k.nodes = append(k.nodes, n)
	}
	return k, nil
}

// start starts all nodes at once and waits until they serve. It returns an error if one
// does not.
func (k *cluster) start(ctx context.Context) error {
	k.started = time.Now()
	for _, n := range k.nodes {
		go n.Run(ctx) // Ready and Stop return its error
	}
	var failed error
	for _, n := range k.nodes {
		failed = cmp.Or(failed, n.Ready(ctx))
	}
	return failed
}

// close ends all nodes and returns why one of them failed.
func (k *cluster) close() error {
	failures := make([]error, len(k.nodes))
	var ending sync.WaitGroup
	for i, n := range k.nodes {
		ending.Go(func() { failures[i] = n.Stop() })
	}
	ending.Wait()
	return cmp.Or(failures...)
}

// view is what all nodes say at one moment.
type view struct {
	Nodes      int   `json:"nodes"`
	Registered int   `json:"registered"`
	Exact      int   `json:"exact"` // nodes that see the right size
	IntervalMS int64 `json:"sync_interval_ms"`
	// from the start of the first node until the network had settled
	SettledS float64         `json:"settled_s"`
	Rounds   float64         `json:"settled_rounds"` // the same in sync intervals
	Members  []*admin.Status `json:"members"`
}

func (v *view) settled() bool { return v.Registered == v.Nodes && v.Exact == v.Nodes }

// look asks all nodes. A single node needs no backlink.
func (k *cluster) look(ctx context.Context) (*view, error) {
	v := &view{Nodes: len(k.nodes), IntervalMS: k.interval.Milliseconds()}
	for _, n := range k.nodes {
		s, err := n.Status(ctx)
		if err != nil {
			return nil, cmp.Or(n.Stop(), err) // it has failed, and Stop says why
		}
		if s.Registered || v.Nodes == 1 && s.Settled() {
			v.Registered++
		}
		if s.NetworkSize == v.Nodes {
			v.Exact++
		}
		v.Members = append(v.Members, s)
	}
	return v, nil
}

// lookEvery is the time between two looks at the network until it has settled.
const lookEvery = 50 * time.Millisecond

var errUnsettled = errors.New("the network has not settled")

// watch reports on the network until a signal comes, or with --exit until it has settled.
func (k *cluster) watch(c *cli.Context, signals <-chan os.Signal) error {
	progress := &progress{out: c.App.ErrWriter, quiet: c.Bool("json"), interval: k.interval}
	pause := time.NewTicker(lookEvery)
	defer pause.Stop()
	var since time.Time // when it had settled; zero while it has not
	shown := false
	for {
		v, err := k.look(c.Context)
		if err != nil {
			return err
		}
		now := time.Now()
		progress.tell(now.Sub(k.started), v)
		switch {
		case !v.settled():
			since = time.Time{}
		case since.IsZero():
			since = now
		case !shown && now.Sub(since) >= k.interval: // it has held for a whole round
			shown = true
			if err := k.show(c, v, since); err != nil || c.Bool("exit") {
				return err
			}
			pause.Reset(k.interval)
		}
		limit := c.Int("rounds")
		if limit > 0 && since.IsZero() && !shown && now.Sub(k.started) > time.Duration(limit)*k.interval {
			return fmt.Errorf("%w within %s: %d of %d registered, %d with the exact size",
				errUnsettled, plural(limit, "round"), v.Registered, v.Nodes, v.Exact)
		}
		select {
		case <-pause.C:
		case <-signals:
			if c.Bool("exit") && !shown {
				return fmt.Errorf("interrupted: %w", errUnsettled)
			}
			return nil
		}
	}
}

// progress prints changes, at most twice in a round.
type progress struct {
	out      io.Writer
	quiet    bool
	interval time.Duration
	last     string
	at       time.Duration // of last, since the start
}

func (p *progress) tell(passed time.Duration, v *view) {
	now := fmt.Sprintf("%d of %d registered, %d with the exact size", v.Registered, v.Nodes, v.Exact)
	if p.quiet || now == p.last || !v.settled() && p.last != "" && passed-p.at < p.interval/2 {
		return
	}
	p.last, p.at = now, passed
	fmt.Fprintf(p.out, "%5.1f s  round %4.1f  %s\n", passed.Seconds(), passed.Seconds()/p.interval.Seconds(), now)
}

// show prints the settled network.
func (k *cluster) show(c *cli.Context, v *view, since time.Time) error {
	v.SettledS = since.Sub(k.started).Seconds()
	v.Rounds = v.SettledS / k.interval.Seconds()
	if c.Bool("json") {
		return printJSON(c, v)
	}
	fmt.Fprintf(c.App.Writer, "settled after %.1f rounds (%.1f s): %s registered, all with the exact size\n",
		v.Rounds, v.SettledS, plural(v.Nodes, "node"))
	t := newTable("ADDRESS", "ROLE", "SLAVES", "BACKLINK", "SIZE")
	leveled := slices.ContainsFunc(v.Members, func(s *admin.Status) bool { return s.Levels > 1 })
	if leveled {
		t = newTable("ADDRESS", "ROLE", "SLAVES", "BACKLINK", "SIZE", "BRANCH")
	}
	for _, s := range v.Members {
		row := []any{s.Address, roleOf(s.MasterLevel), s.Slaves, s.Backlink, s.NetworkSize}
		if leveled {
			row = append(row, s.Root)
		}
		t.row(row...)
	}
	if err := t.print(c.App.Writer); err != nil || c.Bool("exit") {
		return err
	}
	fmt.Fprintln(c.App.ErrWriter, "the network runs on; Ctrl-C ends it")
	return nil
}
