package httptransport

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// What the core holds against a peer that answers garbage by wire.

// called sends requests to a peer as the node's own procedures do, one after the other,
// and waits for the last answer.
func called(t testing.TB, n *Node, to string, req message.Request, times int) (last message.Response) {
	t.Helper()
	done := make(chan struct{})
	req.Timeout = 5 * time.Second
	in(t, n, func(c *core.Node) {
		p, err := n.loop.book.Intern(peer.MustParse(to))
		if err != nil {
			t.Error(err)
		}
		// strangers are not scored, bootstrap nodes are
		n.options.Config.Bootstrap = append(n.options.Config.Bootstrap, p)
		c.Go(func(t *core.Task) {
			defer close(done)
			for range times {
				last = t.Call(p, req)
			}
		})
	})
	<-done
	return last
}

// suspicionOf is what a node holds against a peer for answers of the wrong shape.
func suspicionOf(t testing.TB, n *Node, address string) (suspicion float64) {
	t.Helper()
	in(t, n, func(c *core.Node) {
		for _, s := range c.State().Scores {
			if s.Address == address && s.Action == behavior.ResponseSchema.String() {
				suspicion = s.Suspicion
			}
		}
	})
	return suspicion
}

func TestGarbageByWireIsBlamed(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	const json = "application/json; charset=utf-8"
	for _, tt := range []struct {
		name   string
		kind   message.Kind
		answer http.HandlerFunc
	}{
		{"a page", message.KindStructure, says(200, "text/html", "<html>")},
		{"nothing", message.KindStructure, says(200, json, "")},
		{"no lists", message.KindStructure, says(200, json, `{}`)},
		{"a size below zero", message.KindStructure, says(200, json, `{"slaves":[],"masters":[{"address":"localhost:1","size":-1}]}`)},
		{"an endless answer", message.KindStructure, endless},
		{"slaves below zero", message.KindRegister, says(200, json, `{"size":-2}`)},
		{"a surplus key", message.KindInterview, says(200, json, `{"summary":{"address":"localhost:1"},"x":1}`)},
		{"a lifetime that is a text", message.KindProvide, says(200, json, `{"results":[],"syncLifetime":"long","networkSize":1}`)},
		{"a part that is no text", message.KindApprovalInfo, says(200, json, `{"info":{}}`)},
		{"a status of another kind", message.KindStatus, says(200, json, `[1,2]`)},
		{"a page for a ping", message.KindPing, says(200, "text/html", "<html>")},
	} {
		to := strange(t, tt.answer)
		called(t, n, to, message.Request{Kind: tt.kind, Body: bodyFor(tt.kind)}, 2)
		if got := suspicionOf(t, n, to); got != 2 {
			t.Errorf("%s, twice, makes a suspicion of %g, want 2", tt.name, got)
		}
	}
}

// The answers of npm nodes, and what proxies and lost connections make of them, are no
// garbage.
func TestHonestAnswersByWireAreNotBlamed(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	const json = "application/json; charset=utf-8"
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"slaves":[],`)
	}
	for _, tt := range []struct {
		name   string
		kind   message.Kind
		answer http.HandlerFunc
	}{
		{"npm's ping", message.KindPing, says(200, json, `{"version":"spreadable-0.3","address":"localhost:5100"}`)},
		{"npm's status", message.KindStatus, says(200, json, `{"root":"localhost:5100","availability":0.87,"syncAvgTime":12.5,"isMaster":false,"isNormalized":true,"isRegistered":true,"networkSize":3}`)},
		{"a young npm node's status", message.KindStatus, says(200, json, `{"root":"","availability":0.9,"syncAvgTime":0,"isMaster":false,"isNormalized":false,"isRegistered":false,"networkSize":1}`)},
		{"npm's structure", message.KindStructure, says(200, json, `{"address":"localhost:5101","backlink":{"address":"localhost:5100","chain":[]},"slaves":[{"address":"localhost:5102"}],"masters":[{"address":"localhost:5100","size":2}]}`)},
		{"npm's interview", message.KindInterview, says(200, json, `{"summary":{"address":"localhost:5101"}}`)},
		{"npm's provision", message.KindProvide, says(200, json, `{"results":[{"address":"localhost:5100","networkSize":2,"candidates":[{"address":"localhost:5101"}]}],"syncLifetime":160000,"networkSize":2}`)},
		{"npm's registration", message.KindRegister, says(200, json, `{"size":2}`)},
		{"npm's part of a question", message.KindApprovalInfo, says(200, json, `{"info":"0000:0000:0000:0000:0000:ffff:7f00:0001"}`)},
		{"npm's approval", message.KindApprovalCheck, says(200, json, `{"success":true}`)},
		{"a refusal", message.KindRegister, says(422, json, `{"message":"no","code":"ERR_SPREADABLE_INTERVIEW_INTERVIEWEE_NOT_AVAILABLE"}`)},
		{"an error", message.KindStructure, says(500, json, `{"message":"out of memory"}`)},
		{"a proxy's page", message.KindStructure, says(502, "text/html", "<html>bad gateway</html>")},
		{"a proxy's long page", message.KindStructure, says(404, "text/html", strings.Repeat("not found ", 1<<18))},
		{"a redirect", message.KindStructure, says(302, "text/html", "<html>")},
		{"another root", message.KindStructure, says(403, json, `{"message":"Node root is different: \"a\" instead of \"b\""}`)},
		{"a closed network", message.KindStructure, says(401, json, `{"message":"Authentication is required"}`)},
		{"a connection lost before", message.KindStructure, hangUp},
		{"a connection lost in the middle", message.KindStructure, cut},
	} {
		to := strange(t, tt.answer)
		called(t, n, to, message.Request{Kind: tt.kind, Body: bodyFor(tt.kind)}, 1)
		if got := suspicionOf(t, n, to); got != 0 {
			t.Errorf("%s makes a suspicion of %g", tt.name, got)
		}
	}
}

// The length of an application's answer, and what is in it, may be its client's doing: an
// answer of no use to us is no garbage, but one that is no answer to a query is.
func TestAnswersOfApplicationsAreTheirAffair(t *testing.T) {
	n := startNode(t, "localhost", nil, func(o *Options) { o.Queries = []core.Query{picky{}} })
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   float64
	}{
		{"a long result", says(200, "", `{"result":"`+strings.Repeat("x", 3<<20)+`"}`), 0},
		{"a result that the application cannot read", says(200, "", `{"result":"?","coverage":{"asked":1,"answered":1}}`), 0},
		{"no JSON", says(200, "", `<html>`), 1},
		{"a coverage below zero", says(200, "", `{"result":1,"coverage":{"asked":-1}}`), 1},
	} {
		to := strange(t, tt.answer)
		req := message.Request{Kind: message.KindQuerySlave, Body: &message.QueryRequest{Name: "picky"}}
		if resp := called(t, n, to, req, 1); resp.Err == nil {
			t.Errorf("%s is taken for %v", tt.name, resp.Body)
		}
		if got := suspicionOf(t, n, to); got != tt.want {
			t.Errorf("%s makes a suspicion of %g, want %g", tt.name, got, tt.want)
		}
	}
}

// picky is an application that cannot read any result.
type picky struct{}

func (picky) Name() string                       { return "picky" }
func (picky) Answer(any) any                     { return nil }
func (picky) Merge(a, _ any) any                 { return a }
func (picky) DecodeArg([]byte) (any, error)      { return nil, nil }
func (picky) DecodeResult(b []byte) (any, error) { return nil, fmt.Errorf("%.10s is nothing to me", b) }

// Thirteen answers of garbage are the ones too many, as the table of behaviours says: the
// next sync bans the peer, once its score is old enough.
func TestGarbageByWireIsBanned(t *testing.T) {
	rules := behavior.Rules()
	rules[behavior.ResponseSchema].BanDelay = time.Nanosecond
	n := startNode(t, "localhost", nil, func(o *Options) { o.Config.Behavior = &rules })
	to := strange(t, says(200, "application/json", `{"slaves":[]}`))
	bans := func() (list []behavior.Ban) {
		sync1(t, n)
		in(t, n, func(c *core.Node) { list = c.Bans().All() })
		return list
	}
	called(t, n, to, message.Request{Kind: message.KindStructure}, 12)
	if list := bans(); len(list) != 0 {
		t.Errorf("after 12 answers of garbage: %+v", list)
	}
	called(t, n, to, message.Request{Kind: message.KindStructure}, 1)
	list := bans()
	if len(list) != 1 || list[0].Reason != "responseSchema" || list[0].Until-list[0].Since != 18*24*time.Hour {
		t.Errorf("after 13 answers of garbage: %+v", list)
	}
	if resp := called(t, n, to, message.Request{Kind: message.KindStructure}, 1); resp.Err != message.ErrDenied {
		t.Errorf("a banned peer is asked again: %v", resp.Err)
	}
}
