// Command http compares a node of ours with one of the npm package: the same hundred
// masters and hundred slaves in their lists, the same request, POST /api/node/structure,
// from the same load generator, one after the other.
//
//	go run ./bench/http
//
// It runs in the module's root and needs Linux, wrk, Node.js and the npm package (npm ci
// in interop/). Ours is spreadnode itself, with its store and its admin endpoint.
// Everything stays on loopback.
//
// Rates depend on the machine and on what else runs on it; ratios of two consecutive runs
// depend on that much less. The node's processor time per request depends on neither the
// load generator nor other programs, except for their share of the caches.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	if err == nil {
		err = compare(o, os.Stdout)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench/http:", err)
		os.Exit(1)
	}
}

// options of a comparison.
type options struct {
	connections []int
	duration    time.Duration // of each run
	pairs       int           // runs of each node for each number of connections
	encoding    string        // that the load generator accepts, "" for none
}

func parse(args []string, usage io.Writer) (o options, err error) {
	set := flag.NewFlagSet("http", flag.ContinueOnError)
	set.SetOutput(usage)
	connections := set.String("connections", "8,64", "numbers of connections, separated by commas")
	set.DurationVar(&o.duration, "duration", 10*time.Second, "length of a run, whole seconds")
	set.IntVar(&o.pairs, "pairs", 1, "pairs of runs for each number of connections")
	set.StringVar(&o.encoding, "encoding", "", "content encoding that the load generator accepts, such as gzip")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if o.duration < time.Second || o.pairs < 1 || set.NArg() > 0 {
		return o, errors.New("want -duration of at least 1s, -pairs of at least 1, and nothing else")
	}
	for text := range strings.SplitSeq(*connections, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return o, fmt.Errorf("-connections: %q is not a number of connections", text)
		}
		o.connections = append(o.connections, n)
	}
	return o, nil
}

// compare runs pairs back to back and prints a table of them.
func compare(o options, out io.Writer) error {
	scratch, err := os.MkdirTemp("", "spreadable-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	npm, err := startNPM(scratch)
	if err != nil {
		return err
	}
	defer npm.stop()
	ours, err := startOurs(scratch)
	if err != nil {
		return err
	}
	defer ours.stop()
	if err := sameLists(npm, ours); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "connections\tnode\trequests/s\tp50\tp99\tprocessor time\tmemory\tfailed\t")
	for _, connections := range o.connections {
		for range o.pairs {
			theirs, err := npm.load(connections, &o)
			if err != nil {
				return err
			}
			own, err := ours.load(connections, &o)
			if err != nil {
				return err
			}
			theirs.write(table, connections, "npm")
			own.write(table, connections, "Go")
			writeRatio(table, own, theirs)
		}
	}
	return table.Flush()
}

// write adds a run as a row.
func (r *run) write(w io.Writer, connections int, name string) {
	fmt.Fprintf(w, "%d\t%s\t%.0f\t%.2f ms\t%.2f ms\t%.1f µs\t%.1f MB\t%d\t\n",
		connections, name, r.rate(), r.P50/1e3, r.P99/1e3, r.cost(), float64(r.memory)/1e6, r.Failed)
}

// writeRatio adds how many times better ours is.
func writeRatio(w io.Writer, own, theirs *run) {
	fmt.Fprintf(w, "\tbetter by\t%.1fx\t%.1fx\t%.1fx\t%.1fx\t%.1fx\t\t\n", own.rate()/theirs.rate(),
		theirs.P50/own.P50, theirs.P99/own.P99, theirs.cost()/own.cost(), float64(theirs.memory)/float64(own.memory))
}
