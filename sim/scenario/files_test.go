package scenario_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

// write puts files into a folder of their own.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, path string, sets ...string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(path, sets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const withFile = small + "latency: {model: king, file: data/king.txt}\n"

// A file is found beside its scenario, from whatever folder that is run.
func TestAFileIsFoundBesideItsScenario(t *testing.T) {
	dir := write(t, map[string]string{"a/s.yaml": withFile, "a/data/king.txt": "0 9\n9 0\n"})
	s := load(t, filepath.Join(dir, "a", "s.yaml"))
	kept := s.Attachments()
	if len(kept) != 1 || kept[0].Name != "files/king.txt" || string(kept[0].Content) != "0 9\n9 0\n" {
		t.Errorf("kept with the run: %q", kept)
	}
}

// Another content is another scenario; the same content elsewhere is the same one.
func TestTheContentOfAFileIsPartOfTheScenario(t *testing.T) {
	dir := write(t, map[string]string{
		"a/s.yaml": withFile, "a/data/king.txt": "0 9\n9 0\n",
		"b/s.yaml": withFile, "b/data/king.txt": "0 8\n8 0\n",
		"c/s.yaml": small + "latency: {model: king, file: king.txt}\n", "c/king.txt": "0 9\n9 0\n",
	})
	hash := func(name string) string { return load(t, filepath.Join(dir, name, "s.yaml")).Hash() }
	if hash("a") == hash("b") {
		t.Error("another matrix gives the same hash")
	}
	if hash("a") != hash("c") {
		t.Error("the same matrix in another folder gives another hash")
	}
}

// The resolved form with the files that are kept beside it is the scenario once more.
func TestAScenarioWithFilesReadsBackFromTheFolderOfItsRun(t *testing.T) {
	dir := write(t, map[string]string{"s.yaml": withFile, "data/king.txt": "0 9\n9 0\n"})
	first := load(t, filepath.Join(dir, "s.yaml"))
	run := map[string]string{"scenario.yaml": string(first.Resolved())}
	for _, file := range first.Attachments() {
		run[file.Name] = string(file.Content)
	}
	second := load(t, filepath.Join(write(t, run), "scenario.yaml"))
	if first.Hash() != second.Hash() || !bytes.Equal(first.Resolved(), second.Resolved()) {
		t.Errorf("read back as\n%s\nnot\n%s", second.Resolved(), first.Resolved())
	}
}

// A large file is kept compressed, and found by its plain name.
func TestALargeFileIsKeptCompressed(t *testing.T) {
	matrix := strings.Repeat("# as long as a measurement\n", 1<<16) + "0 9\n9 0\n"
	dir := write(t, map[string]string{"s.yaml": withFile, "data/king.txt": matrix})
	first := load(t, filepath.Join(dir, "s.yaml"))
	kept := first.Attachments()[0]
	if kept.Name != "files/king.txt.gz" || len(kept.Content) > len(matrix)/100 {
		t.Errorf("%d bytes are kept as %d in %s", len(matrix), len(kept.Content), kept.Name)
	}
	second := load(t, filepath.Join(write(t, map[string]string{
		"scenario.yaml": string(first.Resolved()), kept.Name: string(kept.Content),
	}), "scenario.yaml"))
	if first.Hash() != second.Hash() {
		t.Errorf("read back as\n%s\nnot\n%s", second.Resolved(), first.Resolved())
	}
}

// A file may be compressed; its content is what counts.
func TestACompressedFileIsUnpacked(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("0 9\n9 0\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"s.yaml": withFile, "data/king.txt": "0 9\n9 0\n", "data/king.txt.gz": packed.String()})
	path := filepath.Join(dir, "s.yaml")
	if plain, gz := load(t, path), load(t, path, "latency.file=data/king.txt.gz"); plain.Hash() != gz.Hash() {
		t.Error("the compressed file makes another scenario")
	}
	cut := packed.String()[:packed.Len()-4]
	if err := os.WriteFile(filepath.Join(dir, "data", "king.txt.gz"), []byte(cut), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Load(path, []string{"latency.file=data/king.txt.gz"}); err == nil {
		t.Error("a compressed file that is cut off is taken")
	}
}

// The record of a run can be read for what it says without its files.
func TestARecordIsReadWithoutItsFiles(t *testing.T) {
	s, err := scenario.Recorded("scenario.yaml", []byte(withFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Latency.String(); got != `king, file king.txt, min 500µs` {
		t.Errorf("it says %s", got)
	}
}
