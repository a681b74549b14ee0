package main

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"spreadable/admin"
	"spreadable/internal/nettest"
)

// One customer has 2^64 IPv6 addresses: bans, shares of approvals and lists are for all of
// them.
func TestLimitsAreForAWhole64(t *testing.T) {
	nettest.Alone(t, func(t *testing.T) {
		for _, ip := range []string{"2001:db8::1", "2001:db8:0:5::5", "2001:db8:0:5::6", "2001:db8:0:7::5", "2001:db8:1::5"} {
			nettest.IP(t, "addr", "add", ip+"/128", "dev", "lo")
		}
		dir := t.TempDir()
		command := nodeCommand("--hostname", "2001:db8::1", "--source", "2001:db8::1", "--port", "4000",
			"--blacklist", "2001:db8:1::/48", "--approvals-per-host", "2")
		command.Env = []string{"SPREADNODE_BAN_BY_ADDRESS=false"}
		p := launchCommand(t, dir, command, (*exec.Cmd).Start).reach(t, dir)
		for range 2 { // four keys, of which the /64 may have two
			askFrom(t, "2001:db8:0:5::5", "request-approval-key", 200)
			askFrom(t, "2001:db8:0:5::6", "request-approval-key", 200)
		}
		askFrom(t, "2001:db8:0:7::5", "request-approval-key", 200)
		if a := p.status(t).Approvals; a.Keys != 3 || a.Dropped != 2 {
			t.Errorf("approvals: %+v, want two keys of one /64, and one of another", a)
		}
		askFrom(t, "2001:db8:1::5", "get-available-node", 403)
		if _, err := p.owner.AddBan(t.Context(), "[2001:db8:0:5::6]:4000", admin.BanRequest{Seconds: 3600}); err != nil {
			t.Fatal(err)
		}
		askFrom(t, "2001:db8:0:5::5", "get-available-node", 403)
		askFrom(t, "2001:db8:0:5::6", "get-available-node", 403)
		askFrom(t, "2001:db8:0:7::5", "get-available-node", 200)
	})
}

// askFrom sends a client's request from an IP to the node at 2001:db8::1.
func askFrom(t *testing.T, ip, name string, want int) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	c := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	resp, err := c.Post("http://[2001:db8::1]:4000/client/"+name, "application/json", strings.NewReader(`{"action":"client"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != want {
		t.Errorf("%s from %s: %d %s, want %d", name, ip, resp.StatusCode, body, want)
	}
}
