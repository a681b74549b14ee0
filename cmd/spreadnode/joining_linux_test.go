package main

import (
	"os/exec"
	"strings"
	"testing"

	"spreadable/internal/nettest"
)

// A node that cannot join says why at log level warn, in its status and its health, and
// the node that refuses it logs that.
func TestNodesThatCannotJoinSayWhy(t *testing.T) {
	nettest.Alone(t, func(t *testing.T) {
		for _, ip := range []string{"10.9.0.1", "10.9.0.2", "10.9.0.3"} {
			nettest.IP(t, "addr", "add", ip+"/32", "dev", "lo")
		}
		start := func(options string) *process {
			dir := t.TempDir()
			command := nodeCommand(strings.Fields(options)...)
			return launchCommand(t, dir, command, (*exec.Cmd).Start).reach(t, dir)
		}
		open := start("--hostname 10.9.0.1 --port 4000")
		for _, c := range []struct{ options, want, refused string }{
			{"--hostname localhost --listen 10.9.0.2:4010 --source 10.9.0.2 --port 4010",
				`Wrong address "localhost:4010"; to it our requests come from another IP: correct hostname, or source`, "localhost:4010"},
			{"--hostname 10.9.0.3 --listen 10.9.0.2:4011 --source 10.9.0.2 --port 4011",
				`Wrong address "10.9.0.3:4011"`, "10.9.0.3:4011"},
			{"--hostname 10.9.0.2 --source 10.9.0.2 --port 4012 --network-version other-1",
				`The version is different: "other-1"`, "10.9.0.2:4012"},
		} {
			p := start(c.options + " --bootstrap 10.9.0.1:4000")
			if line := p.await(t, "cannot join the network here"); !strings.Contains(strings.ReplaceAll(line, `\"`, `"`), c.want) {
				t.Errorf("the log says %s, want %s", line, c.want)
			}
			until(t, "the status says why", func() bool {
				s := p.status(t)
				return len(s.JoinFailures) > 0 && strings.Contains(s.JoinFailures[0].Reason, c.want)
			})
			admin := "unix:" + p.command.Dir + "/data/admin.sock"
			if code, out, said := inProcess("health", "--admin", admin); code != 1 || !strings.Contains(out+said, c.want) {
				t.Errorf("health: exit code %d, %s%s", code, out, said)
			}
			if line := open.await(t, "refused a node"); !strings.Contains(line, c.refused) {
				t.Errorf("the refusing node logs %s, want %s", line, c.refused)
			}
		}
	})
}
