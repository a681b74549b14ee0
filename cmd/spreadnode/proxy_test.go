package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spreadable/client"
	"spreadable/internal/nettest"
)

// startProxy is a server at an IP that speaks TLS to its clients and plain HTTP to the
// node at a port of 127.0.0.1, with the client's IP in X-Forwarded-For.
func startProxy(t *testing.T, ip string, cert tls.Certificate, nodePort string) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", ip+":0")
	if err != nil {
		t.Fatal(err)
	}
	node := &url.URL{Scheme: "http", Host: "127.0.0.1:" + nodePort}
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(node)
		r.SetXForwarded() // in the place of what the client may have said
	}})
	proxy.Listener.Close() // in the place of its own
	proxy.Listener = listener
	// requests without TLS are part of the test
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

// Two nodes behind proxies and one that speaks TLS itself are a network of https
// addresses. Each has an IP of its own: a node that took the proxy for the sender would
// refuse the others.
func TestNodesBehindProxiesSpeakHTTPS(t *testing.T) {
	dir := t.TempDir()
	a := newAuthority(t, dir)
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.sign(t, 7, certFile, keyFile)
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	start := func(ip string, flags ...string) *process {
		flags = append(flags, "--hostname", ip, "--tls-ca", a.file, "--approvers", "3")
		return startProcess(t, nettest.ShortDir(t), flags...)
	}
	behindProxy := func(ip string, flags ...string) *process {
		inner := port(t)
		outer := startProxy(t, ip, cert, inner)
		return start(ip, append(flags, "--https", "proxy", "--listen", "127.0.0.1:"+inner, "--public-port", outer)...)
	}
	first := behindProxy("127.0.0.1")
	root := first.status(t).Address
	nodes := []*process{
		first, behindProxy("127.0.0.2", "--bootstrap", root),
		start("127.0.0.3", "--bootstrap", root, "--https", "on", "--tls-cert", certFile, "--tls-key", keyFile, "--port", port(t)),
	}
	var addresses []string
	for _, n := range nodes {
		addresses = append(addresses, n.status(t).Address)
		until(t, "each sees three nodes", func() bool { s := n.status(t); return s.Registered && s.NetworkSize == 3 })
	}
	for _, n := range nodes {
		m, err := n.owner.Members(t.Context())
		if err != nil || len(m.Members) != 3 || m.Answered != m.Masters {
			t.Errorf("members: %+v, %v", m, err)
		}
	}

	for _, address := range addresses {
		drawsAll(t, a, address, addresses)
	}
	if code, out, said := inProcess("approve", "--node", root, "--https", "proxy", "--tls-ca", a.file); code != 0 || !strings.Contains(out, `"answer"`) {
		t.Errorf("approve: exit code %d, %s", code, said)
	}
	if code, _, said := inProcess("approve", "--node", root); code != 1 {
		t.Errorf("approve in the clear: exit code %d, %s", code, said)
	}
}

// drawsAll asks a node, from 127.0.0.9, for a question: its approvers are all nodes,
// asked by each other over TLS, and it is for the client's IP, not for the proxy's.
func drawsAll(t *testing.T, a *authority, address string, all []string) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	c, err := client.Connect(t.Context(), client.Options{
		Addresses: []string{address}, HTTPS: true, CA: roots, WorkerChange: -1, Source: netip.MustParseAddr("127.0.0.9"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	q, err := c.ApprovalQuestion(t.Context(), "client", nil)
	if err != nil {
		t.Fatal(err)
	}
	drawn := slices.Sorted(slices.Values(q.Approvers))
	if want := slices.Sorted(slices.Values(all)); q.ClientIP != "127.0.0.9" || !slices.Equal(drawn, want) {
		t.Errorf("%s asks %s, and draws %v, want 127.0.0.9 and %v", address, q.ClientIP, drawn, want)
	}
}
