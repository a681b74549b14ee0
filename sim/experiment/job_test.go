package experiment_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spreadable/sim/experiment"
)

const filed = "name: filed\nnodes: 10\nduration: 10m\nlatency: {model: empirical, file: %s}\n"

// A worker has nothing but the job and its files, and must run the same.
func TestAJobReadsBackAsItsRun(t *testing.T) {
	p := plan(t, grid)
	for v := range p.Variants {
		job, s, err := p.Job(experiment.Task{Variant: v, Repetition: 2, Key: p.Variants[v].Runs[1]})
		if err != nil {
			t.Fatal(err)
		}
		back, err := job.Parse(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if back.Hash() != s.Hash() || back.Seed != job.Seed || job.Seed != p.Variants[v].SeedOf(2) {
			t.Errorf("variant %d: seed %d and hash %s, not %d and %s", v, back.Seed, back.Hash(), job.Seed, s.Hash())
		}
	}
}

// The file of a job is the one that came with it. A path of the worker's machine is not
// even opened: what is wrong with the file would be told to the stranger.
func TestAJobReadsNoFileOfTheMachine(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.csv")
	if err := os.WriteFile(secret, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.ToSlash(secret), "../secret.csv"} {
		inner := filepath.Join(dir, "inner")
		job := &experiment.Job{Key: "k", Scenario: strings.ReplaceAll(filed, "%s", path)}
		if _, err := job.Parse(inner); err == nil || !strings.Contains(err.Error(), "names a file of this machine") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
