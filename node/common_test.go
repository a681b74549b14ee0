package node_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"spreadable/client"
	"spreadable/config"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// What the tests share: nodes on loopback that sync once a second.

// nodeConfig is the configuration of a node at a free port, with a data directory of its
// own.
func nodeConfig(t *testing.T) *config.Config {
	t.Helper()
	ports, err := nettest.FreePorts("127.0.0.1", 1)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Defaults()
	c.Hostname, c.Port = "127.0.0.1", uint16(ports[0])
	c.Data = filepath.Join(nettest.ShortDir(t), "data")
	c.BanByAddress = true // all nodes of a test live at one IP
	c.SyncInterval, c.ServerTimeout, c.PingTimeout = time.Second, 900*time.Millisecond, 700*time.Millisecond
	return c
}

// newNode makes a node that the test stops at its end.
func newNode(t *testing.T, o node.Options) *node.Node {
	t.Helper()
	n, err := node.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Stop() })
	return n
}

// start runs a node and returns when it serves.
func start(t *testing.T, n *node.Node) {
	t.Helper()
	go n.Run(context.WithoutCancel(t.Context())) // until the test stops it
	if err := n.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// connect makes a client that asks one node and no other.
func connect(t *testing.T, n *node.Node) *client.Client {
	t.Helper()
	c, err := client.Connect(t.Context(), client.Options{Addresses: []string{n.Address()}, WorkerChange: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// say is a handler that answers with one word.
func say(word string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"word": "` + word + `"}`))
	})
}

// hear asks an endpoint for its word.
func hear(t *testing.T, c *client.Client, endpoint string, options ...client.RequestOption) string {
	t.Helper()
	var answer struct{ Word string }
	if err := c.Request(t.Context(), endpoint, nil, &answer, options...); err != nil {
		t.Fatal(err)
	}
	return answer.Word
}

// approve gets an approval of kind client.
func approve(t *testing.T, c *client.Client) *client.Approval {
	t.Helper()
	q, err := c.ApprovalQuestion(t.Context(), "client", nil)
	if err != nil {
		t.Fatal(err)
	}
	return q.Answer(q.Text)
}

// must fails the test on the first error.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
