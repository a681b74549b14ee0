package store_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"spreadable/core/state"
	"spreadable/store"
)

// written is a data directory as a node of an earlier commit wrote it, begin being its
// time. Beside the file, testdata holds what that commit read from it.
func written(t *testing.T, commit string) (dir, holds string) {
	t.Helper()
	from := filepath.Join("testdata", commit)
	packed, err := os.Open(filepath.Join(from, "state.db.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	file, err := os.OpenFile(filepath.Join(dir, "state.db"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.Copy(file, unpacked); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(from, "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, string(text)
}

// asJSON writes a state as the files in testdata do.
func asJSON(t *testing.T, s state.State) string {
	t.Helper()
	s.SortApprovals()
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

// A node goes on with the directory of an earlier version: what that knew it knows, all
// of it, and writes it down again as the same.
func TestDirectoriesOfEarlierVersionsLoad(t *testing.T) {
	for _, commit := range []string{"d1d81cd"} {
		dir, holds := written(t, commit)
		s := open(t, dir)
		saved := load(t, s)
		if got := asJSON(t, saved); got != holds {
			t.Errorf("of %s is read\n%s, want\n%s", commit, got, holds)
		}
		w := restored(t, saved, begin)
		if got := asJSON(t, w.node.State()); got != holds {
			t.Errorf("of %s is restored\n%s, want\n%s", commit, got, holds)
		}
		if err := s.Commit(&w.node); err != nil {
			t.Fatal(err)
		}
		if got := asJSON(t, load(t, s)); got != holds {
			t.Errorf("of %s is written again\n%s, want\n%s", commit, got, holds)
		}
		value, ok, err := openCache(t, s, "answers", store.CacheOptions{}).Get("key")
		if err != nil || !ok || !bytes.Equal(value, []byte("value")) {
			t.Errorf("of %s the cache has %q, %v, %v", commit, value, ok, err)
		}
	}
}

// The files hold something of each section, or the test above says little.
func TestEarlierDirectoriesHoldEverything(t *testing.T) {
	_, holds := written(t, "d1d81cd")
	var fields map[string]any
	if err := json.Unmarshal([]byte(holds), &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		if list, ok := value.([]any); value == nil || value == "" || value == 0.0 || ok && len(list) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}
