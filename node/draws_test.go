package node_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"spreadable/config"
	"spreadable/core/draw"
	"spreadable/node"
)

// lines is a log that gives out its lines.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	select {
	case l <- string(line):
	default: // full: the test has seen what it waits for
	}
	return len(line), nil
}

// await waits for a line with a text.
func (l lines) await(t *testing.T, text string) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return
			}
		case <-late:
			t.Errorf("nothing logs %q", text)
			return
		}
	}
}

// Two networks whose draws differ in one setting refuse each other's nodes over HTTP, in
// both directions, and both sides log which it is.
func TestNetworksRefuseOthersDraws(t *testing.T) {
	prefixes, err := draw.ParseGroup("/16,/32")
	must(t, err)
	for option, c := range map[string]struct {
		change      func(c *config.Config)
		plain, said string // the setting without the change and with it
	}{
		"draw":         {func(c *config.Config) { c.Draw = "original" }, "host", "original"},
		"draw_per":     {func(c *config.Config) { c.DrawPer = "client" }, "network", "client"},
		"draw_salt":    {func(c *config.Config) { c.DrawSalt = "verifier" }, "none", "verifier"},
		"draw_group":   {func(c *config.Config) { c.DrawGroup = prefixes }, "prefix", "/16,/32"},
		"draw_min_age": {func(c *config.Config) { c.DrawMinAge = time.Hour }, "0s", "1h"},
	} {
		for _, joins := range []bool{true, false} { // the changed node, or the plain one
			t.Run(fmt.Sprint(strings.TrimPrefix(option, "draw_"), " ", joins), func(t *testing.T) { // a short name: it is in the path of a socket
				t.Parallel()
				network, newcomer := nodeConfig(t), nodeConfig(t)
				network.Draw, newcomer.Draw = "host", "host"
				says := fmt.Sprintf("%s is %s at the newcomer and %s in the network", option, c.said, c.plain)
				if joins {
					c.change(newcomer)
				} else {
					c.change(network)
					says = fmt.Sprintf("%s is %s at the newcomer and %s in the network", option, c.plain, c.said)
				}
				inNetwork, atNewcomer := make(lines, 1000), make(lines, 1000)
				first := newNode(t, node.Options{Config: network, Log: slog.New(slog.NewTextHandler(inNetwork, nil))})
				start(t, first)
				newcomer.Bootstrap = []string{first.Address()}
				second := newNode(t, node.Options{Config: newcomer, Log: slog.New(slog.NewTextHandler(atNewcomer, nil))})
				start(t, second)
				inNetwork.await(t, says)
				atNewcomer.await(t, says)
				if status, err := second.Status(t.Context()); err != nil || status.Registered {
					t.Errorf("registered %t, %v", status.Registered, err)
				}
			})
		}
	}
}
