// Command documents compares our document store with the npm package metastocle: as many
// nodes of each, each in a process of its own, the same number of copies, the same documents
// and the same load generator, in turn.
//
//	go run ./bench/documents
//
// It runs in the module's root and needs Node.js and the npm packages (npm ci in interop/).
// Everything stays on loopback; the data of both lies in the directory for temporary files.
//
// What they promise differs. Ours acknowledges a document when two nodes have it on disk;
// metastocle when one node has it in memory, and writes to disk every ten seconds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	o, err := parse(os.Args[1:], os.Stderr)
	if err == nil {
		err = compare(ctx, o, os.Stdout)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench/documents:", err)
		os.Exit(1)
	}
}

// options of a comparison.
type options struct {
	nodes, copies int
	entries       int // nodes that clients talk to
	clients       []int
	pairs         int           // runs of each store for each operation and number of clients
	duration      time.Duration // of each run
	remember      time.Duration // for which a node of ours remembers where a document is
	lookup        string        // summaries or all
	keys          int           // that are read
	size          int           // of a document, in bytes of text
	alone         bool          // only ours
}

func parse(args []string, usage io.Writer) (o options, err error) {
	set := flag.NewFlagSet("documents", flag.ContinueOnError)
	set.SetOutput(usage)
	set.IntVar(&o.nodes, "nodes", 9, "nodes of each store")
	set.IntVar(&o.copies, "copies", 3, "copies of a document")
	set.IntVar(&o.entries, "entries", 0, "nodes that the clients talk to; 0 for all, each to one of them")
	clients := set.String("clients", "1,16", "numbers of clients, separated by commas")
	set.IntVar(&o.pairs, "pairs", 3, "pairs of runs for each operation and number of clients")
	set.DurationVar(&o.duration, "duration", 5*time.Second, "length of a run")
	set.DurationVar(&o.remember, "remember", time.Minute,
		"how long a node of ours remembers where a document is; with 1ms each get asks all nodes")
	set.StringVar(&o.lookup, "lookup", "summaries", "how our nodes look for documents: summaries, or all to ask all nodes")
	set.IntVar(&o.keys, "keys", 1000, "documents of which those that are read are drawn")
	set.IntVar(&o.size, "size", 200, "bytes of text in a document")
	set.BoolVar(&o.alone, "alone", false, "measure our nodes only, as for a profile")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if o.nodes < 2 || o.copies < 1 || o.copies > o.nodes || o.pairs < 1 || o.keys < 1 || o.size < 0 || set.NArg() > 0 ||
		o.duration < 100*time.Millisecond || o.remember < time.Millisecond {
		return o, errors.New("want -nodes of at least 2, -copies of 1 to as many, -pairs and -keys of at least 1, " +
			"-duration of at least 100ms, -remember of at least 1ms, and nothing else")
	}
	if o.lookup != "summaries" && o.lookup != "all" {
		return o, errors.New("-lookup: want summaries or all")
	}
	if o.entries == 0 {
		o.entries = o.nodes
	}
	if o.entries < 0 || o.entries > o.nodes {
		return o, fmt.Errorf("-entries: want at most %d, as many as there are nodes", o.nodes)
	}
	for text := range strings.SplitSeq(*clients, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return o, fmt.Errorf("-clients: %q is not a number of clients", text)
		}
		o.clients = append(o.clients, n)
	}
	return o, nil
}

// compare starts both, runs pairs back to back, and prints a table of them.
func compare(ctx context.Context, o options, out io.Writer) error {
	scratch, err := os.MkdirTemp("", "spreadable-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	stores := []*store{{name: "Go", dialect: own, start: startOurs, copies: copiesOfSome}}
	if !o.alone {
		stores = append(stores, &store{name: "npm", dialect: metastocle, start: startNPM, copies: copiesOfAll})
	}
	for _, s := range stores {
		defer s.stop()
		if err := s.start(ctx, s, scratch, &o); err != nil {
			return err
		}
	}
	for _, s := range stores {
		if err := s.settle(ctx); err != nil {
			return err
		}
		if err := s.fill(ctx, &o); err != nil {
			return err
		}
	}
	if err := measure(ctx, &o, stores, out); err != nil {
		return err
	}
	for _, s := range stores {
		copies, err := s.copies(ctx, s)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "copies of a document at %s nodes, on average: %.2f\n", s.name, copies)
	}
	return nil
}
