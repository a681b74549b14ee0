package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// run holds what one run of the load generator measured, and what it cost the node.
type run struct {
	Requests float64
	Duration float64 // µs
	P50, P99 float64 // µs
	Failed   int     // requests without an answer, or with another status than 200

	processor time.Duration // of the node, during the run
	memory    int64         // bytes, resident in the node after the run
}

// rate is in requests per second.
func (r *run) rate() float64 { return r.Requests / r.Duration * 1e6 }

// cost is the node's processor time per request, in µs.
func (r *run) cost() float64 { return float64(r.processor.Microseconds()) / r.Requests }

// load warms the node up and measures it.
func (p *process) load(connections int, o *options) (*run, error) {
	if _, err := p.wrk(connections, 2*time.Second, o.encoding); err != nil {
		return nil, err
	}
	before, err := p.processorTime()
	if err != nil {
		return nil, err
	}
	r, err := p.wrk(connections, o.duration, o.encoding)
	if err != nil {
		return nil, err
	}
	after, err := p.processorTime()
	if err != nil {
		return nil, err
	}
	r.processor = after - before
	r.memory, err = p.resident()
	return r, err
}

// wrk runs the load generator once, with a single thread, because the node cannot use a
// processor that the generator uses.
func (p *process) wrk(connections int, d time.Duration, encoding string) (*run, error) {
	args := []string{
		"-t1", "-c" + strconv.Itoa(connections), fmt.Sprintf("-d%ds", int(d.Seconds())), "--timeout", "10s",
		"-s", filepath.Join("bench", "http", "structure.lua"), "http://" + p.listen, "--", p.address,
	}
	if encoding != "" {
		args = append(args, encoding)
	}
	out, err := exec.Command("wrk", args...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w: %s", err, bytes.TrimSpace(out))
	}
	return parseRun(out)
}

// parseRun finds the line of JSON that structure.lua writes below wrk's own report.
func parseRun(out []byte) (*run, error) {
	start := bytes.IndexByte(out, '{')
	if start < 0 {
		return nil, fmt.Errorf("wrk reports nothing: %s", bytes.TrimSpace(out))
	}
	var r run
	if err := json.NewDecoder(bytes.NewReader(out[start:])).Decode(&r); err != nil {
		return nil, fmt.Errorf("report of wrk: %w", err)
	}
	if r.Requests <= 0 || r.Duration <= 0 {
		return nil, errors.New("wrk made no request")
	}
	return &r, nil
}

// tick is the unit of times in /proc: Linux has had 100 a second on all machines for as
// long as wrk exists.
const tick = time.Second / 100

// processorTime is the processor time that all threads of the process have used until
// now.
func (p *process) processorTime() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
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

// resident is the resident memory of the process, in bytes.
func (p *process) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc status: %w", err)
	}
	return kib << 10, nil
}
