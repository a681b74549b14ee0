package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/client"
)

func question(t *testing.T, c *client.Client, action string, info any) *client.Question {
	t.Helper()
	q, err := c.ApprovalQuestion(t.Context(), action, info)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func use(t *testing.T, c *client.Client, at *node, action string, a *client.Approval) error {
	t.Helper()
	return c.Request(t.Context(), "write-"+action, map[string]int{"x": 1}, nil, client.WithApproval(a), client.At(at.address))
}

func TestClientApprovalIsGoodOnceAtEveryNode(t *testing.T) {
	nodes := startNetwork(t)
	c := connect(t, client.Options{Addresses: []string{nodes[1].address}})
	q := question(t, c, "client", nil)
	if q.Text != "127.0.0.1" || q.ClientIP != "127.0.0.1" || len(q.Approvers) != approvers || q.Action != "client" {
		t.Errorf("question is %+v", q)
	}
	if began := time.UnixMilli(q.StartedAt); time.Since(began) > 5*time.Minute || time.Since(began) < 0 {
		t.Errorf("the period began at %v", began)
	}
	if _, err := q.Picture(); err == nil {
		t.Error("an IP is a picture")
	}
	for _, n := range nodes {
		if err := use(t, c, n, "client", q.Answer(q.Text)); err != nil {
			t.Errorf("at %s: %v", n.address, err)
		}
		if err := use(t, c, n, "client", q.Answer(q.Text)); !errors.Is(err, client.CodeWrongAnswer) {
			t.Errorf("again at %s: %v", n.address, err)
		}
	}
}

func TestBadApprovalsAreRefused(t *testing.T) {
	nodes := startNetwork(t)
	c := connect(t, client.Options{Addresses: []string{nodes[0].address}})
	other := connect(t, client.Options{Addresses: []string{nodes[0].address}, Source: netip.MustParseAddr("127.0.0.9")})
	q, foreign := question(t, c, "client", nil), question(t, other, "client", nil)
	if foreign.ClientIP != "127.0.0.9" {
		t.Fatalf("the other client comes from %s", foreign.ClientIP)
	}
	for _, tt := range []struct {
		name   string
		change func(*client.Approval)
		code   client.Code
	}{
		{"a wrong answer", func(a *client.Approval) { a.Answer = "9.9.9.9" }, client.CodeWrongAnswer},
		{"no IP", func(a *client.Approval) { a.Answer = "x" }, client.CodeInvalidApproval},
		{"a stale period", func(a *client.Approval) { a.StartedAt -= 900_000 }, client.CodeWrongApprovalTime},
		{"another's key", func(a *client.Approval) { a.Key = foreign.Key }, client.CodeWrongAnswer},
		{"another's approval", func(a *client.Approval) { *a = *foreign.Answer(foreign.Text) }, client.CodeInvalidApproval},
		{"another kind", func(a *client.Approval) { a.Action = "captcha" }, client.CodeInvalidAction},
		{"own approvers", func(a *client.Approval) { a.Approvers = []string{"127.0.0.1:1"} }, client.CodeTooFewDecisions},
	} {
		a := q.Answer(q.Text)
		tt.change(a)
		if err := use(t, c, nodes[2], "client", a); !errors.Is(err, tt.code) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
	}
	if err := c.Request(t.Context(), "write-client", nil, nil); !errors.Is(err, client.CodeApprovalRequired) {
		t.Errorf("no approval: %v", err)
	}
}

func TestCaptchaIsReadAndAnswered(t *testing.T) {
	nodes := startNetwork(t)
	c := connect(t, client.Options{Addresses: []string{nodes[3].address}})
	q := question(t, c, "captcha", &client.Captcha{Width: 180, Background: "#ffffff"})
	picture, err := q.Picture()
	if err != nil {
		t.Fatal(err)
	}
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || size.Width != 180 || size.Height != 30 {
		t.Errorf("the picture is %d by %d pixels, %v", size.Width, size.Height, err)
	}
	answer := solve(t, nodes, q)
	for _, n := range nodes {
		if err := use(t, c, n, "captcha", q.Answer(strings.ToUpper(answer))); err != nil {
			t.Errorf("at %s: %v", n.address, err)
		}
	}
	q = question(t, c, "captcha", nil)
	if err := use(t, c, nodes[0], "captcha", q.Answer("------")); !errors.Is(err, client.CodeWrongAnswer) {
		t.Errorf("a wrong answer: %v", err)
	}
}

func TestQuestionsThatMakeNoSenseAreRefused(t *testing.T) {
	n := startNode(t, "127.0.0.1", "", nil)
	c := connect(t, client.Options{Addresses: []string{n.address}})
	if _, err := c.ApprovalQuestion(t.Context(), "nonsense", nil); !errors.Is(err, client.CodeInvalidAction) {
		t.Errorf("an unknown kind: %v", err)
	}
	if _, err := c.ApprovalQuestion(t.Context(), "captcha", client.Captcha{Width: 10_000}); !client.IsSchema(err) {
		t.Errorf("a picture that is too wide: %v", err)
	}
	if _, err := c.ApprovalQuestion(t.Context(), "client", struct{}{}); !client.IsSchema(err) {
		t.Errorf("wishes of kind client: %v", err)
	}
	if _, err := c.ApprovalQuestion(t.Context(), "captcha", make(chan int)); err == nil {
		t.Error("wishes that have no JSON")
	}
}

// The keys are those of the npm client's texts: nodes refuse an approval with one more or
// less.
func TestApprovalsTravelAsJSON(t *testing.T) {
	q := &client.Question{Action: "captcha", Key: "22fd", StartedAt: 1795355400000, ClientIP: "127.0.0.1", Approvers: []string{"localhost:1"}, Text: "data:"}
	for name, tt := range map[string]struct {
		value any
		keys  []string
	}{
		"question": {q, []string{"action", "approvers", "clientIp", "key", "question", "startedAt"}},
		"approval": {q.Answer("abc"), []string{"action", "answer", "approvers", "clientIp", "key", "startedAt"}},
	} {
		text, err := json.Marshal(tt.value)
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(slices.Sorted(maps.Keys(back)), tt.keys) {
			t.Errorf("%s is %s, want the keys %v", name, text, tt.keys)
		}
	}
	a := q.Answer("abc")
	a.Approvers[0] = "localhost:2"
	if q.Approvers[0] != "localhost:1" {
		t.Error("a change of the approval has changed the question")
	}
}

// drawn makes a stub give out a key with these approvers.
func (s *stub) drawn(approvers ...string) *stub {
	list, _ := json.Marshal(approvers)
	s.on("/client/request-approval-key", says(200, `{"approvers":`+string(list)+`,"key":"k","startedAt":1795355400000,"clientIp":"127.0.0.1"}`))
	return s.on("/client/add-approval-info", says(200, `{"success":true}`))
}

func TestOnlyThoseWhoVouchAreNamedAndEachOnce(t *testing.T) {
	good, bad, entry := startStub(t), startStub(t), startStub(t)
	var added, asked seen
	good.on("/client/add-approval-info", record(&added))
	bad.on("/client/add-approval-info", says(422, `{"message":"no","code":"ERR_X"}`))
	entry.drawn(good.address, "nonsense", bad.address, nowhere(t), good.address, entry.address)
	entry.on("/client/request-approval-question", func(w http.ResponseWriter, r *http.Request) {
		record(&asked)(&discard{}, r)
		says(200, `{"question":"what"}`)(w, r)
	})
	c := connect(t, client.Options{Addresses: []string{entry.address}})
	q := question(t, c, "client", nil)
	if want := []string{good.address, entry.address}; !slices.Equal(q.Approvers, want) || q.Text != "what" {
		t.Errorf("question is %+v, want the approvers %v", q, want)
	}
	if good.asked.Load() != 1 {
		t.Errorf("an approver drawn twice was asked %d times", good.asked.Load())
	}
	for name, got := range map[string]map[string]any{"add": added.body, "question": asked.body} {
		if _, present := got["info"]; present || got["action"] != "client" || got["key"] != "k" {
			t.Errorf("%s: sent %v", name, got)
		}
	}
	if added.body["startedAt"] != 1795355400000.0 || asked.body["startedAt"] != nil {
		t.Errorf("sent startedAt %v and %v", added.body["startedAt"], asked.body["startedAt"])
	}
}

// discard is a ResponseWriter for a handler that answers beside another.
type discard struct{}

func (*discard) Header() http.Header         { return http.Header{} }
func (*discard) Write(p []byte) (int, error) { return len(p), nil }
func (*discard) WriteHeader(int)             {}

// Another node does not know the key, so the second attempt must ask for a key again.
func TestAQuestionThatBreaksOffBeginsAgainElsewhere(t *testing.T) {
	c, first, second := twoStubs(t)
	first.drawn(first.address).on("/client/request-approval-question", breaksOff)
	second.drawn(second.address).on("/client/request-approval-question", says(200, `{"question":"what"}`))
	q := question(t, c, "client", nil)
	if !slices.Equal(q.Approvers, []string{second.address}) || c.Worker() != second.address {
		t.Errorf("question is %+v", q)
	}
}

func TestSlowApproversAreNotWaitedForTooLong(t *testing.T) {
	silent, entry := startStub(t).on("/client/add-approval-info", hangs), startStub(t)
	entry.drawn(silent.address, entry.address).on("/client/request-approval-question", says(200, `{"question":"what"}`))
	c := connect(t, client.Options{Addresses: []string{entry.address}, Timeout: 50 * time.Millisecond})
	if q := question(t, c, "client", nil); !slices.Equal(q.Approvers, []string{entry.address}) {
		t.Errorf("approvers are %v", q.Approvers)
	}
	c = connect(t, client.Options{Addresses: []string{entry.address}, QuestionTimeout: 50 * time.Millisecond})
	if _, err := c.ApprovalQuestion(t.Context(), "client", nil); !errors.Is(err, client.CodeTimeout) {
		t.Errorf("error is %v", err)
	}
}

func TestNoNodeMakesTheClientCallThousands(t *testing.T) {
	entry := startStub(t)
	entry.drawn(make([]string, 5000)...)
	c := connect(t, client.Options{Addresses: []string{entry.address}})
	_, err := c.ApprovalQuestion(t.Context(), "client", nil)
	contains(t, err, "5000 approvers", entry.address)
	if entry.asked.Load() != 1 {
		t.Errorf("asked %d times", entry.asked.Load())
	}
}

func TestPicturesAreChecked(t *testing.T) {
	for _, text := range []string{"", "127.0.0.1", "data:image/png;base64,", "data:image/png;base64,!", "data:image/png;base64,aGVsbG8=", "data:text/html;base64,aGVsbG8="} {
		if _, err := (&client.Question{Action: "captcha", Text: text}).Picture(); err == nil {
			t.Errorf("%q is a picture", text)
		}
	}
}
