package httptransport

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/host/memory"
	"spreadable/core/message"
	"spreadable/wire"
)

// shelf is an extension that takes notes, with or without a stream, and finds those of the
// whole network.
type shelf struct {
	number int // of the node
	put    host.Send[note, note]
	find   host.Ask[note, note]
	disk   *memory.Disk
	blobs  *memory.Blobs // of which the test makes drafts, as a driver does

	screened int // questions that were checked
}

type note struct{ Text string }

const (
	mostStream = 1 << 20
	refused    = "refused"
)

// newShelf returns a shelf and what a node needs to offer it.
func newShelf(number int, access host.Access) (*shelf, func(*Options)) {
	s := &shelf{number: number, disk: new(memory.Disk)}
	s.blobs = s.disk.BlobsOf("shelf")
	s.blobs.Limit = 2 * mostStream
	return s, func(o *Options) {
		o.Attach = func(n *core.Node) error {
			_, err := host.Attach(n, s, &shelved{s, access})
			return err
		}
		o.Draft = func(extension string, size int64) (host.Draft, error) {
			if extension != "shelf" {
				return nil, errors.New("no such shelf")
			}
			return s.blobs.Create(size)
		}
	}
}

// Bucket, Blobs and Log implement host.World.
func (s *shelf) Bucket(extension string) host.Bucket    { return s.disk.Bucket(extension) }
func (s *shelf) Blobs(string) host.Blobs                { return arrived{s.blobs} }
func (s *shelf) Log(string, host.Level, string, ...any) {}

// arrived takes streams as the drafts that they have become.
type arrived struct{ *memory.Blobs }

func (arrived) Receive(s *host.Stream) (host.Draft, error) { return s.Held.(host.Draft), nil }

// shelved is the shelf as an extension.
type shelved struct {
	*shelf
	access host.Access
}

func (*shelved) Name() string { return "shelf" }

func (s *shelved) Start(h *host.Host) {
	s.put = host.Direct[note, note]{
		Name: "put", MaxStream: mostStream,
		Check: func(_ host.Peer, q *note, _ int64) error {
			if s.screened++; q.Text == refused || q.Text == "late" && s.screened%2 == 0 {
				return errors.New("not this one")
			}
			return nil
		},
		Serve: func(t *host.Task, _ host.Peer, q *note, stream *host.Pending) (*note, error) {
			if stream == nil {
				return &note{q.Text + " alone"}, nil
			}
			if q.Text != "drop" {
				if err := stream.Commit(t); err != nil {
					return nil, err
				}
			}
			return &note{fmt.Sprintf("%s and %d bytes", q.Text, stream.Size)}, nil
		},
	}.Offer(h)
	s.find = host.Query[note, note]{
		Name: "find", Who: s.access,
		Local: func(q *note) (*note, error) { return &note{fmt.Sprint(q.Text, s.number)}, nil },
		Merge: func(_ *note, answers []host.Given[note]) *note {
			var all []string
			for _, a := range answers {
				all = append(all, strings.Fields(a.Answer.Text)...)
			}
			slices.Sort(all)
			return &note{strings.Join(slices.Compact(all), " ")}
		},
	}.Offer(h)
}

// stored is how many bytes and drafts the shelf holds.
func (s *shelf) stored() int64 { return s.blobs.Space().Used }

// streamOf is a stream of bytes that says what it is.
func streamOf(data []byte) *host.Stream {
	return &host.Stream{
		Size: int64(len(data)), Hash: sha256.Sum256(data),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

// A request to one node gets its answer, without a stream and with one of any length that
// is allowed, and what is not committed leaves nothing.
func TestStreamsReachTheirExtension(t *testing.T) {
	receiver, offers := newShelf(1, host.Members())
	to := startNode(t, "127.0.0.1", nil, offers)
	sender, offers := newShelf(2, host.Members())
	from := startNode(t, "127.0.0.2", to, offers)
	settle(t, []*Node{to, from})
	ask := func(text string, stream *host.Stream) (answer string, err error) {
		var got *note
		if failed := from.Run(t.Context(), func(task *core.Task) {
			p, full := from.loop.book.Intern(to.options.Address)
			if full != nil {
				t.Error(full)
			}
			got, err = sender.put(task, p, &note{text}, stream)
		}); failed != nil {
			t.Fatal(failed)
		}
		if got == nil {
			got = &note{}
		}
		return got.Text, err
	}
	if got, err := ask("a", nil); err != nil || got != "a alone" {
		t.Errorf("without a stream: %q, %v", got, err)
	}
	total := int64(0)
	for _, size := range []int{0, 1, flowBuffer, flowBuffer + 1, mostStream} {
		got, err := ask("b", streamOf(bytes.Repeat([]byte{byte(size)}, size)))
		total += int64(size)
		if want := fmt.Sprintf("b and %d bytes", size); err != nil || got != want || receiver.stored() != total {
			t.Errorf("with a stream of %d bytes: %q, %v, %d bytes are stored, want %d", size, got, err, receiver.stored(), total)
		}
	}
	if got, err := ask("drop", streamOf([]byte("xyz"))); err != nil || got != "drop and 3 bytes" || receiver.stored() != total {
		t.Errorf("a stream that is not kept: %q, %v, %d bytes are stored, want %d", got, err, receiver.stored(), total)
	}
	receiver.screened = 0 // so it is refused once the stream has come
	if got, err := ask("late", streamOf([]byte("xyz"))); err == nil || receiver.screened != 2 || receiver.stored() != total {
		t.Errorf("a stream that is refused in the end: %q, %v, %d bytes are stored, want %d", got, err, receiver.stored(), total)
	}
	for what, stream := range map[string]*host.Stream{
		"a stream that cannot be opened": {Size: 1, Open: func() (io.ReadCloser, error) { return nil, errors.New("the disk is broken") }},
		"a stream without bytes":         {Size: 1},
	} {
		if _, err := ask("c", stream); !errors.Is(err, message.ErrLocal) {
			t.Errorf("%s: %v, want a failure of the own machine", what, err)
		}
	}
	for what, stream := range map[string]*host.Stream{
		"one byte too many": streamOf(make([]byte, mostStream+1)),
		"no space":          streamOf(make([]byte, mostStream)),
		"another hash":      {Size: 3, Open: streamOf([]byte("xyz")).Open},
	} {
		if _, err := ask("c", stream); !message.IsRefusal(err, message.CodeFailed) && !message.IsRefusal(err, message.CodeInvalidQuestion) {
			t.Errorf("%s: %v, want a refusal", what, err)
		}
	}
	if receiver.stored() != total || to.Counts().StreamsRefused != 1 {
		t.Errorf("refused streams leave %d bytes, want %d; %d are counted, want 1", receiver.stored(), total, to.Counts().StreamsRefused)
	}
}

// A request whose stream is not what it says, or is not wanted, is refused, and its
// connection ends with the answer, because the rest of the stream may still come.
func TestUnwantedStreamsEndTheirConnection(t *testing.T) {
	s, offers := newShelf(1, host.Members())
	n := startNode(t, "127.0.0.1", nil, offers)
	bare := startNode(t, "127.0.0.1", nil, func(o *Options) { offers(o); o.Draft = nil })
	sum := sha256.Sum256([]byte("xyz"))
	path := message.KindDirect.Row().Path + "shelf.put"
	question := func(text string, size int) string {
		return fmt.Sprintf(`{"arg":{"Text":%q},"stream":{"size":%d,"hash":%q},"timeout":10000}`, text, size, hex.EncodeToString(sum[:]))
	}
	good := question("a", 3)
	for what, test := range map[string]struct {
		to           *Node
		length, body string
		status       int
		says         string
	}{
		"all is well":                 {n, "", good + "xyz", 200, `{"result":{"Text":"a and 3 bytes"}}`},
		"no length":                   {n, "none", good + "xyz", 400, "want a Question-Length"},
		"a length below 0":            {n, "-1", good + "xyz", 400, "want a Question-Length"},
		"a length beyond the limit":   {n, fmt.Sprint(DefaultMaxBody + 1), good + "xyz", 400, fmt.Sprint("of at most ", DefaultMaxBody)},
		"a length beyond the body":    {n, fmt.Sprint(len(good) + 4), good + "xyz", 400, "the question has not come whole"},
		"a length within the JSON":    {n, fmt.Sprint(len(good) - 1), good + "xyz", 400, ""},
		"no stream in the question":   {n, "", `{"arg":{"Text":"a"},"timeout":10000}`, 400, `\"stream\" field is missing`},
		"a question of another shape": {n, "", strings.Replace(good, `{"Text":"a"}`, "7", 1) + "xyz", 400, `\"arg\" field is invalid`},
		"a byte less than it says":    {n, "", good + "xy", 400, "longer or shorter"},
		"a byte more than it says":    {n, "", good + "xyz!", 400, "longer or shorter"},
		"other bytes":                 {n, "", good + "xyZ", 422, "does not have the hash"},
		"the extension refuses":       {n, "", question(refused, 3) + "xyz", 422, "not this one"},
		"no space for streams":        {bare, "", good + "xyz", 422, host.ErrFull.Error()},
	} { // order-free: a request each
		used := s.stored()
		questionLength := len(test.body[:strings.LastIndexByte(test.body, '}')+1])
		h := headers("node-root", test.to.address(), "content-type", "application/x-spreadable-stream", "question-length", fmt.Sprint(questionLength))
		switch test.length {
		case "":
		case "none":
			h.Del("question-length")
		default:
			h.Set("question-length", test.length)
		}
		got := send(t, test.to, asks{"POST", path, "", h, test.body})
		if got.status != test.status || !strings.Contains(got.body, test.says) {
			t.Errorf("%s: %v, want %d %s", what, got, test.status, test.says)
		}
		if got.ends != (test.status != 200) {
			t.Errorf("%s: the connection ends: %v", what, got.ends)
		}
		if test.status != 200 && s.stored() != used {
			t.Errorf("%s: %d bytes are left", what, s.stored()-used)
		}
	}
}

// A query that needs an approval is answered to clients that show one, and to nodes.
func TestQueriesAskForTheirApproval(t *testing.T) {
	number := 0
	var shelves []*shelf
	nodes := startNetwork(t, 3, func(o *Options) {
		number++
		s, offers := newShelf(number, host.Approved("client"))
		offers(o)
		o.Config.Approvals = []core.ApprovalKind{core.NewClientApproval(core.DefaultTerms())}
		shelves = append(shelves, s)
	})
	const found = "n1 n2 n3"
	var got *note
	var failed error
	if err := nodes[0].Run(t.Context(), func(task *core.Task) { got, _, failed = shelves[0].find(task, &note{"n"}) }); err != nil {
		t.Fatal(err)
	}
	if failed != nil || got == nil || got.Text != found {
		t.Errorf("a node gets %v, %v", got, failed)
	}
	p := &puzzles{t: t, nodes: nodes, root: nodes[0].address()}
	const client = "127.0.0.1"
	key := new(puzzle)
	if got := p.ask(client, nodes[0], "request-approval-key", map[string]any{"action": "client"}, key); got.status != 200 {
		t.Fatal(got)
	}
	for _, a := range key.Approvers {
		if got := p.ask(client, p.at(a), "add-approval-info", map[string]any{"action": "client", "key": key.Key, "startedAt": key.StartedAt}, nil); got.status != 200 {
			t.Fatal(got)
		}
	}
	if got := p.ask(client, nodes[0], "request-approval-question", map[string]any{"action": "client", "key": key.Key, "confirmedAddresses": key.Approvers}, nil); got.status != 200 {
		t.Fatal(got)
	}
	info, _ := json.Marshal(map[string]any{ // texts and numbers always have a JSON form
		"action": "client", "key": key.Key, "startedAt": key.StartedAt, "clientIp": client, "approvers": key.Approvers, "answer": client,
	})
	wrong := bytes.Replace(info, []byte(`"answer":"`+client), []byte(`"answer":"127.0.0.7`), 1)
	arg := map[string]any{"Text": "n"}
	for _, test := range []struct { // in this order: after wrong answers approvers take no right one
		what string
		info string
		want int
		says string
	}{
		{"none", "", 422, "APPROVAL_INFO_REQUIRED"},
		{"an approval", string(info), 200, found},
		{"a wrong answer", string(wrong), 422, "ERR_SPREADABLE_"},
	} {
		endpoint := strings.TrimPrefix(message.KindQuery.Row().Path, wire.ClientPath) + "shelf.find?approvalInfo=" + url.QueryEscape(test.info)
		if got := p.ask(client, nodes[0], endpoint, map[string]any{"arg": arg}, nil); got.status != test.want || !strings.Contains(got.body, test.says) {
			t.Errorf("%s: %v", test.what, got)
		}
	}
}

// A node whose extensions cannot be attached, or that cannot be restored, does not start.
func TestANodeStartsWholeOrNotAtAll(t *testing.T) {
	bad := errors.New("bad")
	_, offers := newShelf(1, host.Members())
	n := newNode(t, "127.0.0.1", nil, offers)
	if err := n.Start(func(*core.Node) error { return bad }); !errors.Is(err, bad) {
		t.Errorf("with a bad state it starts: %v", err)
	}
	<-n.Done()
	o := n.options
	o.Attach = func(*core.Node) error { return bad }
	if n, err := New(o); n != nil || err != bad {
		t.Errorf("with bad extensions it is built: %v", err)
	}
	o.Attach, o.Listen = nil, "127.0.0.1:99999"
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(nil); err == nil {
		t.Error("it starts where it cannot listen")
	}
	if err := n.Close(t.Context()); err != nil {
		t.Errorf("one that never started ends with %v", err)
	}
}
