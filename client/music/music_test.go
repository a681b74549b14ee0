package music_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/client/music"
)

var recording = bytes.Repeat([]byte("0123456789abcdef"), 40_000)

func song() *music.Song {
	sum := sha256.Sum256(recording)
	s := new(music.Song)
	s.Audio, s.Size = hex.EncodeToString(sum[:]), int64(len(recording))
	return s
}

// first sends a part of a song and then does something else.
func first(part []byte, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(recording)))
		_, _ = w.Write(part)
		_ = http.NewResponseController(w).Flush()
		then(w, r)
	}
}

// at is a client of nodes with these handlers, the last of which has the song, after one
// that is dead.
func at(t *testing.T, handlers ...http.HandlerFunc) *music.Client {
	t.Helper()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	o := music.Options{Addresses: []string{strings.TrimPrefix(dead.URL, "http://")}, Stall: 500 * time.Millisecond}
	for _, h := range append(handlers, first(recording, func(http.ResponseWriter, *http.Request) {})) {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		o.Addresses = append(o.Addresses, strings.TrimPrefix(s.URL, "http://"))
	}
	c, err := music.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func abort(http.ResponseWriter, *http.Request)    { panic(http.ErrAbortHandler) }
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
func fail(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "not now", http.StatusServiceUnavailable)
}

// The file of a song begins anew at the next address when a node is dead, fails, breaks
// off, hangs or lies.
func TestASongOutlivesItsNodes(t *testing.T) {
	half := recording[:len(recording)/2]
	lie := bytes.Clone(recording)
	lie[5] ^= 1
	for name, h := range map[string]http.HandlerFunc{
		"fails": fail, "breaks off": first(half, abort), "hangs": first(half, hang), "says nothing": hang, "lies": first(lie, abort),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "got")
			if err := at(t, h).AudioFile(t.Context(), song(), path); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, recording) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// What was written to a writer cannot be taken back: only before that another node is
// tried.
func TestAWriterGetsNoSongTwice(t *testing.T) {
	var got bytes.Buffer
	if err := at(t, fail).Audio(t.Context(), song(), &got); err != nil || !bytes.Equal(got.Bytes(), recording) {
		t.Errorf("%d bytes, %v", got.Len(), err)
	}
	got.Reset()
	if err := at(t, first(recording[:100], abort)).Audio(t.Context(), song(), &got); err == nil || got.Len() > 100 {
		t.Errorf("after a part, %d bytes, %v", got.Len(), err)
	}
}
