package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"spreadable/cmd/internal/command/commandtest"
	"spreadable/config"
)

// TestMain lets tests run this test binary as spreadnode.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"spreadnode": main})
}

func TestScripts(t *testing.T) {
	params := commandtest.Params()
	params.Setup = quickNodes
	testscript.Run(t, params)
}

// quickNodes gives a script free ports, P1 to P9, and nodes that sync once a second on loopback.
func quickNodes(env *testscript.Env) error {
	ports, err := freePorts(9)
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

// freePorts are consecutive ports at which nobody listens, below those that systems give to whoever connects: nobody takes
// them by chance before the test does.
func freePorts(n int) ([]int, error) {
	for range 100 {
		first := 10_000 + rand.IntN(20_000)
		var ports []int
		for next := first; len(ports) < n; next++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", next))
			if err != nil {
				break
			}
			defer l.Close() // only now: no port is found twice
			ports = append(ports, next)
		}
		if len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("found no %d free ports in a row", n)
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
