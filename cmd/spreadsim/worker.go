package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/cmd/spreadsim/internal/queue"
	"spreadable/sim/experiment"
	"spreadable/sim/result/words"
)

func workerCommand(simulate simulator) *cli.Command {
	return documented(&cli.Command{
		Name:  "worker",
		Usage: "run what sweeps on other machines have put into a queue",
		Description: `Takes one run from the queue for each free core, and stores its result there.
All that a run needs comes with it. The worker must be the same build as the
sweep: runs of another build go to other workers. Ctrl-C or SIGTERM ends the
worker and gives its runs back to the queue; so does, after a while, a crash.`,
		Action: func(c *cli.Context) error { return work(c, simulate) },
		Flags: append(queueFlags("take runs from the queue `URL`, such as nats://queue:4222"),
			&cli.IntFlag{Name: "workers", Usage: "have `N` runs at a time; 0, the default, is one per processor"},
			&cli.DurationFlag{Name: "idle", Usage: "end after `TIME` without a run; 0, the default, waits for the next one"},
			&cli.BoolFlag{Name: "json", Usage: "print what was done as JSON"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors"}),
	})
}

// work is a worker from its start to its end.
func work(c *cli.Context, simulate simulator) error {
	address, version, err := checkWorker(c)
	if err != nil {
		return command.BadInput(err)
	}
	ctx, cancel := interruptible()
	defer cancel()
	q, err := queue.Dial(ctx, address, version)
	if err != nil {
		return err
	}
	defer q.Close()
	if !c.Bool("quiet") {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: worker for %s at a time, of version %s, at %s\n",
			words.Count(atATime(c), "run", "runs"), version, address)
	}
	dir, err := os.MkdirTemp("", "spreadsim-worker-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	memory := availableMemory()
	if memory == 0 {
		memory = 1 << 62 // unknown
	}
	done, err := q.Work(ctx, queue.Worker{Size: atATime(c), Memory: memory, Idle: c.Duration("idle"), Folder: dir,
		Do: simulate.answer, Tell: teller(c)})
	return errors.Join(err, tellDone(c, done))
}

// checkWorker reads the command line of a worker.
func checkWorker(c *cli.Context) (queue.Address, string, error) {
	address := addressOf(c)
	switch {
	case c.Args().Present():
		return address, "", fmt.Errorf("worker takes no arguments, not %q: runs come from the queue", c.Args().First())
	case address.URL == "":
		return address, "", errors.New("worker needs the address of a queue (--queue URL)")
	case c.Int("workers") < 0:
		return address, "", fmt.Errorf("flag --workers: expected 0 or more, not %d", c.Int("workers"))
	case c.Duration("idle") < 0:
		return address, "", fmt.Errorf("flag --idle: expected 0 or more, not %s", c.Duration("idle"))
	}
	if err := address.Check(); err != nil {
		return address, "", err
	}
	version, err := sweepVersion()
	return address, version, err
}

// answer does a job of the queue. A job that cannot be read is a failed run.
func (simulate simulator) answer(ctx context.Context, job *experiment.Job, check time.Duration, dir string, beside int) (*experiment.Record, experiment.Execution, error) {
	s, err := job.Parse(dir)
	if err != nil {
		return job.Record(nil, experiment.Failed, command.OneLine(err.Error())), execution(job.Key, time.Now(), 0, beside, nil), nil
	}
	return simulate.perform(ctx, job, s, check, beside)
}

func tellDone(c *cli.Context, done queue.Done) error {
	switch {
	case c.Bool("json"):
		return command.PrintJSON(c, done)
	case c.Bool("quiet"):
		return nil
	}
	_, err := fmt.Fprintf(c.App.Writer, "worker  %s done, %s given back, %s found lost\n",
		words.Count(done.Runs, "run", "runs"), count(done.Returned), count(done.Lost))
	return err
}
