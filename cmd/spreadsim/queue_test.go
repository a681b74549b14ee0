package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"spreadable/internal/nettest"
	"spreadable/sim/experiment"
)

var (
	queueKills = flag.Int("queue-kills", 4, "how many workers are killed in a sweep over a queue")
	queueFull  = flag.Bool("queue-full", false, "sweep 5 sizes, 3 latencies and 10 repetitions over a queue")
	natsServer = flag.String("nats-server", "", "path of another NATS server to use as the queue, such as Debian's")
)

// queued is a sweep over a queue with three workers, all of them processes.
type queued struct {
	t       *testing.T
	dir     string // of all processes
	address string
	server  *exec.Cmd
	workers []*exec.Cmd
}

// process starts a program in the folder of the test.
func (q *queued) process(name string, args ...string) *exec.Cmd {
	q.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = q.dir
	cmd.Env = append(cmd.Environ(), "TMPDIR="+q.dir) // a worker that is killed leaves a folder
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		q.t.Fatal(err)
	}
	q.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if q.t.Failed() {
			q.t.Logf("%s %s: %s", name, strings.Join(args, " "), said.String())
		}
	})
	return cmd
}

// run runs a command line to its end.
func (q *queued) run(args ...string) {
	q.t.Helper()
	cmd := exec.Command("spreadsim", args...)
	cmd.Dir = q.dir
	if said, err := cmd.CombinedOutput(); err != nil {
		q.t.Fatalf("spreadsim %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

// serve starts the server: ours, or the one that a flag names.
func (q *queued) serve() {
	host, port, err := net.SplitHostPort(q.address)
	if err != nil {
		q.t.Fatal(err)
	}
	if *natsServer != "" {
		q.server = q.process(*natsServer, "-a", host, "-p", port, "-js", "-sd", filepath.Join(q.dir, "queue"))
		return
	}
	q.server = q.process("spreadsim", "queue", "--listen", q.address)
}

func (q *queued) work() *exec.Cmd {
	return q.process("spreadsim", "worker", "--queue", "nats://"+q.address, "--workers", "1")
}

// kill ends a process as a power cut would.
func (q *queued) kill(cmd *exec.Cmd) {
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		q.t.Error(err)
	}
	_ = cmd.Wait() // it says that it was killed
}

// done counts the runs in the folder of the sweep.
func (q *queued) done() int {
	entries, err := filepath.Glob(filepath.Join(q.dir, "queued", experiment.RunsFolder, "*.json.gz"))
	if err != nil {
		q.t.Fatal(err)
	}
	return len(entries)
}

// waitFor waits for so many runs, or until the sweep ends.
func (q *queued) waitFor(runs int, ended <-chan error) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for q.done() < runs && len(ended) == 0 {
		<-ticker.C
	}
}

// freeAddress is a port of this machine that nothing uses.
func freeAddress(t *testing.T) string {
	t.Helper()
	ports, err := nettest.FreePorts("127.0.0.1", 1)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("127.0.0.1:", ports[0])
}

const queuedFile = `name: queued
duration: 100s
workload: {searches: {count: 5, start: 80s}}
sweep:
  nodes: [%s]
  latency.mean: [20ms, 40ms, 60ms]
repeat: %d
`

// Workers are killed again and again, and the server twice, once with all that it kept.
// The tables are those of a sweep on one machine, which nothing has disturbed, and those of
// its parts.
func TestASweepOverAQueueSurvivesEveryCrash(t *testing.T) {
	q := &queued{t: t, dir: t.TempDir(), address: freeAddress(t)}
	sizes, repeat := "20, 50", 4
	if *queueFull {
		sizes, repeat = "100, 200, 400, 800, 1600", 10
	}
	if err := os.WriteFile(filepath.Join(q.dir, "queued.yaml"), fmt.Appendf(nil, queuedFile, sizes, repeat), 0o644); err != nil {
		t.Fatal(err)
	}
	q.run("sweep", "queued.yaml", "--out", "local", "--quiet")
	for i := 1; i <= 2; i++ {
		q.run("sweep", "queued.yaml", "--out", fmt.Sprint("part", i), "--quiet", "--shard", fmt.Sprintf("%d/2", i))
	}
	q.run("sweep", "merge", "merged", "part1", "part2")
	q.serve()
	for range 3 {
		q.workers = append(q.workers, q.work())
	}
	sweep := q.process("spreadsim", "sweep", "queued.yaml", "--out", "queued", "--quiet", "--lease", "2s", "--queue", "nats://"+q.address)
	ended := make(chan error, 1)
	go func() { ended <- sweep.Wait() }()
	q.crash(ended)
	if err := <-ended; err != nil {
		t.Errorf("the sweep: %v", err)
	}
	for _, table := range []string{experiment.RunsFile, experiment.MetricsFile, experiment.MeansFile} {
		want := q.read("local", table)
		for _, other := range []string{"queued", "merged"} {
			if got := q.read(other, table); got != want {
				t.Errorf("%s/%s is not that of a sweep on one machine", other, table)
			}
		}
	}
	q.checkExecutions()
}

// crash kills one worker after the other while runs come in, and the server on the way.
func (q *queued) crash(ended <-chan error) {
	runs := len(strings.Split(strings.TrimSpace(q.read("local", experiment.RunsFile)), "\n")) - 1
	for i := range *queueKills {
		q.waitFor(1+i*runs/(*queueKills+1), ended)
		worker := i % len(q.workers)
		q.kill(q.workers[worker])
		q.workers[worker] = q.work()
		switch i {
		case *queueKills / 3:
			q.kill(q.server)
			q.serve()
		case 2 * *queueKills / 3:
			q.kill(q.server)
			if err := os.RemoveAll(filepath.Join(q.dir, "queue")); err != nil {
				q.t.Error(err)
			}
			q.serve()
		}
	}
}

func (q *queued) read(folder, name string) string {
	text, err := os.ReadFile(filepath.Join(q.dir, folder, name))
	if err != nil {
		q.t.Fatal(err)
	}
	return string(text)
}

// checkExecutions makes sure that each run was collected once.
func (q *queued) checkExecutions() {
	rows, err := csv.NewReader(strings.NewReader(q.read("queued", experiment.ExecutionFile))).ReadAll()
	if err != nil {
		q.t.Fatal(err)
	}
	seen := map[string]int{}
	for _, row := range rows[1:] {
		seen[row[0]]++
	}
	if len(seen) != len(rows)-1 || len(seen) != q.done() {
		q.t.Errorf("%d executions of %d runs, %d done", len(rows)-1, len(seen), q.done())
	}
}
