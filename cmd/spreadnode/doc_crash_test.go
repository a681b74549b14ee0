//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/client"
	"spreadable/client/documents"
	"spreadable/store"
)

// keepers are a network of nodes that keep documents.
type keepers struct{ *network }

func newDocumentNetwork(t *testing.T, nodes int) *keepers {
	t.Helper()
	options := filepath.Join(t.TempDir(), "things.yaml")
	text := "collections: {things: {rights: {update: open, delete: open}}}\nrepair_pause: 1s\n"
	if err := os.WriteFile(options, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &keepers{startNetwork(t, nodes, "--extensions", "documents="+options)}
}

// open connects a client to a node.
func (s *keepers) open(i int) (*documents.Collection, error) {
	c, err := client.Connect(s.t.Context(), client.Options{Addresses: s.addresses[i : i+1], WorkerChange: -1})
	if err != nil {
		return nil, err
	}
	s.t.Cleanup(c.Close)
	return documents.Open(c, "things", ""), nil
}

// writer adds documents of its own keys until its context ends, and keeps those that were
// acknowledged by two nodes.
func (s *keepers) writer(ctx context.Context, number int, random *rand.Rand) (acknowledged []json.RawMessage, failed int) {
	for n := 0; ctx.Err() == nil; {
		things, err := s.open(random.IntN(len(s.addresses)))
		for err == nil && ctx.Err() == nil {
			key := fmt.Sprintf("%d-%d", number, n)
			n++
			var result documents.Result
			if result, err = things.Add(ctx, map[string]string{"id": key}); err == nil && result.Copies >= 2 {
				acknowledged = append(acknowledged, fmt.Appendf(nil, "%q", key))
			}
		}
		failed++
	}
	return acknowledged, failed
}

// Nodes are killed under writes, one after the other: no document that two had on disk is
// lost, and after that all have three copies again.
func TestKilledNodesLoseNoDocument(t *testing.T) {
	count := *kills
	if count <= 10 {
		count = 3 // make kills does it often
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := newDocumentNetwork(t, 9)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	results, failures := make([][]json.RawMessage, 4), make([]int, 4)
	for i := range results {
		running.Go(func() { results[i], failures[i] = s.writer(ctx, i, rand.New(rand.NewPCG(seed, uint64(i+1)))) })
	}
	pause := time.NewTicker(500 * time.Millisecond)
	defer pause.Stop()
	for range count {
		<-pause.C
		i := random.IntN(len(s.processes))
		s.kill(i)
		<-pause.C
		s.start(i)
	}
	cancel()
	running.Wait()
	s.settle()
	var all []json.RawMessage
	for _, list := range results {
		all = append(all, list...)
	}
	if len(all) < 10*count {
		t.Errorf("only %d acknowledged: too few to show anything", len(all))
	}
	s.check(all)
	s.loseThird(all)
	t.Logf("%d kills, %d documents acknowledged, %d breaks of clients", count, len(all), failures)
}

// loseThird kills a third of the nodes for good. What has a holder left has three again soon
// after the others know the size of the network. All had three copies before, so only what
// each of the three has on its disk may be gone. How much that is is no matter of this test:
// while nodes are away, or cannot report what they take, copies meet at the others.
func (s *keepers) loseThird(keys []json.RawMessage) {
	s.t.Helper()
	count := len(s.processes)
	var dead []int
	for i := count - count/3; i < count; i++ {
		dead = append(dead, i)
	}
	s.lose(dead...)
	lost := make(map[string]int) // copies, by key
	for _, i := range dead {
		for _, key := range s.onDisk(i) {
			lost[key]++
		}
	}
	began := time.Now()
	s.settle()
	exact := time.Since(began)
	gone := s.repaired(keys, func(key string) bool { return lost[key] == len(dead) })
	s.t.Logf("a third is lost: sizes are exact after %v, all %d documents that are left have their copies after %v, %d are gone",
		exact, len(keys)-gone, time.Since(began), gone)
}

// onDisk are the keys of the documents that a dead node has on its disk.
func (s *keepers) onDisk(i int) (keys []string) {
	s.t.Helper()
	disk, err := store.Open(filepath.Join(s.dirs[i], "data"), store.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer disk.Close()
	const area = "d\x00things\x00" // see extensions/documents/local.go
	disk.Bucket("documents").Scan(area, func(key string, _ []byte) bool {
		key, ours := strings.CutPrefix(key, area)
		if ours {
			keys = append(keys, key)
		}
		return ours
	})
	return keys
}

// check reads all documents, as soon as all their holders answer, and waits until they have
// their copies.
func (s *keepers) check(keys []json.RawMessage) {
	s.t.Helper()
	things, err := s.open(0)
	if err != nil {
		s.t.Fatal(err)
	}
	inParts(keys, func(keys []json.RawMessage) {
		within(s.t, 2*time.Minute, "all acknowledged documents are read", func() bool {
			list, err := things.GetMany(s.t.Context(), keys)
			return err == nil && len(list) == len(keys)
		})
	})
	s.repaired(keys, func(string) bool { return false })
}

// repaired waits until all documents have their copies, but for those that may be gone, and
// returns how many are.
func (s *keepers) repaired(keys []json.RawMessage, mayBeGone func(key string) bool) (gone int) {
	s.t.Helper()
	things, err := s.open(0)
	if err != nil {
		s.t.Fatal(err)
	}
	short := []string{"all"}
	defer func() {
		if len(short) > 0 {
			s.t.Logf("these have too few copies: %q", short)
		}
	}()
	within(s.t, 5*time.Minute, "all documents have three copies", func() bool {
		short, gone = nil, 0
		inParts(keys, func(keys []json.RawMessage) {
			copies := make(map[string]int)
			list, _ := things.Stat(s.t.Context(), keys) // what is not found counts as missing
			for _, d := range list {
				copies[string(d.Key)] = d.Copies
			}
			for _, key := range keys {
				switch n := copies[string(key)]; {
				case n == 0 && mayBeGone(string(key)):
					gone++
				case n < 3:
					short = append(short, string(key))
				}
			}
		})
		return len(short) == 0
	})
	return gone
}

// inParts visits keys, as many at a time as a request takes.
func inParts(keys []json.RawMessage, visit func([]json.RawMessage)) {
	for part := range slices.Chunk(keys, documents.MaxBatch) {
		visit(part)
	}
}
