package httptransport

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// Costly questions on the real wire.

// stuck is an approval whose parts are not ready before a test says so.
type stuck struct {
	core.ClientApproval
	ready chan struct{}
}

func (stuck) Price() time.Duration { return 5 * time.Millisecond }

func (s stuck) Issue(client netip.Addr, info *string, random func(int) int) (part, answer string) {
	<-s.ready
	return s.ClientApproval.Issue(client, info, random)
}

// A hundred nodes that ask an approver for its part at once wait in a queue, of which a
// bounded number reach the node, and neither they nor the parts that are made hold up
// other requests.
func TestAskersOfPartsWaitInLine(t *testing.T) {
	const askers, places = 100, nodeShare
	kind := stuck{core.NewClientApproval(core.DefaultTerms()), make(chan struct{})}
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.Concurrency = 1
		o.Config.Approvals = []core.ApprovalKind{kind}
	})
	var release sync.Once
	ready := func() { release.Do(func() { close(kind.ready) }) }
	t.Cleanup(ready) // before the node is closed, which waits for its work
	sync1(t, n)
	start := time.Now().Truncate(kind.Terms().Period).UnixMilli()
	add := fmt.Sprintf(`{"action":"client","key":"k","startedAt":%d}`, start)
	if got := send(t, n, asks{"POST", "/client/add-approval-info", "", nil, add}); got.status != 200 {
		t.Fatal(got)
	}
	node := headers("original-address", "localhost:1", "node-root", n.address())
	answers := make(chan response, askers)
	for range askers {
		go func() {
			answers <- send(t, n, asks{"POST", "/api/node/get-approval-info", "", node, `{"action":"client","key":"k"}`})
		}()
	}
	inWork := func() (count int) {
		in(t, n, func(*core.Node) { count = len(n.loop.asked) })
		return count
	}
	queue := n.server.routes["/api/node/get-approval-info"].queue
	eventually(t, "the queue is full", func() bool { return queue.inUse() == places && inWork() == places })
	for _, body := range []string{`{}`, `{"introduce":true}`} { // from the last snapshot, and by the node
		for range 20 {
			if got := send(t, n, asks{"POST", "/api/node/structure", "", node, body}); got.status != 200 {
				t.Errorf("meanwhile a request for the structure gets %v", got)
			}
		}
	}
	if count := inWork(); count != places || queue.places != places || len(answers) != 0 {
		t.Errorf("%d requests for parts are in work, %d are answered; want %d and none", count, len(answers), places)
	}
	ready()
	for range askers {
		if got := <-answers; got.status != 200 {
			t.Errorf("an asker gets %v", got)
		}
	}
}

// Askers that hang up do not make room for others while the node still works for them: or
// else a client could start as much work at once as it likes.
func TestThoseWhoHangUpKeepTheirPlaces(t *testing.T) {
	kind := stuck{core.NewClientApproval(core.DefaultTerms()), make(chan struct{})}
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.Concurrency = 1
		o.Config.Approvals = []core.ApprovalKind{kind}
	})
	var release sync.Once
	ready := func() { release.Do(func() { close(kind.ready) }) }
	t.Cleanup(ready) // before the node is closed, which waits for its work
	sync1(t, n)
	start := time.Now().Truncate(kind.Terms().Period).UnixMilli()
	add := fmt.Sprintf(`{"action":"client","key":"k","startedAt":%d}`, start)
	if got := send(t, n, asks{"POST", "/client/add-approval-info", "", nil, add}); got.status != 200 {
		t.Fatal(got)
	}
	inWork := func() (count int) {
		in(t, n, func(*core.Node) { count = len(n.loop.asked) })
		return count
	}
	queue := n.server.routes["/api/node/get-approval-info"].queue
	const body = `{"action":"client","key":"k"}`
	request := fmt.Sprintf("POST /api/node/get-approval-info HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
		"Original-Address: localhost:1\r\nNode-Root: %s\r\nContent-Length: %d\r\n\r\n%s", n.address(), len(body), body)
	for i := range 3 * nodeShare {
		conn, err := net.Dial("tcp", n.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if i < nodeShare {
			eventually(t, "the request is in work", func() bool { return inWork() == i+1 })
		}
		conn.Close()
	}
	for range 20 { // the server notices that they have left
		if count := inWork(); count > nodeShare {
			t.Fatalf("%d requests are in work, want at most %d", count, nodeShare)
		}
		send(t, n, asks{"GET", "/status", "", nil, ""})
	}
	ready()
	eventually(t, "the work is done, and all places are free", func() bool { return inWork() == 0 && queue.inUse() == 0 })
}

// Every kind that starts a procedure for nodes has a queue, that for a part too.
func TestPartsHaveAQueueOfTheirOwn(t *testing.T) {
	n := newNode(t, "localhost", nil, nil)
	for kind, want := range map[message.Kind]int{
		message.KindApprovalInfo:  nodeShare * DefaultConcurrency,
		message.KindProvide:       nodeShare * DefaultConcurrency,
		message.KindApprovalKey:   DefaultConcurrency,
		message.KindApprovalCheck: nodeShare * DefaultConcurrency,
		message.KindStructure:     0,
	} {
		if got := placesOf(n.server.routes[kind.Row().Path].queue); got != want {
			t.Errorf("%s has a queue of %d, want %d", kind, got, want)
		}
	}
}

// placesOf is the number of places of a line; 0 for none.
func placesOf(l *line) int {
	if l == nil {
		return 0
	}
	return l.places
}

// A node that introduces itself to a master is asked for its structure at the master's next
// sync; one that only asks is not, nor is a client.
func TestAMasterAsksThoseThatIntroduceThemselves(t *testing.T) {
	nodes := startNetwork(t, 2, nil)
	master := nodes[0]
	in(t, nodes[1], func(c *core.Node) {
		if len(c.Structure().Slaves) > 0 {
			master = nodes[1]
		}
	})
	for _, test := range []struct {
		body  string
		node  bool
		asked bool
	}{{`{}`, true, false}, {`{"introduce":true}`, false, false}, {`{"introduce":true}`, true, true}} {
		stranger, err := net.Listen("tcp", "127.0.0.77:0")
		if err != nil {
			t.Fatal(err)
		}
		called := make(chan bool, 9)
		go func() {
			for {
				c, err := stranger.Accept()
				if err != nil {
					return
				}
				called <- true
				c.Close()
			}
		}()
		header := headers("node-root", nodes[0].address())
		if test.node {
			header.Set("original-address", stranger.Addr().String())
		}
		got := send(t, master, asks{"POST", "/api/node/structure", "127.0.0.77", header, test.body})
		sync1(t, master)
		if asked := len(called) > 0; asked != test.asked {
			t.Errorf("%s, a node %v, gets %v: it is asked %v", test.body, test.node, got.status, asked)
		}
		stranger.Close()
	}
}
