package node_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"spreadable/config"
	"spreadable/node"
)

// Only the first node of a network proposes how to draw, and only once, to an owner that
// has not chosen.
func TestTheFirstNodeOfANetworkProposesHowToDraw(t *testing.T) {
	const proposal = "this node starts a network"
	first := nodeConfig(t)
	if log := logOf(t, first); !strings.Contains(log, proposal) {
		t.Errorf("a first node proposes nothing:\n%s", log)
	}
	joining := nodeConfig(t)
	joining.Bootstrap = []string{"127.0.0.1:9"}
	for name, c := range map[string]*config.Config{"restarted": first, "that joins": joining} {
		if log := logOf(t, c); strings.Contains(log, proposal) {
			t.Errorf("a node %s proposes:\n%s", name, log)
		}
	}
}

// logOf runs a node until it is ready, and returns what it has logged.
func logOf(t *testing.T, c *config.Config) string {
	t.Helper()
	var log bytes.Buffer
	n := newNode(t, node.Options{Config: c, Log: slog.New(slog.NewTextHandler(&log, nil))})
	start(t, n)
	must(t, n.Stop())
	return log.String()
}
