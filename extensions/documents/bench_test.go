package documents_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/config"
	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// benchNodes starts nine nodes in this process, and waits until each sees all.
func benchNodes(b *testing.B, o documents.Options) (addresses []string) {
	b.Helper()
	ports, err := nettest.FreePorts("127.0.0.1", 9)
	if err != nil {
		b.Fatal(err)
	}
	var nodes []*node.Node
	for _, port := range ports {
		c := config.Defaults()
		c.Hostname, c.Port, c.Data, c.Trusted = "127.0.0.1", uint16(port), b.TempDir(), true
		c.Bootstrap, c.SyncInterval = []string{fmt.Sprintf("127.0.0.1:%d", ports[0])}, 4*time.Second
		s, err := documents.New(o)
		if err != nil {
			b.Fatal(err)
		}
		n, err := node.New(node.Options{Config: c, Extensions: []host.Extension{s}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { n.Stop() })
		go n.Run(b.Context())
		if err := n.Ready(b.Context()); err != nil {
			b.Fatal(err)
		}
		nodes, addresses = append(nodes, n), append(addresses, n.Address())
	}
	for _, n := range nodes {
		nettest.Until(b, "each node sees all", func() bool {
			status, err := n.Status(b.Context())
			return err == nil && status.NetworkSize == len(nodes)
		})
	}
	return addresses
}

// benchAsk sends a request of a client.
func benchAsk(b *testing.B, address, what, body string) {
	b.Helper()
	resp, err := benchClient.Post("http://"+address+"/client/documents/"+what, "application/json", strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || err != nil {
		b.Errorf("%s: %s: %v", resp.Status, text, err)
	}
}

var benchClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// BenchmarkNodes adds and reads documents in a network of nine nodes on this machine, with
// one client and with sixteen. A get is of a key that its node may know to be somewhere, a
// first get of one that it has to look for.
func BenchmarkNodes(b *testing.B) {
	o := things()
	usual := benchNodes(b, o)
	o.Remember = time.Millisecond
	forgetful := benchNodes(b, o)
	var next atomic.Int64
	filler := strings.Repeat("Spreadable ", 18)
	add := func(b *testing.B, address string) {
		benchAsk(b, address, "add", fmt.Sprintf(`{"collection": "things", "document": {"id": "%d", "text": %q}}`, next.Add(1), filler))
	}
	const keys = 1000
	for i := range keys {
		body := fmt.Sprintf(`{"collection": "things", "document": {"id": "k%d", "text": %q}}`, i, filler)
		benchAsk(b, usual[i%len(usual)], "add", body)
		benchAsk(b, forgetful[i%len(usual)], "add", body)
	}
	get := func(b *testing.B, address string) {
		benchAsk(b, address, "get", fmt.Sprintf(`{"collection": "things", "key": "k%d"}`, rand.IntN(keys)))
	}
	for _, what := range []struct {
		name      string
		addresses []string
		do        func(b *testing.B, address string)
	}{{"Add", usual, add}, {"Get", usual, get}, {"FirstGet", forgetful, get}} {
		for _, clients := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/clients=%d", what.name, clients), func(b *testing.B) {
				benchClients(b, clients, func(client int) { what.do(b, what.addresses[client%len(what.addresses)]) })
			})
		}
	}
}

// benchClients lets so many clients share the operations.
func benchClients(b *testing.B, clients int, do func(client int)) {
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	for client := range clients {
		go func() {
			for left.Add(-1) >= 0 {
				do(client)
			}
			done <- struct{}{}
		}()
	}
	for range clients {
		<-done
	}
}
