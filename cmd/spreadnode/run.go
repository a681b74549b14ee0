package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/config"
	"spreadable/node"
)

func runCommand() *cli.Command {
	return documented("", &cli.Command{
		Name:  "run",
		Usage: "run a node until a signal or spreadnode leave ends it",
		Description: `   An option is taken from the command line (--sync-interval), else from the
   environment (SPREADNODE_SYNC_INTERVAL), else from the file (sync_interval),
   else it has its default. The items of a list have commas between them; the
   flag of a list may also be given again. The password of a closed network
   comes from SPREADNODE_PASSWORD or password_file.

   SIGTERM and SIGINT make the node leave, a second one ends it at once; SIGHUP
   makes it read its options again.`,
		Action: runNode,
		Flags: append(nodeFlags(),
			&cli.BoolFlag{Name: "test-answers", Usage: "let the local endpoint reveal the answers to approvals; for tests only",
				Category: config.Options()[len(config.Options())-1].Group}),
	})
}

func runNode(c *cli.Context) error {
	if err := takes(c, 0, 0, ""); err != nil {
		return err
	}
	from := given(c)
	options, err := nodeConfig(from)
	if err != nil {
		return err
	}
	if c.Bool("test-answers") && options.Admin == config.AdminOff {
		return inputError{errors.New("flag --test-answers: admin is off, so the answers could not be asked for")}
	}
	applications, err := extensions(options)
	if err != nil {
		return inputError{err}
	}
	warn(c, options)
	ctx, stderr, testAnswers := c.Context, c.App.ErrWriter, c.Bool("test-answers")
	return command.Service(func() error {
		return runService(ctx, stderr, from, node.Options{
			Config: options, TestAnswers: testAnswers, Extensions: applications,
		})
	})
}

// runService runs a node until it ends. The options lack what is the same in every
// node of this program.
func runService(ctx context.Context, stderr io.Writer, from config.Given, options node.Options) error {
	tune()
	// First of all: a signal to a node that is still starting must count, too.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)

	options.Log, options.Level = newLog(stderr, options.Config)
	options.Reload = func() (*config.Config, error) { return nodeConfig(from) }
	options.Version = command.Version()
	n, err := node.New(options)
	if err != nil {
		return inputError{err}
	}
	return serve(ctx, n, signals, options.Log)
}

// tune fits Go's runtime to floods, unless the environment says otherwise.
//
// The heap grows by three quarters before it is collected. Go's default is twofold: in a
// flood of connections, most of which live for seconds, that is some 20 MB more, and the
// processor time saved is small. And with one processor Go runs one goroutine at a time: in
// a flood the node's, back from a sync of the disk, would wait behind all others, some 10
// ms. With two at a time the system lets both go on.
func tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(75)
	}
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) == 1 {
		runtime.GOMAXPROCS(2)
	}
}

// newLog makes the log that the options describe.
func newLog(w io.Writer, options *config.Config) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	// cannot fail: the options allow only words that slog knows
	level.UnmarshalText([]byte(options.LogLevel))
	if options.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), level
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})), level
}

var errAtOnce = errors.New("ended at once by a second signal")

// serve runs the node until it has ended, by itself or by a signal, or until a second
// signal.
func serve(ctx context.Context, n *node.Node, signals <-chan os.Signal, log *slog.Logger) error {
	life, end := context.WithCancelCause(ctx)
	defer end(nil)
	ended := make(chan error, 1)
	go func() { ended <- n.Run(life) }()
	if n.Ready(ctx) != nil {
		return <-ended
	}
	told := false
	for {
		select {
		case err := <-ended:
			return err
		case s := <-signals:
			leaving := told || isClosed(n.Leaving())
			switch {
			case s != syscall.SIGHUP && leaving:
				return errAtOnce
			case s != syscall.SIGHUP:
				told = true
				end(errors.New(s.String()))
			case !leaving:
				if _, err := n.Reload(ctx); err != nil {
					log.Error("the options were not read again", "error", oneLine(err.Error()))
				}
			}
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
