package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spreadable/client/files"
)

// serve is a node that plays its part: handle serves downloads, and it names some links.
func serve(t *testing.T, links *[]string, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /client/files/links/{key}", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"links": *links})
	})
	mux.HandleFunc("GET /files/{key}", handle)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func newClient(t *testing.T, servers ...*httptest.Server) *files.Client {
	t.Helper()
	o := files.Options{Stall: 500 * time.Millisecond}
	for _, s := range servers {
		o.Addresses = append(o.Addresses, strings.TrimPrefix(s.URL, "http://"))
	}
	c, err := files.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// content gives bytes whole or in parts, and wrong ones change the first.
func content(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

// half breaks off in the middle, hang stops moving there.
func half(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		panic(http.ErrAbortHandler)
	}
}

func hang(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// A download goes on at another node when one breaks off, hangs, refuses or is gone, and
// begins anew when one lies.
func TestADownloadOutlivesItsNodes(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	key := files.Key(sha256.Sum256(data))
	lie := bytes.Clone(data)
	lie[5] ^= 1
	refuse := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not now", http.StatusServiceUnavailable) }
	for name, handlers := range map[string][]http.HandlerFunc{
		"good": {content(data)}, "breaks off": {half(data), content(data)}, "hangs": {hang(data), content(data)},
		"refuses": {refuse, refuse, content(data)}, "lies": {content(lie), content(data)},
		"lies and breaks off": {half(lie), content(data), content(data)},
	} {
		t.Run(name, func(t *testing.T) {
			var links []string
			entry := serve(t, &links, refuse)
			for _, h := range handlers {
				links = append(links, serve(t, &links, h).URL+"/files/"+key.String())
			}
			path := filepath.Join(t.TempDir(), "got")
			if err := newClient(t, entry).GetFile(t.Context(), key, path); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// Without a node that has the right bytes there is no file, and no rest of one.
func TestNoFileOfWrongBytes(t *testing.T) {
	data := []byte("the wrong bytes")
	key := files.Key(sha256.Sum256([]byte("the right bytes")))
	var links []string
	entry := serve(t, &links, content(data))
	links = []string{entry.URL + "/files/" + key.String()}
	dir := t.TempDir()
	c := newClient(t, entry)
	if err := c.GetFile(t.Context(), key, filepath.Join(dir, "got")); err == nil {
		t.Error("wrong bytes were taken")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if err := c.Get(t.Context(), key, new(bytes.Buffer)); !errors.Is(err, files.ErrDamaged) {
		t.Errorf("to a writer: %v", err)
	}
}

// The first address that answers serves; a refusal is final.
func TestTheNextAddressIsAsked(t *testing.T) {
	var links []string
	gone := serve(t, &links, http.NotFound)
	gone.Close()
	entry := serve(t, &links, http.NotFound)
	links = []string{"http://x/files/y"}
	c := newClient(t, gone, entry)
	if got, err := c.Links(t.Context(), files.Key{}); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := c.Stat(t.Context(), files.Key{}); !errors.Is(err, files.ErrNotFound) {
		t.Errorf("stat: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Links(ended, files.Key{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
	if _, err := files.New(files.Options{}); err == nil {
		t.Error("a client without addresses")
	}
}
