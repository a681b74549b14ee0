package main

import (
	"io"
	"slices"
	"testing"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command/commandtest"
)

// offered is what the program offers a shell at the end of a line.
func offered(t *testing.T, line string) string {
	t.Helper()
	return commandtest.Offered(t, func(args []string, stdout, stderr io.Writer) int {
		return run(args, stdout, stderr, canned)
	}, line)
}

func TestShellsOfferWhatTheCommandsTake(t *testing.T) {
	for line, want := range map[string]string{
		"run a.yaml ":               ":files .yaml .yml",
		"validate ":                 ":files .yaml .yml",
		"plot ":                     ":folders",
		"run --out ":                ":folders",
		"list --dir ":               ":folders",
		"run --seed ":               ":words",
		"run --trace ":              ":words nodes=",
		"explain ":                  ":folders",
		"explain runs/a ":           ":words",
		"bench --only ":             ":words phold forward planet sync search",
		"swarm --faults kil":        ":words kill",
		"swarm --liars ph":          ":words phantoms",
		"run --set latency.m":       ":words latency.max= latency.mean= latency.min= latency.model=",
		"run --set latency.model=u": ":words latency.model=uniform",
		"run --set join.mode=":      ":words join.mode=mass join.mode=growth join.mode=spread join.mode=flash join.mode=rate join.mode=list",
		"run --set node.trusted=":   ":words node.trusted=true node.trusted=false",
		"run --set registration=":   ":words registration=directed registration=original",
		"run --set expect.search.h": ":words expect.search.hops.max= expect.search.hops.mean=",
		"compare --metric search.h": ":words search.hops.mean search.hops.max",
		"sweep ":                    ":files .yaml .yml",
		"list ":                     ":words",
	} {
		if got := offered(t, line); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
}

// A flag whose value is one of a few words, or a file, is completed. These take numbers
// and times: a new flag needs a decision.
func TestOnlyNumbersAndTimesAreNotCompleted(t *testing.T) {
	var free []string
	for _, c := range newApp(io.Discard, io.Discard, canned).Commands {
		for _, flag := range c.Flags {
			line := c.Name + " --" + flag.Names()[0]
			documented, ok := flag.(cli.DocGenerationFlag)
			if ok && documented.TakesValue() && offered(t, line+" ") == ":words" {
				free = append(free, line)
			}
		}
	}
	want := []string{"run --seed", "run --workers", "run --check", "run --listen",
		"run --film-limit", "run --margin", "view --listen", "view --film-limit",
		"view --workers", "twin --repeat", "twin --service", "sweep --workers", "sweep --check",
		"sweep --shard", "sweep --max-failed", "sweep --lease", "worker --workers",
		"worker --idle", "queue --listen", "details --check", "details --workers", "plot --x",
		"plot --by", "plot --each", "swarm --seed", "swarm --count", "swarm --loss",
		"swarm --nodes", "swarm --plan", "swarm --failures", "swarm --workers", "bench --sizes",
		"bench --runs", "approvers --colluders", "approvers --target", "approvers --nodes",
		"approvers --agree", "approvers --count", "approvers --hidden", "approvers --ips"}
	if !slices.Equal(free, want) {
		t.Errorf("nothing is offered for the values of %q, want %q", free, want)
	}
}
