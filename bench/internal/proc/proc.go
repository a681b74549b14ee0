// Package proc is what benchmarks of running nodes share: they build the program, find a
// free port, and read from /proc (Linux) what a process has used.
package proc

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Build builds spreadnode into a directory, as make build does, and returns its path. It
// runs in the module's root.
func Build(dir string) (string, error) {
	if out, err := exec.Command("make", "-s", "build", "BIN="+dir, "PROGRAMS=./cmd/spreadnode").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build spreadnode: %w: %s", err, out)
	}
	return filepath.Join(dir, "spreadnode"), nil
}

// FreePort returns a port of 127.0.0.1 at which nothing listens.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// tick is the unit of times in /proc: Linux has had 100 a second on all machines for
// decades.
const tick = time.Second / 100

// ProcessorTime is the processor time that all threads of a process have used until now.
func ProcessorTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseProcessorTime(string(text))
}

// parseProcessorTime adds fields 14 and 15 of /proc/PID/stat (proc(5)); the second is a
// name that may hold anything.
func parseProcessorTime(stat string) (time.Duration, error) {
	_, rest, _ := strings.Cut(stat[strings.LastIndexByte(stat, ')')+1:], " ")
	fields := strings.Fields(rest) // from the third on
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc stat has %d fields", len(fields))
	}
	var total time.Duration
	for _, text := range fields[11:13] {
		ticks, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc stat: %w", err)
		}
		total += time.Duration(ticks) * tick
	}
	return total, nil
}

// Waited is how long the threads that a process has now were ready to run, but had no
// processor.
func Waited(pid int) (total time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		var ran, waited time.Duration
		if _, err := fmt.Sscan(string(text), &ran, &waited); err != nil {
			return 0, fmt.Errorf("/proc schedstat: %w", err)
		}
		total += waited
	}
	return total, nil
}

// Resident is the resident memory of a process now, in bytes.
func Resident(pid int) (int64, error) { return memory(pid, "VmRSS") }

// Peak is the most resident memory that a process has had, in bytes.
func Peak(pid int) (int64, error) { return memory(pid, "VmHWM") }

// memory reads a field of /proc/PID/status, which is in KiB.
func memory(pid int, field string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), field+":")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc status: %w", err)
	}
	return kib << 10, nil
}
