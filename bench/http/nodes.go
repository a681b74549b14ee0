package main

import (
	"bufio"
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
	"spreadable/core/message"
	"spreadable/core/state"
	"spreadable/store"
	"spreadable/wire"
)

// members is how many masters, and how many slaves, a node lists: those of a master in a
// network of ten thousand.
const members = 100

// lists are the masters and slaves that both nodes know. The node itself is the first
// master.
func lists(self string) (masters, slaves []string) {
	masters = append(masters, self)
	for i := range members {
		if i > 0 {
			masters = append(masters, fmt.Sprintf("10.1.%d.1:4000", i))
		}
		slaves = append(slaves, fmt.Sprintf("10.2.%d.1:4000", i))
	}
	return masters, slaves
}

// process is a node in a process of its own.
type process struct {
	cmd     *exec.Cmd
	address string // as the node calls itself, and its network
	listen  string // where the load goes
}

func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// startOurs builds spreadnode, starts it with a data directory that holds its lists, and
// waits until it serves.
func startOurs(scratch string) (*process, error) {
	binary, err := proc.Build(scratch)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(scratch, "state")
	port, err := proc.FreePort()
	if err != nil {
		return nil, err
	}
	p := &process{address: "localhost:" + port, listen: "127.0.0.1:" + port}
	if err := saveState(dir, p.address); err != nil {
		return nil, err
	}
	p.cmd = exec.Command(binary, "run", "--hostname", "localhost", "--port", port, "--data", dir, "--auto-sync=false",
		"--log-level", "warn")
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if resp, err := http.Get("http://" + p.listen + "/ping"); err == nil {
			resp.Body.Close()
			return p, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.stop()
	return nil, errors.New("spreadnode does not serve")
}

// saveState writes the state of a master of a settled network.
func saveState(dir, self string) error {
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	now := time.Duration(time.Now().UnixNano())
	c := state.Changes{Whole: true, State: state.State{Self: self, Root: self, RootChecked: now}}
	for i := range c.Sections {
		c.Sections[i] = true
	}
	masters, slaves := lists(self)
	c.State.Backlink = masters[1]
	for _, a := range masters {
		c.State.Masters = append(c.State.Masters, state.Master{Address: a, Size: members, Seen: now})
	}
	for _, a := range slaves {
		c.State.Slaves = append(c.State.Slaves, state.Slave{Address: a, Joined: now})
	}
	return s.Save(&c)
}

// startNPM starts a node of the npm package through the harness of interop/ and fills its
// database.
func startNPM(scratch string) (*process, error) {
	if _, err := os.Stat(filepath.Join("interop", "node_modules", "spreadable")); err != nil {
		return nil, fmt.Errorf("the npm package is not there, run npm ci in interop/: %w", err)
	}
	port, err := proc.FreePort()
	if err != nil {
		return nil, err
	}
	p := &process{address: "localhost:" + port, listen: "127.0.0.1:" + port}
	p.cmd = exec.Command("node", "peer.mjs")
	p.cmd.Dir, p.cmd.Stderr = "interop", os.Stderr
	p.cmd.Env = append(os.Environ(), "TMPDIR="+scratch, "NODE_ENV=production")
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.fill(in, bufio.NewScanner(out), port); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// fill gives the npm node the same lists as ours.
func (p *process) fill(in io.Writer, out *bufio.Scanner, port string) error {
	masters, slaves := lists(p.address)
	orders := []map[string]any{
		{"do": "node", "options": map[string]any{
			"port": json.Number(port), "hostname": "localhost", "initialNetworkAddress": p.address,
			"network": map[string]any{"autoSync": false},
		}},
		{"do": "sync"}, // it learns the name of its network
		{"do": "fill", "masters": masters, "slaves": slaves, "size": members},
	}
	for _, order := range orders {
		if err := json.NewEncoder(in).Encode(order); err != nil {
			return err
		}
		if !out.Scan() {
			return fmt.Errorf("the npm node has ended at %s: %w",
				order["do"], errors.Join(out.Err(), io.ErrUnexpectedEOF))
		}
		var reply struct {
			OK    json.RawMessage
			Error string
		}
		if err := json.Unmarshal(out.Bytes(), &reply); err != nil || reply.OK == nil {
			return fmt.Errorf("the npm node, told to %s: %s", order["do"], out.Bytes())
		}
	}
	return nil
}

// sameLists checks that both nodes answer with all their masters and slaves.
func sameLists(nodes ...*process) error {
	for _, p := range nodes {
		req, err := http.NewRequest("POST", "http://"+p.listen+message.KindStructure.Row().Path, strings.NewReader("{}"))
		if err != nil {
			return err
		}
		for name, value := range map[string]string{
			"Content-Type":         wire.RequestType,
			wire.AddressHeader:     "127.0.0.1:5000",
			wire.NodeVersionHeader: wire.DefaultVersion,
			wire.RootHeader:        p.address,
		} {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		var answer struct{ Masters, Slaves []struct{ Address string } }
		err = json.NewDecoder(resp.Body).Decode(&answer)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK ||
			len(answer.Masters) != members || len(answer.Slaves) != members {
			return fmt.Errorf("%s answers %s with %d masters and %d slaves: %v",
				p.address, resp.Status, len(answer.Masters), len(answer.Slaves), err)
		}
	}
	return nil
}
