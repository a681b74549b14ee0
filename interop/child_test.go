//go:build interop

package interop

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/extensions/captcha"
	httptransport "spreadable/transport/http"
)

// Our side of a process: the test binary, started again with a variable set.

const childVariable = "SPREADABLE_INTEROP_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	m.Run()
}

// order is a line from the test.
type order struct {
	ID      int     `json:"id"`
	Do      string  `json:"do"`
	Options options `json:"options"`
	Entry   string  `json:"entry"`
	Answer  string  `json:"answer"` // instead of the right one
	Key     string  `json:"key"`    // of an approval
}

// options are those of a node, or of a client.
type options struct {
	Address   string `json:"address"`
	Bootstrap string `json:"bootstrap"`
	Interval  int    `json:"interval"` // ms between syncs; 0 for none
	Timeout   int    `json:"timeout"`  // ms of requests to other nodes; 0 for serverTimeout
	Username  string `json:"username"`
	Password  string `json:"password"`
	Standard  bool   `json:"standard"` // approvals of kind client have the default terms
}

// state is what a node says of itself; npm nodes say the same.
type state struct {
	Size       int      `json:"size"`
	Registered bool     `json:"registered"`
	Backlink   string   `json:"backlink"`
	Slaves     []string `json:"slaves"`
	Masters    []string `json:"masters"`
}

// actor is what the process plays.
type actor struct {
	node   *httptransport.Node
	book   *peer.Book
	client *httptransport.Client
}

// child obeys until its input ends.
func child() {
	a := &actor{}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var o order
		if err := json.Unmarshal(in.Bytes(), &o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		result, err := a.obey(&o)
		answer := map[string]any{"id": o.ID, "ok": result}
		if err != nil {
			answer = map[string]any{"id": o.ID, "error": err.Error()}
			if refused := new(message.Error); errors.As(err, &refused) {
				answer["code"] = "ERR_SPREADABLE_" + refused.Code
			}
		}
		if err := out.Encode(answer); err != nil {
			return
		}
	}
}

func (a *actor) obey(o *order) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	switch o.Do {
	case "node":
		return struct{}{}, a.start(&o.Options)
	case "sync":
		return struct{}{}, a.node.Do(ctx, (*core.Node).Sync)
	case "look":
		return a.look(ctx)
	case "client":
		a.client = httptransport.NewClient(httptransport.ClientOptions{Auth: o.Options.credentials()})
		return struct{}{}, nil
	case "answer":
		return a.expected(ctx, o.Key)
	case "approve":
		return struct{}{}, a.approve(ctx, o)
	}
	return nil, fmt.Errorf("unknown order %q", o.Do)
}

func (o *options) credentials() *httptransport.Credentials {
	if o.Username == "" {
		return nil
	}
	return &httptransport.Credentials{Username: o.Username, Password: o.Password}
}

// approvers is how many are drawn in the networks of these tests: all nodes of the
// smaller ones, so that approvers are of both kinds. The defaults of npm 0.3.10 ("auto")
// and ours differ; what comes of that is a test of its own.
const approvers = 4

func terms() core.Terms {
	t := core.DefaultTerms()
	t.Approvers, _ = draw.ParseCount(strconv.Itoa(approvers))
	return t
}

func (a *actor) start(o *options) error {
	address, err := peer.Parse(o.Address)
	if err != nil {
		return err
	}
	entry, err := peer.Parse(o.Bootstrap)
	if err != nil {
		return err
	}
	a.book = peer.NewBook(httptransport.DefaultBookLimit)
	bootstrap, err := a.book.Intern(entry)
	if err != nil {
		return err
	}
	pictures, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		return err
	}
	byIP := terms()
	if o.Standard {
		byIP = core.DefaultTerms()
	}
	interval := time.Duration(o.Interval) * time.Millisecond
	timeout := cmp.Or(time.Duration(o.Timeout)*time.Millisecond, serverTimeout)
	a.node, err = httptransport.New(httptransport.Options{
		Config: &core.Config{
			Book: a.book, Bootstrap: []core.Peer{bootstrap}, ManualSync: interval == 0, SyncInterval: interval,
			ServerTimeout: timeout, PingTimeout: pingTimeout, Trusted: true,
			Approvals: []core.ApprovalKind{core.NewClientApproval(byIP), pictures},
		},
		Address: address,
		Auth:    o.credentials(),
	})
	if err != nil {
		return err
	}
	for _, action := range []string{"client", "captcha"} {
		a.node.Handle(action, a.node.Protect(action, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			httptransport.WriteJSON(w, r, map[string]bool{"success": true}, nil)
		})))
	}
	return a.node.Start(nil)
}

func (a *actor) look(ctx context.Context) (*state, error) {
	var s *state
	err := a.node.Do(ctx, func(n *core.Node) {
		structure := n.Structure()
		s = &state{Size: n.NetworkSize(), Registered: n.Status().IsRegistered, Slaves: []string{}, Masters: []string{}}
		if !structure.Backlink.IsZero() {
			s.Backlink = a.book.Text(structure.Backlink)
		}
		for _, p := range structure.Slaves {
			s.Slaves = append(s.Slaves, a.book.Text(p))
		}
		for _, m := range structure.Masters.List {
			s.Masters = append(s.Masters, a.book.Text(m.Peer))
		}
	})
	return s, err
}

// expected is the answer that this approver expects to a question, which it never tells
// anybody: "" while it has not drawn it.
func (a *actor) expected(ctx context.Context, key string) (any, error) {
	found, answer := false, ""
	err := a.node.Do(ctx, func(n *core.Node) {
		for _, row := range n.State().Approvals {
			if row.Key == key {
				found, answer = true, row.Answer
			}
		}
	})
	if err == nil && !found {
		err = fmt.Errorf("no approval has the key %q", key)
	}
	return map[string]string{"answer": answer}, err
}

func (a *actor) approve(ctx context.Context, o *order) error {
	entry, err := peer.Parse(o.Entry)
	if err != nil {
		return err
	}
	return a.client.Approve(ctx, entry, "client", func(question string) string {
		if o.Answer != "" {
			return o.Answer
		}
		return question
	})
}
