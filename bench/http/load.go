package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"spreadable/bench/internal/proc"
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
	before, err := proc.ProcessorTime(p.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	r, err := p.wrk(connections, o.duration, o.encoding)
	if err != nil {
		return nil, err
	}
	after, err := proc.ProcessorTime(p.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	r.processor = after - before
	r.memory, err = proc.Resident(p.cmd.Process.Pid)
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
