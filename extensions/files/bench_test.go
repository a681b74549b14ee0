package files_test

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"spreadable/config"
	"spreadable/core/host"
	"spreadable/extensions/files"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// What a file store costs beside doing the least by hand, with files of this size.
var benchSize = flag.Int64("bench-size", 256<<20, "bytes of a file of the benchmarks")

func benchNode(b *testing.B) string {
	b.Helper()
	ports, err := nettest.FreePorts("127.0.0.1", 1)
	if err != nil {
		b.Fatal(err)
	}
	c := config.Defaults()
	c.Hostname, c.Port, c.Data = "127.0.0.1", uint16(ports[0]), b.TempDir()
	s, err := files.New(files.Options{})
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
	return "http://" + n.Address()
}

// put stores a file that differs from the others in its first bytes.
func benchPut(b *testing.B, base, path string, i int) string {
	b.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(fmt.Append(nil, i), 0); err != nil {
		b.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPut, base+"/client/files/put?acks=1", file)
	if err != nil {
		b.Fatal(err)
	}
	req.ContentLength = *benchSize
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	var a answerOf
	if err := json.NewDecoder(resp.Body).Decode(&a); resp.StatusCode != http.StatusOK || err != nil {
		b.Fatal(resp.Status, err)
	}
	return a.Key.String()
}

func benchFile(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(path, random(int(*benchSize)), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func fetch(b *testing.B, url string) {
	b.Helper()
	resp, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); n != *benchSize || err != nil {
		b.Fatal(n, err)
	}
}

// BenchmarkGet reads a file from its holder, and from a handler that hashes the file and
// sends it.
func BenchmarkGet(b *testing.B) {
	path := benchFile(b)
	base := benchNode(b)
	key := benchPut(b, base, path, 0)
	byHand := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		file, err := os.Open(path)
		if err != nil {
			b.Error(err)
			return
		}
		defer file.Close()
		w.Header().Set("Content-Length", fmt.Sprint(*benchSize))
		_, _ = io.Copy(w, io.TeeReader(file, sha256.New())) // the client notices an error
	}))
	b.Cleanup(byHand.Close)
	for _, target := range []struct{ name, url string }{{"store", base + "/files/" + key}, {"hand", byHand.URL}} {
		b.Run(target.name, func(b *testing.B) {
			b.SetBytes(*benchSize)
			for range b.N {
				fetch(b, target.url)
			}
		})
	}
}

// BenchmarkPut stores a file at one node, and copies it by hand with a sync at the end.
func BenchmarkPut(b *testing.B) {
	path := benchFile(b)
	base := benchNode(b)
	next := 0
	b.Run("store", func(b *testing.B) {
		b.SetBytes(*benchSize)
		for range b.N {
			next++
			benchPut(b, base, path, next)
		}
	})
	b.Run("hand", func(b *testing.B) {
		b.SetBytes(*benchSize)
		for range b.N {
			copyByHand(b, path)
		}
	})
}

func copyByHand(b *testing.B, path string) {
	b.Helper()
	from, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(b.TempDir(), "copy"))
	if err != nil {
		b.Fatal(err)
	}
	defer os.Remove(to.Name())
	if _, err := io.Copy(struct{ io.Writer }{to}, from); err != nil {
		b.Fatal(err)
	}
	if err := to.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := to.Close(); err != nil {
		b.Fatal(err)
	}
}
