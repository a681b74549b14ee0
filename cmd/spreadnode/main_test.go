package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"spreadable/cmd/internal/command/commandtest"
	"spreadable/config"
	"spreadable/extensions/music/audio/audiotest"
	"spreadable/internal/nettest"
)

// parallel is how many tests run at a time: they wait for timers of nodes nearly all the
// time, so more than there are processors.
const parallel = "8"

// TestMain lets tests run this test binary as spreadnode.
func TestMain(m *testing.M) {
	flag.Set("test.parallel", parallel)
	testscript.Main(m, map[string]func(){"spreadnode": main})
}

func TestScripts(t *testing.T) {
	params := commandtest.Params()
	params.Setup = quickNodes
	params.Cmds["songfile"] = songFile
	testscript.Run(t, params)
}

// songFile makes a second of music: songfile FILE ARTIST TITLE.
func songFile(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: songfile FILE ARTIST TITLE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), audiotest.MP3(args[1], args[2], 1), 0o600))
}

// quickNodes gives a script free ports, P1 to P9, and nodes that sync once a second on
// loopback.
func quickNodes(env *testscript.Env) error {
	ports, err := nettest.FreePorts("127.0.0.1", 9)
	for i, port := range ports {
		env.Setenv(fmt.Sprintf("P%d", i+1), strconv.Itoa(port))
	}
	for _, variable := range quick {
		name, value, _ := strings.Cut(variable, "=")
		env.Setenv(name, value)
	}
	return err
}

var quick = [...]string{
	"SPREADNODE_HOSTNAME=127.0.0.1", "SPREADNODE_SYNC_INTERVAL=1s", "SPREADNODE_SERVER_TIMEOUT=900ms", "SPREADNODE_PING_TIMEOUT=700ms",
	"SPREADNODE_BAN_BY_ADDRESS=true",
}

// Every option that is no secret is a flag of run, and no secret is.
func TestEveryOptionIsAFlag(t *testing.T) {
	known := map[string]bool{}
	for _, flag := range runCommand().Flags {
		known[flag.Names()[0]] = true
	}
	for _, o := range config.Options() {
		if known[o.Flag()] == o.Secret {
			t.Errorf("%s: a flag: %v, a secret: %v", o.Key, known[o.Flag()], o.Secret)
		}
	}
	if known["password"] {
		t.Error("the password is a flag, which everybody can read in the list of processes")
	}
}

// The log has the form and the level that the options say.
func TestTheLogIsAsTheOptionsSay(t *testing.T) {
	for _, c := range []struct{ format, level, want string }{
		{"text", "info", `level=INFO msg=shown`}, {"json", "info", `"level":"INFO","msg":"shown"`}, {"text", "warn", ""}, {"text", "debug", "msg=shown"},
	} {
		options := config.Defaults()
		options.LogFormat, options.LogLevel = c.format, c.level
		var out strings.Builder
		log, _ := newLog(&out, options)
		log.Info("shown")
		if got := out.String(); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s, %s: logged %q", c.format, c.level, got)
		}
	}
}

// Any timeout that the options allow lets nodes find each other, if messages are faster.
func TestNodesWithShortTimeoutsAreOneNetwork(t *testing.T) {
	for _, timeout := range []string{"100ms", "60ms", "20ms"} {
		flags := []string{"--server-timeout", timeout, "--ping-timeout", timeout}
		first := startProcess(t, nettest.ShortDir(t), append(flags, "--port", port(t))...)
		flags = append(flags, "--bootstrap", first.status(t).Address)
		nodes := []*process{
			first, startProcess(t, nettest.ShortDir(t), append(flags, "--port", port(t))...),
			startProcess(t, nettest.ShortDir(t), append(flags, "--port", port(t))...),
		}
		until(t, "three nodes with timeouts of "+timeout+" are a network", func() bool {
			for _, p := range nodes {
				if s := p.status(t); !s.Registered || s.NetworkSize != len(nodes) {
					return false
				}
			}
			return true
		})
	}
}
