package scenario_test

import (
	"fmt"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

// Each group of keys gets its defaults once it has a meaning. The golden file holds the
// resolved forms of scenarios that say as little as they can of each group, and of some at
// the limits at which a default follows from another key.
func TestDefaultsOfEachGroup(t *testing.T) {
	const head = "name: defaults\nnodes: 40\nduration: 800s\n"
	var got strings.Builder
	for _, text := range []string{
		head,
		"name: short\nnodes: 3\nduration: 5s\nsync_interval: 1s\nworkload: {searches: {count: 1, start: 4500ms}}\n",
		"name: tiny\nnodes: 3\nduration: 90s\nsync_interval: 2ms\nlatency: {mean: 1ms}\n",
		"name: long\nnodes: 3\nduration: 8000h\n",
		head + "levels: auto\n",
		head + "registration: original\n",
		head + "sync: manual\n",
		head + "sync: manual\nsync_order: 0-9; 10-39\n",
		head + "join: {mode: growth, rate: 10%}\n",
		head + "join: {mode: growth, rate: 10%, bootstrap: 20}\n",
		"name: few\nnodes: 4\nduration: 800s\njoin: {mode: growth, rate: 10%}\n",
		head + "join: {mode: flash, at: 100s}\n",
		head + "join: {mode: flash, at: 790s}\n",
		head + "latency: {model: uniform, min: 5ms, max: 60ms}\n",
		head + "latency: {model: lognormal, stddev: 20ms}\n",
		head + "latency: {model: normal, stddev: 20ms}\n",
		head + "latency: {model: planet}\n",
		head + "network: {loss: 1%}\n",
		head + "network: {loss: 1%, datagram: true}\n",
		head + "network: {service: 2ms, queue: 9}\n",
		head + "network: {loss: 2%, service: 2ms, queue: 9}\nclasses: {server: {share: 10%}, home: {share: 20%}, laggy: {share: 20%}, constrained: {share: 20%}}\n",
		head + "churn: {session: {model: exponential, mean: 60s}}\n",
		head + "churn: {session: {model: exponential, mean: 60s}, absence: {model: pareto, median: 60s, shape: 1.5}}\n",
		head + "churn: {preset: kad}\n",
		head + "leave: {at: 300s, rate: 10%}\njoin: {bootstrap: 3}\n",
		head + "faults: [{at: 100s, do: crash, on: 3}, {at: 200s, do: bounce, on: 3}, {at: 300s, do: partition, on: 30%, for: 40s}, {at: 400s, do: hold, on: 3, for: 20s}]\n",
		head + "approval: {draw: host}\nattacks: [{at: 300s, lie: grinds, ips: 2}, {at: 300s, lie: garbage, on: 10%}]\n",
		head + "workload: {searches: {rate: 2}, approvals: {rate: 0.5, start: 100s}}\n",
		head + "workload: {searches: {count: 9, start: 100s}, approvals: {count: 9, start: 790s, entries: 2}}\n",
		head + "workload: {documents: {rate: 1}, files: {rate: 1, reads: 50%}}\n",
		head + "extensions: {copies: 1}\npreload: {documents: 70}\nworkload: {documents: {rate: 1}}\n",
	} {
		s, err := scenario.Parse("defaults.yaml", []byte(text), nil)
		if err != nil {
			t.Errorf("%s%v", text, err)
			continue
		}
		fmt.Fprintf(&got, "# %s\n%s\n", strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n# "), s.Resolved())
	}
	golden(t, "testdata/defaults.golden", got.String())
}
