package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"spreadable/bench/internal/proc"
	"spreadable/internal/nettest"
)

// store is a network of nodes that keep documents.
type store struct {
	name string
	dialect
	start     func(ctx context.Context, s *store, scratch string, o *options) error // starts the nodes
	copies    func(ctx context.Context, s *store) (float64, error)                  // counts those of a document
	addresses []string
	running   []*exec.Cmd
	written   int // documents that were acknowledged, in all
	next      int // number of the next document
}

func (s *store) stop() {
	for _, cmd := range s.running {
		_ = cmd.Process.Kill()
	}
	for _, cmd := range s.running {
		_ = cmd.Wait()
	}
}

// processorTime is that of all nodes until now.
func (s *store) processorTime() (sum time.Duration, err error) {
	for _, cmd := range s.running {
		used, err := proc.ProcessorTime(cmd.Process.Pid)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// places gives each node an address that is free now.
func (s *store) places(host string, nodes int) error {
	ports, err := nettest.FreePorts("", nodes)
	for _, port := range ports {
		s.addresses = append(s.addresses, fmt.Sprintf("%s:%d", host, port))
	}
	return err
}

// launch starts a process of the store.
func (s *store) launch(cmd *exec.Cmd) error {
	cmd.Stderr = os.Stderr
	err := cmd.Start()
	if err == nil {
		s.running = append(s.running, cmd)
	}
	return err
}

// startOurs starts spreadnode, so many times.
func startOurs(ctx context.Context, s *store, scratch string, o *options) error {
	binary, err := proc.Build(scratch)
	if err != nil {
		return err
	}
	settings := filepath.Join(scratch, "documents.yaml")
	text := fmt.Sprintf("remember: %v\nlookup: %s\ncollections: {documents: {copies: %d}}\n", o.remember, o.lookup, o.copies)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		return err
	}
	if err := s.places("127.0.0.1", o.nodes); err != nil {
		return err
	}
	for _, address := range s.addresses {
		_, port, _ := strings.Cut(address, ":")
		err := s.launch(exec.CommandContext(ctx, binary, "run", "--hostname", "127.0.0.1", "--port", port, "--trusted",
			"--bootstrap", s.addresses[0], "--data", filepath.Join(scratch, port), "--log-level", "warn",
			"--extensions", "documents="+settings))
		if err != nil {
			return err
		}
	}
	return nil
}

// startNPM starts the package, so many times. The first node has to serve before the others
// begin; these start together.
func startNPM(ctx context.Context, s *store, scratch string, o *options) error {
	if _, err := os.Stat(filepath.Join("interop", "node_modules", "metastocle")); err != nil {
		return fmt.Errorf("the npm package is not there, run npm ci in interop/: %w", err)
	}
	if err := s.places("localhost", o.nodes); err != nil {
		return err
	}
	var lines []*bufio.Reader
	for i, address := range s.addresses {
		_, port, _ := strings.Cut(address, ":")
		settings, err := json.Marshal(map[string]any{
			"port": json.Number(port), "hostname": "localhost", "initialNetworkAddress": s.addresses[0],
			"network":     map[string]any{"isTrusted": true},
			"collections": map[string]any{"documents": map[string]any{"pk": "id", "preferredDuplicates": o.copies}},
		})
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, "node", "metastocle.mjs", string(settings))
		cmd.Dir, cmd.Env = "interop", append(os.Environ(), "TMPDIR="+scratch, "NODE_ENV=production")
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if _, err := cmd.StdinPipe(); err != nil { // open as long as this process runs
			return err
		}
		if err := s.launch(cmd); err != nil {
			return err
		}
		if lines = append(lines, bufio.NewReader(out)); i == 0 {
			if _, err := lines[0].ReadString('\n'); err != nil {
				return fmt.Errorf("the first npm node does not serve: %w", err)
			}
		}
	}
	for i, out := range lines[1:] {
		if _, err := out.ReadString('\n'); err != nil {
			return fmt.Errorf("npm node %d does not serve: %w", i+2, err)
		}
	}
	return nil
}

// settleTime is how long a network may take until all nodes know that they are all.
const settleTime = 5 * time.Minute

// settle waits until each node sees as many nodes as there are.
func (s *store) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for _, address := range s.addresses {
		for {
			var status struct {
				IsRegistered bool
				NetworkSize  int
			}
			err := ask(ctx, http.MethodGet, "http://"+address+"/status", nil, &status)
			if err == nil && status.IsRegistered && status.NetworkSize == len(s.addresses) {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s node %s has not settled: %+v, %w", s.name, address, status, errors.Join(err, ctx.Err()))
			case <-time.After(time.Second / 4):
			}
		}
	}
	return nil
}

// copiesOfAll counts what npm nodes keep, for each document that was written.
func copiesOfAll(ctx context.Context, s *store) (float64, error) {
	kept := 0
	for _, address := range s.addresses {
		var status struct{ Documents []int }
		if err := ask(ctx, http.MethodGet, "http://"+address+"/status", nil, &status); err != nil {
			return 0, err
		}
		for _, n := range status.Documents {
			kept += n
		}
	}
	return float64(kept) / float64(s.written), nil
}

// copiesOfSome asks a node of ours for the copies of the first and the last documents.
func copiesOfSome(ctx context.Context, s *store) (float64, error) {
	var keys []string
	for i := range min(s.next, 500) {
		keys = append(keys, key(i), key(s.next-1-i))
	}
	var answer struct{ Documents []struct{ Copies int } }
	q := map[string]any{"collection": "documents", "keys": keys}
	if err := ask(ctx, http.MethodPost, "http://"+s.addresses[0]+"/client/documents/stat", q, &answer); err != nil {
		return 0, err
	}
	sum := 0
	for _, d := range answer.Documents {
		sum += d.Copies
	}
	if len(answer.Documents) == 0 {
		return 0, errors.New("our nodes have no document")
	}
	return float64(sum) / float64(len(answer.Documents)), nil
}

// ask sends JSON and decodes the answer, if it is wanted.
func ask(ctx context.Context, method, url string, question, answer any) error {
	var body io.Reader
	if question != nil {
		text, err := json.Marshal(question)
		if err != nil {
			return err
		}
		body = strings.NewReader(string(text))
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := caller.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s: %.200s", url, resp.Status, text)
	}
	return json.Unmarshal(text, answer)
}
