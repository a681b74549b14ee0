package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/config"

	"spreadable/cmd/spreadnode/internal/service"
)

func runCommand() *cli.Command {
	return documented("", &cli.Command{
		Name:  "run",
		Usage: "run a node until it is told to leave",
		Description: `   An option on the command line comes before its variable in the environment
   (--sync-interval, SPREADNODE_SYNC_INTERVAL), that before the file
   (sync_interval), that before the default. Lists are separated by commas.
   SPREADNODE_PASSWORD or password_file hold the password of a closed network.

   SIGTERM and SIGINT make the node leave, a second one ends it at once; SIGHUP
   makes it read its options again.`,
		Action: runNode,
		Flags: append(nodeFlags(),
			&cli.BoolFlag{Name: "test-answers", Usage: "let the admin endpoint give away the answers to approvals; for tests only", Category: config.Options()[len(config.Options())-1].Group}),
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
	warnUnknown(c)
	// Before anything else: whoever sends a signal to a starting node means it.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)

	log, level := newLog(c.App.ErrWriter, options)
	running, err := service.Start(c.Context, service.Options{
		Config: options, Again: func() (*config.Config, error) { return nodeConfig(from) },
		TestAnswers: c.Bool("test-answers"), Version: command.Version(), Log: log, Level: level,
	})
	if wrong := (service.OptionError{}); errors.As(err, &wrong) {
		return inputError{err}
	} else if err != nil {
		return err
	}
	reason := serve(c.Context, running, signals, log)
	return leave(running, options, reason, signals, log)
}

// newLog makes the log that the options want.
func newLog(w io.Writer, options *config.Config) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.UnmarshalText([]byte(options.LogLevel)) // one of the words that the options allow
	if options.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), level
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})), level
}

// serve waits until the node is to end, and returns why.
func serve(ctx context.Context, running *service.Service, signals <-chan os.Signal, log *slog.Logger) string {
	for {
		select {
		case <-running.Done():
			return "the node has ended"
		case <-running.Leaving():
			return "the owner asked"
		case s := <-signals:
			if s != syscall.SIGHUP {
				return s.String()
			}
			if _, err := running.Reload(ctx); err != nil {
				log.Error("the options were not read again", "error", oneLine(err.Error()))
			}
		}
	}
}

var errAtOnce = errors.New("ended at once by a second signal")

// leave ends the node: gracefully, unless another signal comes.
func leave(running *service.Service, options *config.Config, reason string, signals <-chan os.Signal, log *slog.Logger) error {
	log.Info("leaving", "reason", reason)
	failed := running.Err()
	ctx, cancel := context.WithTimeout(context.Background(), options.LeaveTimeout)
	defer cancel()
	left := make(chan error, 1)
	go func() { left <- running.Close(ctx) }()
	for {
		select {
		case err := <-left:
			if err = errors.Join(failed, err); err == nil {
				log.Info("left")
			}
			return cmp.Or(failed, err) // why it has ended says more than what its end has led to
		case s := <-signals:
			if s != syscall.SIGHUP {
				return errAtOnce
			}
		}
	}
}
