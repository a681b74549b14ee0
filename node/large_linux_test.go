//go:build !race

package node_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"spreadable/admin"
	"spreadable/config"
	"spreadable/core/host"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// The memory that nodes need for a large file: each is a process of its own.

var streamed = flag.Int64("stream", 128<<20, "bytes of the large file that goes through four nodes")

// mostResident is how much memory a node may ever have in use, whatever goes through it.
const mostResident = 96 << 20

const shelfVariable = "SPREADABLE_TEST_SHELF"

// TestMain makes this program a node with a shelf where the environment says so: its port,
// directory, and the port of the first node.
func TestMain(m *testing.M) {
	if options := os.Getenv(shelfVariable); options != "" {
		if err := runShelf(strings.Split(options, ",")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func runShelf(options []string) error {
	port, err := strconv.ParseUint(options[0], 10, 16)
	if err != nil {
		return err
	}
	c := config.Defaults()
	c.Hostname, c.Port, c.Data = "127.0.0.1", uint16(port), options[1]
	c.Bootstrap = []string{"127.0.0.1:" + options[2]}
	c.BanByAddress = true
	c.SyncInterval, c.ServerTimeout, c.PingTimeout = time.Second, 900*time.Millisecond, 700*time.Millisecond
	c.ExtensionSpace = 1 << 40
	n, err := node.New(node.Options{Config: c, Extensions: []host.Extension{&shelf{}}})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return n.Run(ctx)
}

// process is a node in a process of its own.
type process struct {
	address string
	owner   *admin.Client
	pid     int
}

func startShelves(t *testing.T, count int) (all []process) {
	t.Helper()
	ports, err := nettest.FreePorts("127.0.0.1", count)
	must(t, err)
	for _, port := range ports {
		data := filepath.Join(nettest.ShortDir(t), "data")
		p := process{
			address: fmt.Sprint("127.0.0.1:", port),
			owner:   admin.NewClient(admin.ParseEndpoint("unix:"+filepath.Join(data, "admin.sock")), ""),
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d,%s,%d", shelfVariable, port, data, ports[0]))
		cmd.Stderr = os.Stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 20 * time.Second
		must(t, cmd.Start())
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }() // by the end of the context
		t.Cleanup(func() { <-ended })
		p.pid = cmd.Process.Pid
		all = append(all, p)
		p.await(t, ended)
	}
	return all
}

// await waits until the node answers its owner.
func (p process) await(t *testing.T, ended <-chan struct{}) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := p.owner.Status(t.Context()); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatalf("node %s has ended", p.address)
		}
	}
}

// resident is the most memory that a process has had in use.
func (p process) resident(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	must(t, err)
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	must(t, err)
	return kilobytes << 10
}

// hashed is a source of random bytes that remembers their hash.
type hashed struct {
	io.Reader
	sum hash.Hash
}

func newHashed(size int64) *hashed {
	return &hashed{io.LimitReader(rand.NewChaCha8([32]byte{1}), size), sha256.New()}
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.sum.Write(p[:n])
	return n, err
}

// A large file goes from a client to a node, from there to three others, and back to a
// client, and no node ever has more than 96 MB in memory. See make stream for 4 GiB.
func TestALargeFileTakesLittleMemory(t *testing.T) {
	nodes := startShelves(t, 4)
	source := newHashed(*streamed)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+nodes[0].address+"/client/shelf/put", source)
	must(t, err)
	req.ContentLength = *streamed
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	text, err := io.ReadAll(resp.Body)
	must(t, err, resp.Body.Close())
	key := hex.EncodeToString(source.sum.Sum(nil))
	if string(text) != key {
		t.Fatalf("%s %s", resp.Status, text)
	}
	t.Logf("put: %.0f MB/s", rate(began))
	for _, to := range nodes[1:] {
		began = time.Now()
		if _, err := nodes[0].owner.Command(t.Context(), "shelf", "copy", []string{key, to.address}); err != nil {
			t.Fatal(err)
		}
		t.Logf("copy: %.0f MB/s", rate(began))
		began = time.Now()
		resp, err := http.Get("http://" + to.address + "/shelf/" + key)
		must(t, err)
		sum := sha256.New()
		_, err = io.Copy(sum, resp.Body)
		must(t, err, resp.Body.Close())
		if hex.EncodeToString(sum.Sum(nil)) != key {
			t.Errorf("%s gives other bytes", to.address)
		}
		t.Logf("get: %.0f MB/s", rate(began))
	}
	for i, p := range nodes {
		got := p.resident(t)
		t.Logf("node %d: %d MB", i+1, got/1e6)
		if got > mostResident {
			t.Errorf("node %d had %d bytes in memory, at most %d", i+1, got, mostResident)
		}
	}
}

func rate(began time.Time) float64 { return float64(*streamed) / 1e6 / time.Since(began).Seconds() }
