package client_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/client"
	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/peer"
	"spreadable/extensions/captcha"
	"spreadable/internal/nettest"
	httptransport "spreadable/transport/http"
)

// What the tests share: real nodes on loopback, and stubs that behave as no honest node
// would.

// node is a member of a network.
type node struct {
	*httptransport.Node
	address string
}

// approvers is how many are drawn for kind client: all nodes of the networks of these
// tests.
const approvers = 4

// newNode builds a node at an IP, which bootstraps from the given address or, if that is
// empty, from itself.
func newNode(ip, bootstrap string, change func(*httptransport.Options)) (*node, error) {
	address, err := freeAddress(ip)
	if err != nil {
		return nil, err
	}
	if bootstrap == "" {
		bootstrap = address
	}
	book := peer.NewBook(httptransport.DefaultBookLimit)
	entry, err := book.Intern(peer.MustParse(bootstrap))
	if err != nil {
		return nil, err
	}
	pictures, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		return nil, err
	}
	terms := core.DefaultTerms()
	if terms.Approvers, err = draw.ParseCount(fmt.Sprint(approvers)); err != nil {
		return nil, err
	}
	o := httptransport.Options{
		Config: &core.Config{
			Book: book, Bootstrap: []core.Peer{entry}, ManualSync: true, Trusted: true,
			Approvals: []core.ApprovalKind{core.NewClientApproval(terms), pictures},
		},
		Address: peer.MustParse(address), Listen: address,
	}
	if change != nil {
		change(&o)
	}
	inner, err := httptransport.New(o)
	if err != nil {
		return nil, err
	}
	n := &node{inner, address}
	for _, action := range []string{"client", "captcha"} {
		n.Handle("write-"+action, n.Protect(action, http.HandlerFunc(succeed)))
	}
	return n, n.Start(nil)
}

func succeed(w http.ResponseWriter, r *http.Request) {
	// A client that has left needs no answer.
	_ = httptransport.WriteJSON(w, r, map[string]bool{"success": true}, nil)
}

// startNode is newNode for the time of a test.
func startNode(t testing.TB, ip, bootstrap string, change func(*httptransport.Options)) *node {
	t.Helper()
	n, err := newNode(ip, bootstrap, change)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close(t.Context()) })
	return n
}

// startNetwork starts four nodes, each with an IP of its own, and syncs them until all
// know all.
func startNetwork(t testing.TB) []*node {
	t.Helper()
	nodes := []*node{startNode(t, "127.0.0.21", "", nil)}
	for i := 1; i < approvers; i++ {
		nodes = append(nodes, startNode(t, fmt.Sprintf("127.0.0.%d", 21+i), nodes[0].address, nil))
	}
	eventually(t, "the network is whole", func() bool {
		whole := true
		for _, n := range nodes {
			inside(t, n, func(n *core.Node) {
				n.Sync()
				whole = whole && n.NetworkSize() == len(nodes) && n.Status().IsRegistered
			})
		}
		return whole
	})
	return nodes
}

func inside(t testing.TB, n *node, f func(*core.Node)) {
	t.Helper()
	if err := n.Do(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// answerOf is what a node expects as the answer to the approval with this key.
func answerOf(n *node, key string) (answer string, err error) {
	err = n.Do(context.Background(), func(n *core.Node) {
		for _, row := range n.State().Approvals {
			if row.Key == key {
				answer = row.Answer
			}
		}
	})
	return answer, err
}

// solve reads a captcha as a person would, by asking its approvers what they have drawn.
func solve(t testing.TB, nodes []*node, q *client.Question) string {
	t.Helper()
	pictures, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, approver := range q.Approvers {
		for _, n := range nodes {
			if n.address != approver {
				continue
			}
			text, err := answerOf(n, q.Key)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
	}
	answer, err := pictures.ExpectedAnswer(texts)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// connect is Connect for the time of a test. The timer for workers is off unless the test
// sets it.
func connect(t testing.TB, o client.Options) *client.Client {
	t.Helper()
	if o.WorkerChange == 0 {
		o.WorkerChange = -1
	}
	c, err := client.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// stub is a node that answers as the test wants, at a loopback address. It answers
// pings unless told otherwise.
type stub struct {
	address string
	server  *httptest.Server
	asked   atomic.Int32 // requests, pings aside

	mu     sync.Mutex
	routes map[string]http.HandlerFunc
}

func startStub(t testing.TB) *stub {
	t.Helper()
	s := &stub{routes: make(map[string]http.HandlerFunc)}
	s.server = httptest.NewServer(s)
	s.address = s.server.Listener.Addr().String()
	t.Cleanup(s.server.Close)
	t.Cleanup(s.server.CloseClientConnections)
	return s
}

// on sets what happens at a path; "" stands for all others.
func (s *stub) on(path string, h http.HandlerFunc) *stub {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes[path] = h
	return s
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	h := s.routes[r.URL.Path]
	if h == nil && r.URL.Path != "/ping" {
		h = s.routes[""]
	}
	s.mu.Unlock()
	if r.URL.Path != "/ping" {
		s.asked.Add(1)
	}
	if h != nil {
		h(w, r)
	}
}

// says answers with a status and a body of JSON.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// breaksOff drops the connection in place of an answer.
func breaksOff(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// hangs answers nothing until the asker has left. The body is read first: only then does
// the server notice.
func hangs(w http.ResponseWriter, r *http.Request) {
	var rest [1]byte
	for {
		if _, err := r.Body.Read(rest[:]); err != nil {
			break
		}
	}
	<-r.Context().Done()
}

// freeAddress is an address at which nothing listens.
func freeAddress(ip string) (string, error) {
	ports, err := nettest.FreePorts(ip, 1)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(ip, strconv.Itoa(ports[0])), nil
}

// nowhere is an address at which nothing will listen: no other test uses this IP.
func nowhere(t testing.TB) string {
	t.Helper()
	address, err := freeAddress("127.0.0.99")
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

func contains(t testing.TB, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error is %v, want one about %q", err, part)
		}
	}
}
