package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"spreadable/config"
	"spreadable/core/host"
	"spreadable/node"
	"spreadable/sim"
	"spreadable/sim/scenario"
)

const hundred = `
name: board
nodes: 100
seed: 1
duration: 5m
`

// What is pinned at one of a hundred nodes is read at all of them, from three copies.
func TestANoteIsReadEverywhere(t *testing.T) {
	s, err := scenario.Parse("board.yaml", []byte(hundred), nil)
	if err != nil {
		t.Fatal(err)
	}
	boards := make([]*board, 100)
	read, holders := make([]string, 100), 0
	_, err = sim.Run(s, sim.Options{Extensions: func(i int) []host.Extension {
		boards[i] = &board{}
		return []host.Extension{boards[i], &visitor{
			at: func(t *host.Task) {
				if i == 7 {
					if _, err := boards[i].pin(t, &note{"go", "hello"}); err != nil {
						panic(err)
					}
				}
			},
			then: func(t *host.Task) {
				p, _, err := boards[i].read(t, &topic{"go"})
				if err == nil && p != nil {
					read[i] = strings.Join(p.Texts, ",")
				}
				holders += boards[i].count("")
			},
		}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range read {
		if text != "hello" {
			t.Errorf("node %d reads %q", i, text)
		}
	}
	if holders != copies {
		t.Errorf("%d copies", holders)
	}
}

// visitor is an extension of the test: it does two things at two times.
type visitor struct{ at, then func(t *host.Task) }

func (*visitor) Name() string { return "visitor" }
func (v *visitor) Start(h *host.Host) {
	h.OnStart(func(*host.Task) {
		h.Later(3*time.Minute, v.at)
		h.Later(4*time.Minute, v.then)
	})
}

// The same board on a real node.
func TestTheBoardOnARealNode(t *testing.T) {
	c := config.Defaults()
	c.Hostname, c.Port = "127.0.0.1", freePort(t)
	n, err := node.New(node.Options{Config: c, Ephemeral: true, Extensions: []host.Extension{&board{}}})
	if err != nil {
		t.Fatal(err)
	}
	go n.Run(context.WithoutCancel(t.Context())) // until Stop
	t.Cleanup(func() { n.Stop() })
	if err := n.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	base := "http://" + n.Address()
	tests := []struct{ method, path, body, want string }{
		{"POST", "/client/board/pin", `{"topic": "go", "text": "hello"}`, `{"copies":1}`},
		{"GET", "/board/go", "", `{"Texts":["hello"]}`},
		{"POST", "/client/board/pin", `{"topic": ""}`, "want a topic of 1 to 100 bytes"},
	}
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, base+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := strings.TrimSpace(string(text)); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.method, tt.path, got, tt.want)
		}
	}
}

func freePort(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var port uint16
	if _, err := fmt.Sscanf(l.Addr().String(), "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	return port
}
