package scenario_test

import (
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

// Each bound lies where its error says: what is just possible is taken, what is just
// beyond is refused by an error that begins with the key.
func TestBoundsAreExact(t *testing.T) {
	tests := []struct {
		key            string
		around         string // other keys that the case needs
		taken, refused string
	}{
		{"sample", "", "1ms", "999us"},
		{"sample", "duration=1000000s", "1s", "999ms"},
		{"sync_interval", "sample=1ms node.server_timeout=1ms node.ping_timeout=1ms", "1ms", "999us"},
		{"node.server_timeout", "node.ping_timeout=1ms", "16s", "16001ms"},
		{"node.server_timeout", "node.ping_timeout=1ms", "1ms", "999us"},
		{"node.ping_timeout", "", "1ms", "999us"},
		{"node.ping_timeout", "", "2s", "2001ms"},
		{"latency.max", "latency.model=uniform latency.min=10ms", "10001us", "10ms"},
		{"latency.min", "latency.model=normal latency.mean=10ms latency.stddev=1ms", "9999us", "10ms"},
		{"latency.max", "latency.model=normal latency.mean=10ms latency.stddev=1ms", "10001us", "10ms"},
		{"latency.mean", "latency.model=normal latency.stddev=1ms", "1us", "0s"},
		{"latency.stddev", "latency.model=normal latency.mean=10ms", "1us", "0s"},
		{"latency.mean", "", "1us", "0s"},
		{"latency.mean", "", "1h", "3601s"},
		{"latency.max", "latency.model=uniform latency.min=10ms", "1h", "3601s"},
		{"addresses.nodes_per_ip.mean", "addresses.nodes_per_ip.model=constant", "1000", "1001"},
		{"addresses.nodes_per_ip.mean", "addresses.nodes_per_ip.model=constant", "1", "0"},
		{"addresses.nodes_per_ip.max", "addresses.nodes_per_ip.model=uniform addresses.nodes_per_ip.min=3", "3", "2"},
		{"addresses.nodes_per_prefix.max", "addresses.nodes_per_prefix.model=geometric addresses.nodes_per_prefix.mean=3", "3", "2"},
		{"addresses.nodes_per_prefix.max", "addresses.nodes_per_prefix.model=pareto", "254", "255"},
		{"addresses.nodes_per_prefix.mean", "addresses.nodes_per_prefix.model=constant addresses.nodes_per_ip.model=uniform addresses.nodes_per_ip.min=2 addresses.nodes_per_ip.max=9", "508", "509"},
		{"join.bootstrap", "", "10", "11"},
		{"join.bootstrap", "classes.home.share=30% classes.home.nat=true", "7", "8"},
		{"network.up", "", "1kbit/s", "999bit/s"},
		{"network.down", "", "1000Gbit/s", "1001Gbit/s"},
		{"network.loss", "", "99.999%", "100%"},
		{"network.rto", "network.loss=1%", "1ms", "999us"},
		{"network.rto", "network.loss=1%", "1m", "60001ms"},
		{"network.service", "network.queue=1", "1h", "3600001ms"},
		{"network.service", "nodes=64", "999ms", "1s"}, // 16 requests each 16 s: from 1 s on it never settles
		{"network.service", "nodes=1 workload.searches.count=100 workload.searches.over=10s", "99ms", "100ms"},
		{"network.queue", "network.service=1ms", "1", "0"},
		{"network.queue", "network.service=1ms", "1000000", "1000001"},
		{"classes.home.share", "classes.laggy.share=60%", "40%", "40.1%"},
		{"classes.home.share", "", "100%", "100.1%"},
		{"classes.home.share", "", "5%", "4.9%"}, // of 10 nodes: none
		{"classes.home.delay", "classes.home.share=50%", "1h", "3600001ms"},
		{"classes.home.loss", "classes.home.share=50%", "99%", "100%"},
		{"join.over", "join.mode=spread", "60s", "60001ms"},
		{"join.over", "join.mode=spread", "1us", "0s"},
		{"join.over", "join.mode=flash join.at=1s", "1us", "0s"},
		{"join.at", "join.mode=flash", "59999ms", "60s"},
		{"join.rate", "join.mode=growth join.initial=2", "100000%", "100001%"},
		{"join.rate", "join.mode=growth join.initial=2", "0.1%", "0%"},
		{"join.initial", "join.mode=growth join.rate=10%", "10", "11"},
		{"join.bootstrap", "join.mode=growth join.rate=10% join.initial=3", "3", "4"},
		{"approval.period", "", "1us", "0s"},
		{"workload.searches.start", "workload.searches.count=1 workload.searches.over=20s", "40s", "40001ms"},
		{"workload.approvals.start", "workload.approvals.count=1 workload.approvals.over=20s", "40s", "40001ms"},
		{"workload.approvals.entries", "workload.approvals.count=1", "10", "11"},
		{"workload.searches.rate", "workload.searches.over=10s", "1000000", "1000001"},
		{"workload.searches.rate", "workload.searches.over=20s", "500000", "500001"}, // 10,000,000 in all
		{"workload.documents.rate", "workload.documents.start=40s workload.documents.over=10s", "1000000", "1000001"},
		{"workload.documents.rate", "workload.documents.start=40s", "500000", "500001"}, // until the end
		{"workload.documents.rate", "", "0.000001", "0.0000009"},
		{"workload.documents.over", "workload.documents.rate=1", "1us", "0s"},
		{"workload.files.over", "workload.files.rate=1", "1us", "0s"},
		{"workload.documents.reads", "workload.documents.rate=1", "100%", "100.1%"},
		{"workload.documents.size", "workload.documents.rate=1", "256kB", "256001B"},
		{"workload.documents.keys", "workload.documents.rate=1 preload.documents=5 preload.at=9s", "5", "4"},
		{"workload.documents.exponent", "workload.documents.rate=1", "10", "10.1"},
		{"workload.files.exponent", "workload.files.rate=1", "0", "-0.1"},
		{"preload.at", "preload.files=1", "59999ms", "60s"},
		{"extensions.copies", "preload.files=1 preload.at=9s", "10", "11"},
		{"extensions.acks", "preload.files=1 preload.at=9s extensions.copies=3", "3", "4"},
		{"workload.documents.size", "workload.documents.rate=1", "1B", "0.4B"},
		{"workload.files.size", "workload.files.rate=1", "1000TB", "1001TB"},
		{"workload.documents.rate", "workload.documents.start=10s workload.documents.over=20s", "500000", "500001"},
	}
	for _, test := range tests {
		sets := strings.Fields(test.around)
		t.Run(test.key+" "+test.around, func(t *testing.T) {
			if _, err := scenario.Parse("test.yaml", []byte(small), append(sets, test.key+"="+test.taken)); err != nil {
				t.Errorf("%s is refused: %v", test.taken, err)
			}
			_, err := scenario.Parse("test.yaml", []byte(small), append(sets, test.key+"="+test.refused))
			if key, _, _ := strings.Cut(test.key, ".start"); err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("%s is taken, or the error names another key: %v", test.refused, err)
			}
		})
	}
}

// What would end after the run matters only if it happens.
func TestAWorkloadThatDoesNotHappenMayStartLate(t *testing.T) {
	parse(t, small, "workload.searches.count=0", "workload.searches.start=2h", "workload.approvals.count=0",
		"workload.approvals.start=2h")
}
