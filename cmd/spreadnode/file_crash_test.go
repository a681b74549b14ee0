//go:build linux && !race

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/client/files"
)

var (
	fileNodes = flag.Int("file-nodes", 4, "how many nodes the file store has")
	fileKills = flag.Int("file-kills", 3, "how often one of them is killed under writes")
	fileCount = flag.Int("file-count", 20, "how many files are stored before a third of the nodes is killed")
	fileSize  = flag.Int64("file-size", 96, "MiB of the file that must not be in memory")
)

// fileNetwork is a network of nodes with a file store each.
type fileNetwork struct {
	*network
	client []*files.Client // of each node alone
}

func newFileNetwork(t *testing.T, count int) *fileNetwork {
	t.Helper()
	f := &fileNetwork{network: startNetwork(t, count, "--extensions", "files", "--ban-by-address")}
	for i := range count {
		c, err := files.New(files.Options{Addresses: f.addresses[i : i+1]})
		if err != nil {
			t.Fatal(err)
		}
		f.client = append(f.client, c)
	}
	return f
}

// fileContent is the n-th of a sequence of small files.
func fileContent(n int) []byte {
	return bytes.Repeat(binary.LittleEndian.AppendUint64(nil, uint64(n)), 2000)
}

// write stores one file after the other through random nodes, until ctx ends, and adds the
// numbers of those that were acknowledged.
func (f *fileNetwork) write(ctx context.Context, random *rand.Rand, first int, acknowledged map[int]bool) int {
	for ; ctx.Err() == nil; first++ {
		data := fileContent(first)
		_, err := f.client[random.IntN(len(f.client))].Put(ctx, bytes.NewReader(data), int64(len(data)), files.Wish{})
		if err == nil {
			acknowledged[first] = true
		}
	}
	return first
}

// Nodes are killed one after the other while files are written. What was acknowledged is
// read again, whole, from every node.
func TestKilledNodesLoseNoAcknowledgedFile(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	f := newFileNetwork(t, *fileNodes)
	acknowledged := make(map[int]bool)
	next := 0
	for range *fileKills {
		ctx, cancel := context.WithCancel(t.Context())
		var writing sync.WaitGroup
		writer := rand.New(rand.NewPCG(random.Uint64(), 0))
		writing.Go(func() { next = f.write(ctx, writer, next, acknowledged) })
		moment := time.NewTimer(500*time.Millisecond + time.Duration(random.Int64N(int64(500*time.Millisecond))))
		<-moment.C
		victim := 1 + random.IntN(len(f.processes)-1)
		f.kill(victim)
		f.start(victim)
		cancel()
		writing.Wait()
	}
	f.settle()
	for n := range acknowledged {
		data := fileContent(n)
		var got bytes.Buffer
		if err := f.client[n%len(f.client)].Get(t.Context(), sha256.Sum256(data), &got); err != nil {
			t.Errorf("file %d was acknowledged, and is lost: %v", n, err)
		}
	}
	t.Logf("%d files acknowledged of %d", len(acknowledged), next)
	if len(acknowledged) < 5*(*fileKills) {
		t.Error("too few files to show anything")
	}
}

// A third of the nodes is killed at once, and does not come back. Each file that has a
// live holder has its three copies again soon after the others see the right size.
func TestAThirdOfTheNodesIsKilled(t *testing.T) {
	f := newFileNetwork(t, max(6, *fileNodes))
	for n := range *fileCount {
		data := fileContent(n)
		if _, err := f.client[n%len(f.client)].Put(t.Context(), bytes.NewReader(data), int64(len(data)), files.Wish{Acks: 3}); err != nil {
			t.Fatal(err)
		}
	}
	var dead []int
	for i := 1; i < len(f.processes); i += 3 {
		dead = append(dead, i)
	}
	f.lose(dead...)
	began := time.Now()
	f.settle()
	exact := time.Since(began)
	lost := 0
	for n := range *fileCount {
		key := files.Key(sha256.Sum256(fileContent(n)))
		within(t, deadline+time.Minute, fmt.Sprintf("three copies of file %d", n), func() bool {
			about, err := f.client[0].Stat(t.Context(), key)
			if errors.Is(err, files.ErrNotFound) {
				lost++
				return true
			}
			return err == nil && about.Copies >= 3
		})
	}
	t.Logf("%d of %d nodes killed: sizes exact after %.1f s, all copies at most %.1f s later; %d of %d files lost all holders",
		len(dead), len(dead)+len(f.processes), exact.Seconds(), (time.Since(began) - exact).Seconds(), lost, *fileCount)
	if lost > *fileCount/5 {
		t.Error("more are lost than chance explains")
	}
}

// A file that is much larger than the memory that nodes may take goes in at one node and
// out at another.
func TestALargeFileIsNotInMemory(t *testing.T) {
	f := newFileNetwork(t, 4)
	size := *fileSize << 20
	path := filepath.Join(t.TempDir(), "large")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(file, zeros{}, size); err != nil || file.Close() != nil {
		t.Fatal(err)
	}
	began := time.Now()
	stored, err := f.client[0].PutFile(t.Context(), path, files.Wish{})
	if err != nil {
		t.Fatal(err)
	}
	put := time.Since(began)
	within(t, deadline+time.Duration(*fileSize)*100*time.Millisecond, "three copies", func() bool {
		about, err := f.client[1].Stat(t.Context(), stored.Key)
		return err == nil && about.Copies == 3
	})
	began = time.Now()
	if err := f.client[3].Get(t.Context(), stored.Key, io.Discard); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB: put %.1f s, get %.1f s", *fileSize, put.Seconds(), time.Since(began).Seconds())
	for i, p := range f.processes {
		if most := resident(t, p.command.Process.Pid); most > 96<<10 {
			t.Errorf("node %d had %d KiB in memory", i, most)
		} else {
			t.Logf("node %d had %d KiB in memory", i, most)
		}
	}
}

// zeros is a file without end. All zeros are as good as anything here, and cost nothing.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// resident is the most memory that a process has had, in KiB.
func resident(t *testing.T, pid int) (most int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	if _, err := fmt.Sscan(line, &most); err != nil {
		t.Fatal(err)
	}
	return most
}
