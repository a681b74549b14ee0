package httptransport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/nettest"
)

// Networks of several nodes, in one process but over real connections.

// startNetwork starts so many nodes and syncs them until each sees all.
func startNetwork(t testing.TB, size int, change func(*Options)) []*Node {
	t.Helper()
	nodes := []*Node{startNode(t, "localhost", nil, change)}
	for len(nodes) < size {
		nodes = append(nodes, startNode(t, "localhost", nodes[0], change))
	}
	settle(t, nodes)
	return nodes
}

// settle syncs nodes until each sees all.
func settle(t testing.TB, nodes []*Node) {
	t.Helper()
	for round := 0; ; round++ {
		whole := true
		for _, n := range nodes {
			sync1(t, n)
		}
		for _, n := range nodes {
			in(t, n, func(c *core.Node) { whole = whole && c.NetworkSize() == len(nodes) && c.Status().IsRegistered })
		}
		if whole {
			return
		}
		if round == 12 {
			t.Fatalf("%d nodes do not find each other in %d rounds", len(nodes), round)
		}
	}
}

func TestNetworkForms(t *testing.T) {
	for _, size := range []int{2, 5, 9} {
		startNetwork(t, size, nil)
	}
}

// holders asks which nodes hold a key: the answer is their number.
type holders struct {
	keys  map[string]bool
	asked atomic.Int32
}

func (*holders) Name() string { return "holders" }
func (h *holders) Answer(arg any) any {
	h.asked.Add(1)
	if key, _ := arg.(string); h.keys[key] {
		return 1.0
	}
	return nil
}
func (*holders) Merge(a, b any) any { return a.(float64) + b.(float64) }

func TestQueryReachesAllNodes(t *testing.T) {
	app := &holders{keys: map[string]bool{"a": true}}
	nodes := startNetwork(t, 6, func(o *Options) { o.Queries = []core.Query{app} })
	client := NewClient(ClientOptions{Queries: []core.Query{app}})
	defer client.Close()
	got, err := client.Ask(t.Context(), nodes[3].options.Address, &message.QueryRequest{Name: "holders", Arg: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Result != 6.0 || got.Coverage != (message.Coverage{Asked: 6, Answered: 6}) || got.Cost.Hops != 3 {
		t.Errorf("got %+v, want 6 holders of 6 nodes in 3 hops", got)
	}
	if _, err := client.Ask(t.Context(), nodes[3].options.Address, &message.QueryRequest{Name: "nobody"}); err == nil {
		t.Error("a query that no node knows was answered")
	}
}

// approving puts a handler behind the approval of kind client.
func approving(n *Node) *Node {
	n.Handle("client", n.Protect("client", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteJSON(w, r, map[string]any{"success": true, "ip": ClientIP(r).String()}, nil)
	})))
	return n
}

func TestApprovalOverTheWire(t *testing.T) {
	var nodes []*Node
	first := approving(newNode(t, "localhost", nil, nil))
	for _, n := range []*Node{first, approving(newNode(t, "localhost", first, nil)), approving(newNode(t, "localhost", first, nil))} {
		if err := n.Start(nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close(context.Background()) })
		nodes = append(nodes, n)
	}
	for range 5 {
		for _, n := range nodes {
			sync1(t, n)
		}
	}
	client := NewClient(ClientOptions{})
	defer client.Close()
	entry := nodes[1].options.Address
	echo := func(question string) string { return question }
	if err := client.Approve(t.Context(), entry, "client", echo); err != nil {
		t.Errorf("a right answer: %v", err)
	}
	wrong := func(string) string { return "9.9.9.9" }
	if err := client.Approve(t.Context(), entry, "client", wrong); !message.IsRefusal(err, message.CodeWrongAnswer) {
		t.Errorf("a wrong answer: %v", err)
	}
	if err := client.Approve(t.Context(), entry, "nonsense", echo); !message.IsRefusal(err, message.CodeInvalidAction) {
		t.Errorf("an unknown action: %v", err)
	}
	approvers, err := client.Draw(t.Context(), entry, "client")
	if err != nil || len(approvers) == 0 {
		t.Errorf("a draw: %v, %v", approvers, err)
	}
}

// TestProofsOfTheWrongShape goes through the checks before a protected handler, in their
// order.
func TestProofsOfTheWrongShape(t *testing.T) {
	n := approving(newNode(t, "localhost", nil, nil))
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	sync1(t, n)
	proof := func(change map[string]string) string {
		f := map[string]string{
			"action": `"client"`, "key": `"k"`, "startedAt": periodStart(), "clientIp": `"127.0.0.1"`,
			"approvers": `["` + n.address() + `"]`, "answer": `"127.0.0.1"`,
		}
		var parts []string
		for k, v := range change {
			f[k] = v
		}
		for k, v := range f {
			if v != "" {
				parts = append(parts, `"`+k+`":`+v)
			}
		}
		return `{` + strings.Join(parts, ",") + `}`
	}
	tests := []struct{ name, body, code string }{
		{"none", `{"x":1}`, "APPROVAL_INFO_REQUIRED"},
		{"null", `{"approvalInfo":null}`, "APPROVAL_INFO_REQUIRED"},
		{"bad JSON text", `{"approvalInfo":"{x"}`, "INVALID_APPROVAL_INFO"},
		{"another action", `{"approvalInfo":` + proof(map[string]string{"action": `"x"`, "startedAt": "1"}) + `}`, "INVALID_APPROVAL_ACTION"},
		{"an old start", `{"approvalInfo":` + proof(map[string]string{"startedAt": "1", "answer": ""}) + `}`, "WRONG_APPROVAL_TIME"},
		{"a start in words", `{"approvalInfo":` + proof(map[string]string{"startedAt": `"now"`}) + `}`, "WRONG_APPROVAL_TIME"},
		{"no answer", `{"approvalInfo":` + proof(map[string]string{"answer": ""}) + `}`, "INVALID_APPROVAL_INFO"},
		{"an answer that is no IP", `{"approvalInfo":` + proof(map[string]string{"answer": `"x"`}) + `}`, "INVALID_APPROVAL_INFO"},
		{"a left-over question", `{"approvalInfo":` + proof(map[string]string{"question": `"x"`}) + `}`, "INVALID_APPROVAL_INFO"},
		{"approvers twice", `{"approvalInfo":` + proof(map[string]string{"approvers": `["localhost:1","localhost:1"]`}) + `}`, "INVALID_APPROVAL_INFO"},
		{"no address as approver", `{"approvalInfo":` + proof(map[string]string{"approvers": `["x"]`}) + `}`, "INVALID_APPROVAL_INFO"},
		{"foreign approvers", `{"approvalInfo":` + proof(map[string]string{"approvers": `["localhost:1"]`}) + `}`, "NOT_ENOUGH_APPROVER_DECISIONS"},
		{"a key that was never issued", `{"approvalInfo":` + proof(nil) + `}`, "WRONG_APPROVAL_ANSWER"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, n, asks{method: "POST", path: "/client/client", body: tt.body})
			if got.status != 422 || !strings.Contains(got.body, `"ERR_SPREADABLE_`+tt.code+`"`) {
				t.Errorf("got %v, want 422 %s", got, tt.code)
			}
		})
	}
	t.Run("in the query", func(t *testing.T) {
		got := send(t, n, asks{method: "POST", path: "/client/client?approvalInfo=%7Bx"})
		if !strings.Contains(got.body, "INVALID_APPROVAL_INFO") {
			t.Errorf("got %v", got)
		}
	})
}

func TestClosedNetwork(t *testing.T) {
	closed := func(o *Options) { o.Auth = &Credentials{"user", "pa:ss"} }
	nodes := startNetwork(t, 3, closed)
	n := nodes[0]
	good, bad := basic(Credentials{"user", "pa:ss"}), basic(Credentials{"user", "wrong"})
	get := func(header http.Header) response { return send(t, n, asks{"GET", "/status", "", header, ""}) }
	for _, tt := range []struct {
		name, method, path, authorization string
		status                            int
	}{
		{"ping", "GET", "/ping", "", 200},
		{"status", "GET", "/status", "", 401},
		{"index", "GET", "/", "", 401},
		{"client", "POST", "/client/get-available-node", "", 401},
		{"unknown", "POST", "/zzz", "", 404},
		{"bad password", "GET", "/status", bad, 401},
		{"good password", "GET", "/status", good, 200},
	} {
		got := send(t, n, asks{tt.method, tt.path, "", headers("authorization", tt.authorization), ""})
		if got.status != tt.status {
			t.Errorf("%s: got %v, want %d", tt.name, got, tt.status)
		}
		if realm := got.header.Get("Www-Authenticate"); (got.status == 401) != (realm == `Basic realm="`+n.address()+`"`) {
			t.Errorf("%s: WWW-Authenticate %q with status %d", tt.name, realm, got.status)
		}
	}
	order := headers("authorization", bad, "client-version", "x", "original-address", "zzz")
	if got := send(t, n, asks{"POST", "/client/x", "", order, ""}); got.status != 403 {
		t.Errorf("bad address and bad password: %v, want 403", got)
	}
	order.Del("original-address")
	if got := send(t, n, asks{"POST", "/client/x", "", order, ""}); got.status != 401 {
		t.Errorf("bad password and bad version: %v, want 401", got)
	}

	cookie := get(headers("authorization", good)).header.Get("Set-Cookie")
	pair, attributes, _ := strings.Cut(cookie, "; ")
	if !strings.HasPrefix(pair, "spreadableNetworkAuth["+n.address()+"]=") || !strings.Contains(attributes, "path=/; expires=") {
		t.Fatalf("cookie is %q", cookie)
	}
	if got := get(headers("cookie", pair)); got.status != 200 {
		t.Errorf("with the cookie: %v", got)
	}
	if got := get(headers("cookie", "a=b; "+pair[:len(pair)-8])); got.status != 401 {
		t.Errorf("with a cut cookie: %v", got)
	}
	if got := get(headers("cookie", pair[:20]+"]=!!!", "authorization", good)); got.status != 200 {
		t.Errorf("with a broken cookie and the right password: %v", got)
	}
	_, value, _ := strings.Cut(pair, "=")
	if strings.Contains(decoded(t, value), "pa:ss") {
		t.Error("the cookie holds the password")
	}
	client := NewClient(ClientOptions{Auth: &Credentials{"user", "pa:ss"}})
	defer client.Close()
	if _, err := client.Draw(t.Context(), n.options.Address, "client"); err != nil {
		t.Errorf("a client with the password: %v", err)
	}
	stranger := NewClient(ClientOptions{})
	defer stranger.Close()
	if _, err := stranger.Draw(t.Context(), n.options.Address, "client"); !errors.Is(err, message.ErrDenied) {
		t.Errorf("a client without the password: %v", err)
	}
}

func TestPreflight(t *testing.T) {
	n := startNode(t, "localhost", nil, func(o *Options) { o.Auth = &Credentials{"user", "right"} })
	got := send(t, n, asks{"OPTIONS", "/client/whatever", "", headers("access-control-request-headers", "client-version,x"), ""})
	if got.status != 204 || got.header.Get("Access-Control-Allow-Headers") != "client-version,x" ||
		got.header.Get("Access-Control-Allow-Methods") != "GET,HEAD,PUT,PATCH,POST,DELETE" {
		t.Errorf("got %d with %v", got.status, got.header)
	}
}

func TestNetworkOverTLS(t *testing.T) {
	certificate, authority := selfSigned(t)
	secure := func(o *Options) {
		o.HTTPS, o.Certificates, o.CA = true, []tls.Certificate{certificate}, authority
	}
	nodes := startNetwork(t, 3, secure)
	client := NewClient(ClientOptions{HTTPS: true, CA: authority})
	defer client.Close()
	if _, err := client.Draw(t.Context(), nodes[1].options.Address, "client"); err != nil {
		t.Error(err)
	}
	renewed := startNode(t, "localhost", nodes[0], func(o *Options) {
		o.HTTPS, o.CA = true, authority
		o.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil }
	})
	if _, err := client.Draw(t.Context(), renewed.options.Address, "client"); err != nil {
		t.Error(err)
	}
	distrustful := NewClient(ClientOptions{HTTPS: true, CA: x509.NewCertPool()})
	defer distrustful.Close()
	if _, err := distrustful.Draw(t.Context(), nodes[1].options.Address, "client"); !errors.Is(err, message.ErrUnreachable) {
		t.Errorf("a client that does not trust the authority: %v", err)
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestNodesOfManyIPs(t *testing.T) {
	first := startNode(t, "127.0.0.31", nil, nil)
	second := startNode(t, "127.0.0.32", first, nil)
	sync1(t, first)
	sync1(t, second)
	in(t, second, func(c *core.Node) {
		if !c.Status().IsRegistered {
			t.Error("a node at 127.0.0.32 is not registered at 127.0.0.31")
		}
	})
}

// TestClientsReachANodeAtIPv6Loopback, which other nodes take for 127.0.0.1; see
// TestLoopbackOfIPv6IsLocalhost.
func TestClientsReachANodeAtIPv6Loopback(t *testing.T) {
	first := startNode(t, "[::1]", nil, func(o *Options) { o.Listen = o.Address.String() })
	if got := send(t, first, asks{method: "GET", path: "/ping"}); got.status != 200 {
		t.Errorf("ping over IPv6: %v", got)
	}
	client := NewClient(ClientOptions{})
	defer client.Close()
	approvers, err := client.Draw(t.Context(), first.options.Address, "client")
	if err != nil || len(approvers) != 1 || approvers[0] != first.address() {
		t.Errorf("a draw over IPv6: %v, %v", approvers, err)
	}
}

// TestNetworkOverIPv6: nodes at literal IPv6 addresses find each other, and approve a
// client that calls from one. Here they have one IP, which under the limits of hosts may
// not check approvals of its own clients.
func TestNetworkOverIPv6(t *testing.T) {
	ip := nettest.OwnIPv6(t)
	var first *Node
	var nodes []*Node
	for range 5 {
		n := approving(newNode(t, "["+ip.String()+"]", first, func(o *Options) { o.Config.Hosts = peer.HostsOff }))
		if err := n.Start(nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close(context.Background()) })
		nodes = append(nodes, n)
		first = nodes[0]
	}
	settle(t, nodes)
	client := NewClient(ClientOptions{})
	defer client.Close()
	for _, n := range nodes {
		asked := ""
		echo := func(question string) string { asked = question; return question }
		if err := client.Approve(t.Context(), n.options.Address, "client", echo); err != nil {
			t.Errorf("a right answer at %s: %v", n.address(), err)
		}
		if asked != ip.String() {
			t.Errorf("the client is taken for %q, want %v", asked, ip)
		}
		wrong := func(string) string { return "2001:db8::9" }
		if err := client.Approve(t.Context(), n.options.Address, "client", wrong); !message.IsRefusal(err, message.CodeWrongAnswer) {
			t.Errorf("a wrong answer at %s: %v", n.address(), err)
		}
	}
}

func decoded(t *testing.T, base64Text string) string {
	t.Helper()
	text, err := decodeBase64(base64Text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
