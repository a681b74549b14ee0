package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/core/state"
	"spreadable/store"
)

// crashDir and crashStep tell a process of this test binary that it is a node which is
// going to be killed: where its state is, and how many steps it has behind it.
const (
	crashDir  = "STORE_TEST_CRASH_DIR"
	crashStep = "STORE_TEST_CRASH_STEP"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, liveUntilKilled(dir, os.Getenv(crashStep)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// liveUntilKilled goes on from its saved state and acknowledges every step when it is on
// disk.
func liveUntilKilled(dir, step string) error {
	k, err := strconv.Atoi(step)
	if err != nil {
		return err
	}
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return err
	}
	saved, ok, err := s.Load()
	if err != nil {
		return err
	}
	w := newWorld()
	w.now = begin + 1_000_000*time.Second // later than all that was
	if ok {
		if err := w.node.Restore(saved); err != nil {
			return err
		}
	}
	for ; ; k++ {
		w.step(k)
		if err := s.Commit(&w.node); err != nil {
			return err
		}
		if _, err := fmt.Println(k + 1); err != nil {
			return err
		}
	}
}

// killAfter runs such a process, kills it after so many acknowledgements, and returns how
// many steps were acknowledged in all.
func killAfter(t *testing.T, dir string, steps, acknowledgements int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashStep+"="+strconv.Itoa(steps))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for heard := 0; ; heard++ {
		if heard == acknowledgements {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) { // a line without its end was not acknowledged
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if steps, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("it was not killed, but ended: %v: %s", err, stderr.String())
	}
	return steps
}

// A node is killed at 50 random moments. After each, its state holds all that was
// acknowledged, and at most the one step more that it had begun: the same as that of a
// node which was never killed.
//
// It does not run beside other tests: for a moment, each new process holds the open files
// of this one, and their locks.
func TestKilledNodesForgetNothing(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(50, 1))
	never := newWorld()
	done, unheard := 0, 0
	for range 50 {
		acknowledged := killAfter(t, dir, done, random.IntN(25))
		s := open(t, dir)
		saved := text(load(t, s))
		s.Close()
		for ; done < acknowledged; done++ {
			never.step(done)
		}
		if done == 0 && saved == text(state.State{}) {
			continue // killed before its first commit
		}
		if saved == text(never.node.State()) {
			continue
		}
		never.step(done)
		done, unheard = done+1, unheard+1
		if want := text(never.node.State()); saved != want {
			t.Fatalf("after %d acknowledged steps the state is\n%s, one step more would be\n%s", acknowledged, saved, want)
		}
	}
	t.Logf("%d steps, %d of them on disk without acknowledgement", done, unheard)
}
