package main

// examples show how each command is used.
func examples() map[string][]string {
	return map[string][]string{
		"": {
			"run scenarios/quickstart.yaml",
			"run scenarios/quickstart.yaml --seed 7 --set latency.mean=80ms",
			"plot runs/quickstart-1",
		},
		"run": {
			"scenarios/quickstart.yaml",
			"scenarios/quickstart.yaml --seed 7 --set latency.mean=80ms",
			"scenarios/quickstart.yaml --web",
			"scenarios/quickstart.yaml --trace nodes=0-20,from=100s,to=110s",
		},
		"view": {
			"runs/quickstart-1",
			"runs/quickstart-1 runs/quickstart-2",
			"sweeps/latency-of-searches",
			"runs/quickstart-1 --save quickstart.html",
		},
		"explain":  {"runs/quickstart-1 17@40s", "runs/quickstart-1 10.0.0.18:4000@end --json"},
		"validate": {"scenarios/quickstart.yaml --set nodes=5000"},
		"twin":     {"scenarios/twin-48.yaml --repeat 3"},
		"sweep": {
			"scenarios/sweeps/levels.yaml --list",
			"scenarios/sweeps/levels.yaml",
			"scenarios/sweeps/levels.yaml --shard 2/10",
		},
		"worker":  {"--queue nats://queue:4222 --idle 10m"},
		"queue":   {"", "--config deploy/nats-server.conf"},
		"compare": {"runs/quickstart-1 runs/quickstart-2", "sweeps/levels@1 sweeps/levels@2 --metric search.fanout_max"},
		"details": {"3f2a --sweep sweeps/levels"},
		"export":  {"sweeps/levels --parquet"},
		"plot":    {"runs/quickstart-1", "sweeps/levels --metric search.fanout_max --x nodes --by levels"},
		"swarm":   {"", "--seed 1000 --count 50 --shrink", "--plan 'seed=7 nodes=9 faults=kill' --trace"},
		"bench":   {"--sizes 1k,10k", "--only sync --sizes 10k --cpu"},
		"approvers": {
			"--colluders 10% --target 1e-6",
			"--colluders 50 --nodes 1k --hidden 30%",
			"--count r-6 --nodes 100k --json",
		},
		"laws": {
			"",
			"queue --set rho=0.7 --set customers=2000000 --set seed=7",
			"search --full --set nodes=300 --set latency.mean=80ms",
			"gossip --set nodes=65536 --set runs=50",
		},
		"list":       {"", "--dir scenarios/sweeps --json"},
		"schema":     {"> scenario.schema.json"},
		"completion": {"bash"},
		"version":    {""},
		"help":       {"run"},
	}
}
