package httptransport

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"spreadable/core/peer"
)

// What one host may take of a node: attacks by one IP, while another uses the node.

const flooder = "127.0.0.66"

// strict tells hosts apart by IP, also on loopback.
func strict(o *Options) { o.Config.Hosts = peer.HostsStrict }

// dialFrom connects to a node from a loopback IP.
func dialFrom(t testing.TB, n *Node, ip string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: netip.MustParseAddr(ip).AsSlice()}}
	c, err := d.DialContext(t.Context(), "tcp", n.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// One host that opens connections without end gets its share of them, and those beyond it
// are closed at once; others are served.
func TestOneHostCannotTakeAllConnections(t *testing.T) {
	n := startNode(t, "127.0.0.1", nil, func(o *Options) { strict(o); o.MaxSilent = 20 })
	closed := 0
	for range 30 {
		c := dialFrom(t, n, flooder)
		c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
			closed++
		}
	}
	if closed != 20 {
		t.Errorf("%d of 30 connections are closed, want those beyond half of all 20", closed)
	}
	if got := send(t, n, asks{"GET", "/ping", "127.0.0.5", nil, ""}); got.status != 200 {
		t.Errorf("another host gets %v", got)
	}
	if got := n.Counts(); got.ConnectionsRefused != 20 {
		t.Errorf("counted: %+v", got)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// The connections of a trusted proxy are those of its clients.
func TestTrustedProxiesHaveAllConnections(t *testing.T) {
	n := startNode(t, "127.0.0.1", nil, func(o *Options) {
		strict(o)
		o.MaxSilent = 20
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(flooder + "/32")}
	})
	for range 18 {
		dialFrom(t, n, flooder)
	}
	if got := send(t, n, asks{"GET", "/ping", flooder, nil, ""}); got.status != 200 || n.Counts().ConnectionsRefused != 0 {
		t.Errorf("%v, %+v", got, n.Counts())
	}
}

// One host whose requests are never done holds its share of an endpoint's places, however
// many it sends and whether it waits for the answers or hangs up.
func TestOneHostCannotTakeAllPlaces(t *testing.T) {
	finish := make(chan struct{})
	n := newNode(t, "127.0.0.1", nil, func(o *Options) { strict(o); o.Concurrency = 16 })
	n.Handle("slow", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ClientIP(r).String() == flooder {
			<-finish
		}
		WriteJSON(w, r, map[string]any{}, nil)
	}))
	rt := n.server.routes["/client/slow"]
	rt.queue = n.server.newLine(16)
	n.server.routes["/client/slow"] = rt
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close(t.Context()) })
	for i := range 40 {
		c := dialFrom(t, n, flooder)
		io.WriteString(c, "POST /client/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
		if i%2 == 0 {
			c.Close()
		}
	}
	eventually(t, "the flooder has its share", func() bool { return rt.queue.inUse() == 2 })
	for range 20 {
		if got := send(t, n, asks{"POST", "/client/slow", "127.0.0.5", nil, ""}); got.status != 200 {
			t.Errorf("another host gets %v", got)
		}
	}
	if rt.queue.inUse() > 2 || n.Counts().ShareWaits == 0 {
		t.Errorf("%d places are taken, counted: %+v", rt.queue.inUse(), n.Counts())
	}
	close(finish)
}

// Slow bodies of all kinds do not hold up the large bodies of others, nor, before they have
// sent as much as a small one, those of their own host; and they are given up soon.
func TestSlowBodiesHoldUpTheirOwnHost(t *testing.T) {
	n := startNode(t, "127.0.0.1", nil, strict)
	sync1(t, n)
	const head = "POST /client/get-available-node HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	began := time.Now()
	var slow []net.Conn
	for i := range 64 {
		c := dialFrom(t, n, flooder)
		io.WriteString(c, head+[]string{
			"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
			"Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n" + gzipped(object(1000))[:12],
			"Content-Length: 17000\r\n\r\n{",
		}[i%3])
		slow = append(slow, c)
	}
	if got := send(t, n, asks{"POST", "/client/get-available-node", flooder, nil, object(17_000)}); got.status != 200 {
		t.Errorf("a body of the slow host gets %v", got)
	}
	for range 20 {
		c := dialFrom(t, n, flooder)
		io.WriteString(c, head+"Content-Length: 100000\r\n\r\n"+object(smallBody+1))
	}
	eventually(t, "the slow host has its share", func() bool { return n.server.bodies.inUse() == maxBodies/8 })
	for _, a := range []asks{
		{"POST", "/client/get-available-node", "127.0.0.5", nil, object(17_000)},
		{"POST", "/client/get-available-node", "127.0.0.5", headers("content-encoding", "gzip"), gzipped("{}")},
	} {
		if got := send(t, n, a); got.status != 200 {
			t.Errorf("a body of another host gets %v", got)
		}
	}
	if took := time.Since(began); took > bodyStart {
		t.Errorf("the others waited %v", took)
	}
	if got := n.Counts().SlowBodies; got != 0 {
		t.Errorf("%d bodies count as slow before their time is over", got)
	}
	answer := make([]byte, 100)
	slow[0].SetReadDeadline(time.Now().Add(2 * bodyStart))
	if size, err := slow[0].Read(answer); err != nil || !strings.Contains(string(answer[:size]), "408") {
		t.Errorf("a slow body gets %q, %v", answer[:size], err)
	}
	eventually(t, "those that hold places and send no more end, too", func() bool { return int(n.Counts().SlowBodies) > len(slow) })
}

// A body that takes a place is read only for a sender that may talk to the node.
func TestLargeBodiesOfStrangersAreNotRead(t *testing.T) {
	n := closed(t, nil)
	c := dialFrom(t, n, flooder)
	io.WriteString(c, "POST /client/get-available-node HTTP/1.1\r\nHost: x\r\n"+
		"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
	answer := make([]byte, 100)
	c.SetReadDeadline(time.Now().Add(bodyStart))
	if size, err := c.Read(answer); err != nil || !strings.Contains(string(answer[:size]), "401") {
		t.Errorf("a stranger gets %q, %v", answer[:size], err)
	}
	if got := n.server.bodies.inUse(); got != 0 {
		t.Errorf("%d bodies are being read", got)
	}
}

// Where hosts are not told apart by IP, as on loopback, all places are for all.
func TestSharesAreOfHosts(t *testing.T) {
	for hosts, want := range map[peer.Hosts]int{peer.HostsAuto: 50, peer.HostsOff: 50, peer.HostsStrict: 6} {
		n := newNode(t, "127.0.0.1", nil, func(o *Options) { o.Config.Hosts = hosts })
		if got := n.server.routes["/client/get-available-node"].queue.share; got != want {
			t.Errorf("%v: the share is %d of 50, want %d", hosts, got, want)
		}
	}
	for share, want := range map[float64]int{0.5: 25, 0.001: 1, 1: 50} {
		n := newNode(t, "127.0.0.1", nil, func(o *Options) { strict(o); o.HostShare = share })
		if got := n.server.routes["/client/get-available-node"].queue.share; got != want {
			t.Errorf("%v: the share is %d of 50, want %d", share, got, want)
		}
	}
}

// A flood writes one line a minute into the log.
func TestLimitsAreLoggedOnceAMinute(t *testing.T) {
	var log strings.Builder
	now := time.Unix(0, 0).Add(time.Hour)
	l := newLimit(slog.New(slog.NewTextHandler(&log, nil)), "too much")
	l.now = func() time.Time { return now }
	for range 1000 {
		l.hit("host", flooder)
	}
	now = now.Add(logPause)
	l.hit("host", "other")
	if got := strings.Count(log.String(), "\n"); got != 2 || !strings.Contains(log.String(), "times=1000") ||
		!strings.Contains(log.String(), "host="+flooder) {
		t.Errorf("%d lines:\n%s", got, log.String())
	}
	if l.hits.Load() != 1001 {
		t.Errorf("%d hits are counted", l.hits.Load())
	}
}
