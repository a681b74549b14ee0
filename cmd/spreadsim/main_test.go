package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"spreadable/cmd/internal/command"
	"spreadable/cmd/internal/command/commandtest"
	"spreadable/sim"
	"spreadable/sim/experiment"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// TestMain lets the scripts run this test binary as spreadsim, and as
// spreadsim-canned, whose runs are not simulated but answered from a tin.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"spreadsim": main,
		"spreadsim-canned": func() {
			// Under nohup the tests would hang: the program respects that.
			signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
			os.Exit(run(os.Args, os.Stdout, os.Stderr, canned))
		},
	})
}

func TestScripts(t *testing.T) {
	params := commandtest.Params()
	params.Cmds["foresee"] = foreseen
	params.Cmds["copykey"] = copyKey
	params.Cmds["freeaddress"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		ts.Setenv("ADDRESS", freeAddress(t))
	}
	testscript.Run(t, params)
}

// foresee DIR: the run in the folder took as much memory as was estimated, to
// within memoryFactor.
func foreseen(ts *testscript.TestScript, _ bool, args []string) {
	r, err := result.Load(ts.MkAbs(args[0]))
	ts.Check(err)
	s, err := scenario.Parse("scenario.yaml", r.Scenario, nil)
	ts.Check(err)
	took, expected := *r.Summary.Engine.PeakRSSBytes, sim.Memory(s, 1)
	if took > memoryFactor*expected || expected > memoryFactor*took {
		ts.Fatalf("took %s, expected %s", size(float64(took)), size(float64(expected)))
	}
}

// copykey SWEEP: the variable KEY is the key of a run of the sweep.
func copyKey(ts *testscript.TestScript, _ bool, args []string) {
	folder, err := experiment.OpenFolder(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Setenv("KEY", folder.Index.Variants[0].Runs[0])
}

// canned answers a run with fixed numbers, which depend on the scenario only
// where a test needs it: its description asks for a failure, a violation or a signal.
func canned(s *scenario.Scenario, o sim.Options) (*result.Run, error) {
	var stopped error
	switch s.Description {
	case "fails":
		return nil, errors.New("no memory left")
	case "violates":
		stopped = fmt.Errorf("at 40s: %w: node 7 has two backlinks", sim.ErrViolated)
	case "killed": // by the smallest network, unless it was before
		if _, err := os.Stat("survived"); err != nil && s.Nodes == 10 {
			if err := signalSelf(s.Description); err != nil {
				return nil, err
			}
			select {}
		}
	case "interrupted", "terminated", "hangup", "quit":
		if err := signalSelf(s.Description); err != nil {
			return nil, err
		}
		for !o.Stop() {
		}
		stopped = sim.ErrStopped
	}
	o.Progress(sim.Progress{Virtual: s.Duration / 2, Total: s.Duration, Events: 1000})
	rounds, seconds := 5.0, 76.5
	agreement, jain, fair, gini, chi2, df, p := 1.0, 0.5461, 0.5455, 0.48, 98.2, 99, 0.5034
	fanout, latency := 101, result.Latency{P50: 150, P90: 150, P99: 150, Max: 151.5}
	summary := result.Summary{
		Schema:      result.SummarySchema,
		Scenario:    result.Scenario{Name: s.Name, Hash: s.Hash(), Seed: s.Seed, Nodes: s.Nodes, Levels: int(s.Levels)},
		Fingerprint: "0123456789abcdef",
		Engine:      result.Engine{VirtualS: s.Duration.Seconds(), Events: 5_234_567, Workers: 1},
		Convergence: result.Convergence{Registered: new(1.0), ExactSize: new(1.0), Coverage: new(0.99996), TimeS: &seconds,
			Rounds: &rounds},
		Structure: result.Structure{
			Masters: 101, MastersExpected: 100, SlavesPerMaster: &result.Spread{Min: 98, Mean: 99.01, Max: 101},
			Levels: []result.Level{{Level: 1, Masters: 101, Members: &result.Spread{Min: 98, Mean: 99.01, Max: 101}}},
		},
		Sync: &result.Sync{RequestsPerNodeRound: 3.013, BytesPerNodeRound: 4512},
	}
	if n := s.Workload.Searches.Count; n > 0 {
		summary.Search = &result.Search{
			Count: n, Complete: n, Coverage: &result.Coverage{Min: 1, Mean: 1}, Hops: &result.Hops{Mean: 2.97, Max: 3},
			LatencyMS: &latency, MessagesMean: 10102, FanoutMax: &fanout,
		}
	}
	if n := s.Workload.Approvals.Count; n > 0 {
		summary.Approval = &result.Approval{
			Requested: n, Granted: n, Success: 1, MessagesMean: 325, BytesMean: 1_234_567, LatencyMS: &latency,
			Draws: 12,
			Jain:  &jain, JainFair: &fair, Gini: &gini, GiniFair: &gini, Chi2: &chi2, Chi2DF: &df, Chi2P: &p,
			Agreement: &agreement,
		}
	}
	if stopped != nil {
		summary.Partial, summary.Engine.VirtualS = true, 40
		if errors.Is(stopped, sim.ErrViolated) {
			found := stopped.Error()
			summary.Violation = &found
		}
	}
	return &result.Run{Summary: summary, Scenario: s.Resolved()}, stopped
}

// signalSelf sends this process what a person or a scheduler would.
func signalSelf(name string) error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(map[string]os.Signal{
		"interrupted": os.Interrupt, "terminated": syscall.SIGTERM, "hangup": syscall.SIGHUP, "quit": syscall.SIGQUIT, "killed": syscall.SIGKILL,
	}[name])
}

// TestBadFilesWriteNothing runs every broken scenario file: each is exit code
// 2 and one line, and leaves the folder as it was.
func TestBadFilesWriteNothing(t *testing.T) {
	files, err := filepath.Glob("../../sim/scenario/testdata/broken/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d broken files, %v", len(files), err)
	}
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	for _, file := range append(files, missing, t.TempDir()) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			file, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			var stdout, stderr bytes.Buffer
			code := run([]string{"spreadsim", "run", file}, &stdout, &stderr, canned)
			if code != command.ExitUsage {
				t.Errorf("exit code %d, want %d", code, command.ExitUsage)
			}
			line := stderr.String()
			if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "spreadsim: "+file+":") {
				t.Errorf("not one line that names the file: %q", line)
			}
			if left, err := os.ReadDir("."); err != nil || len(left) > 0 || stdout.Len() > 0 {
				t.Errorf("wrote %v, %q, %v", left, stdout.String(), err)
			}
		})
	}
}

// TestShippedScenariosAreGood checks what people will run first.
func TestShippedScenariosAreGood(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("found %d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		s, err := scenario.Load(file, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Name+".yaml" != filepath.Base(file) {
			t.Errorf("%s is named %s", file, s.Name)
		}
		if s.Description == "" || len(s.Expect) == 0 {
			t.Errorf("%s: has no description or expects nothing", file)
		}
	}
}
