// Command attack measures how well a node serves its clients while it is attacked in all
// known ways at once.
//
//	go run ./bench/attack
//
// It runs in the module's root and needs Linux. It starts a closed network of nine nodes,
// each with an IP of its own in 127.0.0.0/8 and host_limits: strict, and pins the first
// one to the first processor; all others, and the attackers, have the second. Then an
// honest client measures the first node, idle and under attack. The attackers are processes
// of their own, at nice 10, so that the other nodes, which share their processor, come first;
// the report says what rates they reach. Those of items 2, 3, 6 and 8 know the network's
// password, as hostile members do; the guessers of item 7 do not.
//
// Where the kernel allows it (unshare), all this runs in a network namespace of its own
// with a name server that never answers. Elsewhere the names of the attackers go to the
// machine's name server, and end in .invalid.
//
// It ends with exit code 1 if a limit is exceeded: an honest p99 of ten times that of the
// idle node, 200 MB of memory, 64 MB of state. On a machine that does other work these
// numbers say little.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench/attack:", err)
		os.Exit(1)
	}
}

// options of a run.
type options struct {
	duration, idle time.Duration
	scale          float64 // of the rates of all attacks
	only           string  // attacks, separated by commas; "" for all
	attack         string  // the target of attackers as JSON; "" for the process that measures
}

func parse(args []string, usage io.Writer) (o options, err error) {
	set := flag.NewFlagSet("attack", flag.ContinueOnError)
	set.SetOutput(usage)
	set.DurationVar(&o.duration, "duration", 60*time.Second, "how long the node is attacked")
	set.DurationVar(&o.idle, "idle", 15*time.Second, "how long the idle node is measured before")
	set.Float64Var(&o.scale, "scale", 1, "times the rates of the attacks")
	set.StringVar(&o.only, "only", "", "the attacks to try, separated by commas; all without")
	set.StringVar(&o.attack, "attack", "", "be the attackers of this target (for the program itself)")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if o.duration < time.Second || o.idle < time.Second || o.scale <= 0 || set.NArg() > 0 {
		return o, errors.New("want -duration and -idle of at least 1s, -scale above 0, and nothing else")
	}
	_, err = attacksNamed(o.only)
	return o, err
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args, os.Stderr)
	switch {
	case err != nil:
		return err
	case o.attack != "":
		return attackAs(ctx, &o, os.Stdout)
	case os.Getenv(insideVariable) == "" && canUnshare():
		return runInside(ctx, args)
	}
	return measure(ctx, &o, os.Stdout)
}

// insideVariable is set in the environment of the run in a namespace of its own.
const insideVariable = "SPREADABLE_ATTACK_INSIDE"

// private are the arguments of unshare: a network and a view of files of one's own.
var private = []string{"--user", "--map-root-user", "--net", "--mount"}

// setUp prepares the namespace and runs the rest of its arguments there.
const setUp = `ip link set lo up && echo nameserver ` + nameServer + ` >"$1" && mount --bind "$1" /etc/resolv.conf &&
shift && exec "$@"`

// canUnshare tells whether the kernel lets this user have a namespace.
func canUnshare() bool {
	return exec.Command("unshare", append(private, "ip", "link", "set", "lo", "up")...).Run() == nil
}

// runInside runs the program again in a namespace of its own.
func runInside(ctx context.Context, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	names, err := os.CreateTemp("", "spreadable-attack-names-")
	if err != nil {
		return err
	}
	names.Close()
	defer os.Remove(names.Name())
	shell := append(private, "sh", "-c", setUp, "sh", names.Name(), self)
	cmd := command(ctx, "unshare", append(shell, args...)...)
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	cmd.Stdout = os.Stdout
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the run in a namespace of its own: %w", err)
	}
	return nil
}

// command is a program whose errors are seen, and which is asked to end with the context.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// measure is the whole run.
func measure(ctx context.Context, o *options, out io.Writer) error {
	scratch, err := os.MkdirTemp("", "spreadable-attack-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	names := swallowNames()
	defer names.close()
	net, err := startNetwork(ctx, scratch)
	if err != nil {
		return err
	}
	defer net.stop()

	fmt.Fprintf(out, "%d nodes are settled; measuring the idle one for %v\n", nodes, o.idle)
	idle, err := net.honest(ctx, o.idle)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "now under attack for %v\n", o.duration)
	tallies, attacked, err := net.underAttack(ctx, o)
	if err != nil {
		return err
	}
	writeAttacks(out, tallies, o.duration)
	return writeVerdict(out, net.hidden, names, idle, attacked)
}

// underAttack starts the attackers, and measures while they are at it.
func (n *network) underAttack(ctx context.Context, o *options) ([]tally, *measured, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	target, err := json.Marshal(n.target)
	if err != nil {
		return nil, nil, err
	}
	args := []string{self, "-attack", string(target), "-duration", o.duration.String(),
		"-scale", fmt.Sprint(o.scale), "-only", o.only}
	if n.pinned {
		args = append([]string{"nice", "-n", "10"}, args...)
	}
	cmd := command(ctx, args[0], args[1:]...)
	report, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	m, err := n.honest(ctx, o.duration)
	if err != nil {
		cmd.Cancel()
		cmd.Wait()
		return nil, nil, err
	}
	var tallies []tally
	err = json.NewDecoder(report).Decode(&tallies)
	if ended := cmd.Wait(); err != nil || ended != nil {
		return nil, nil, fmt.Errorf("the attackers: %w", errors.Join(err, ended))
	}
	return tallies, m, nil
}
