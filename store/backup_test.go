package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/core/state"
	"spreadable/store"
)

// A backup taken while the node works is the state after one of its commits, whole.
func TestBackupWhileWriting(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	w := newWorld()
	states := make(map[string]bool)
	commit := func(k int) {
		w.step(k)
		states[text(w.node.State())] = true // before any other node can read it
		if err := s.Commit(&w.node); err != nil {
			t.Error(err)
		}
	}
	commit(0)
	var backups []*bytes.Buffer
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		defer close(done)
		for range 20 {
			var b bytes.Buffer
			if err := s.Backup(&b, nil); err != nil {
				t.Error(err)
			}
			backups = append(backups, &b)
		}
	})
	for k := 1; ; k++ {
		select {
		case <-done:
			group.Wait()
			for i, b := range backups {
				if got := text(stateOf(t, b.Bytes())); !states[got] {
					t.Fatalf("backup %d holds what never was:\n%s", i, got)
				}
			}
			return
		default:
			commit(k)
		}
	}
}

// stateOf reads a backup by restoring it.
func stateOf(t testing.TB, content []byte) state.State {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "backup")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(dir, file, impatient); err != nil {
		t.Fatal(err)
	}
	return load(t, open(t, dir))
}

func TestLatestBackupsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Unix(1_700_000_000, 0)
	s, err := store.Open(dir, store.Options{Now: func() time.Time { now = now.Add(time.Nanosecond); return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var made []string
	for range 5 {
		path, err := s.BackupFile()
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, path)
	}
	stranger := filepath.Join(dir, "backups", "state-of-mind.db")
	if err := os.WriteFile(stranger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := store.Backups(dir)
	if err != nil || !slices.Equal(kept, made[2:]) {
		t.Errorf("got %v, %v, want %v", kept, err, made[2:])
	}
}

func TestNoBackupsYet(t *testing.T) {
	t.Parallel()
	if backups, err := store.Backups(t.TempDir()); err != nil || backups != nil {
		t.Errorf("got %v, %v", backups, err)
	}
}

// Restore brings the old state back and keeps the one that it replaces.
func TestRestoreReplacesTheState(t *testing.T) {
	t.Parallel()
	dir, later := filled(t, 40)
	source, earlier := filled(t, 20)
	backup := filepath.Join(source, "state.db")
	restored, err := store.Restore(dir, backup, impatient)
	if err != nil {
		t.Fatal(err)
	}
	if got := load(t, open(t, dir)); text(got) != text(earlier) {
		t.Errorf("got\n%s, want\n%s", text(got), text(earlier))
	}
	content, err := os.ReadFile(restored.State)
	if err != nil {
		t.Fatal(err)
	}
	if got := stateOf(t, content); text(got) != text(later) {
		t.Errorf("kept aside\n%s, want\n%s", text(got), text(later))
	}
}

// A damaged state is what a backup is for.
func TestRestoreOverADamagedState(t *testing.T) {
	t.Parallel()
	source, saved := filled(t, 20)
	for name, bad := range badFiles(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "state.db"), bad.content, 0o600); err != nil {
				t.Fatal(err)
			}
			restored, err := store.Restore(dir, filepath.Join(source, "state.db"), impatient)
			if err != nil {
				t.Fatal(err)
			}
			if kept, err := os.ReadFile(restored.State); err != nil || !bytes.Equal(kept, bad.content) {
				t.Errorf("the damaged file was not kept: %v", err)
			}
			if got := load(t, open(t, dir)); text(got) != text(saved) {
				t.Error("another state than the backup's")
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	dir, _ := filled(t, 40)
	before := fileContent(t, dir)
	unchanged := func(t *testing.T) {
		t.Helper()
		if !bytes.Equal(fileContent(t, dir), before) {
			t.Error("the state has been changed")
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "state.db.*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	for name, bad := range badFiles(t) {
		t.Run(name, func(t *testing.T) {
			backup := filepath.Join(t.TempDir(), "backup")
			if err := os.WriteFile(backup, bad.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Restore(dir, backup, impatient); !errors.Is(err, bad.want) || !strings.Contains(err.Error(), backup) {
				t.Errorf("got %v, want %v", err, bad.want)
			}
			unchanged(t)
		})
	}
	t.Run("a file that is not there", func(t *testing.T) {
		if _, err := store.Restore(dir, filepath.Join(dir, "nothing"), impatient); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
		unchanged(t)
	})
	t.Run("while a node runs", func(t *testing.T) {
		source, _ := filled(t, 1)
		s := open(t, dir)
		defer s.Close()
		if _, err := store.Restore(dir, filepath.Join(source, "state.db"), impatient); !errors.Is(err, store.ErrLocked) {
			t.Errorf("got %v", err)
		}
		unchanged(t)
	})
}

func TestBackupThatCannotBeWrittenLeavesNothing(t *testing.T) {
	t.Parallel()
	dir, _ := filled(t, 5)
	s := open(t, dir)
	if err := s.Backup(fullDisk{}, nil); err == nil {
		t.Error("a backup to a full disk succeeds")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, fmt.Errorf("no space") }

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
