package node_test

import (
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

// Two networks whose draws differ in one setting refuse each other's nodes over HTTP, and
// both sides log which it is.
func TestNetworksRefuseOthersDraws(t *testing.T) {
	byHost := func(change func(c *config.Config)) func(c *config.Config) {
		return func(c *config.Config) {
			c.Draw = "host"
			change(c)
		}
	}
	plain := byHost(func(*config.Config) {})
	prefixes, err := draw.ParseGroup("/16,/32")
	must(t, err)
	for option, c := range map[string]struct {
		change func(c *config.Config)
		says   string
	}{
		"draw":         {func(*config.Config) {}, "draw is original at the newcomer and host in the network"},
		"draw_per":     {byHost(func(c *config.Config) { c.DrawPer = "client" }), "draw_per is client at the newcomer and network in the network"},
		"draw_salt":    {byHost(func(c *config.Config) { c.DrawSalt = "verifier" }), "draw_salt is verifier at the newcomer and none in the network"},
		"draw_group":   {byHost(func(c *config.Config) { c.DrawGroup = prefixes }), "draw_group is /16,/32 at the newcomer and prefix in the network"},
		"draw_min_age": {byHost(func(c *config.Config) { c.DrawMinAge = time.Hour }), "draw_min_age is 1h at the newcomer and 0s in the network"},
	} {
		t.Run(strings.TrimPrefix(option, "draw_"), func(t *testing.T) {
			t.Parallel()
			network, newcomer := nodeConfig(t), nodeConfig(t)
			plain(network)
			c.change(newcomer)
			inNetwork, atNewcomer := make(lines, 1000), make(lines, 1000)
			first := newNode(t, node.Options{Config: network, Log: slog.New(slog.NewTextHandler(inNetwork, nil))})
			start(t, first)
			newcomer.Bootstrap = []string{first.Address()}
			second := newNode(t, node.Options{Config: newcomer, Log: slog.New(slog.NewTextHandler(atNewcomer, nil))})
			start(t, second)
			inNetwork.await(t, c.says)
			atNewcomer.await(t, c.says)
			if status, err := second.Status(t.Context()); err != nil || status.Registered {
				t.Errorf("registered %t, %v", status.Registered, err)
			}
		})
	}
}
