package wire

import (
	"encoding/json"
	"math/bits"
	"net/http"
	"net/url"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Sizes computes how many bytes messages take on a connection between two participants of
// this project that have exchanged messages before, with net/http at both ends: the
// request or status line, the headers and the body, as transport/http sends them, without
// TLS and without what TCP adds. Nothing is encoded. Sizes caches the sizes of lists, so
// it belongs to one thread; its results depend on the arguments alone.
//
// The size of an uncompressed message is exact to the byte, refusals and 304 included,
// with these exceptions:
//
//   - Timeout-Budget is counted as the whole of Request.Timeout; when a request is really
//     sent, what is left may have one digit less.
//   - One hash in sixteen begins with a zero, which an ETag leaves out.
//   - A host name that is not Latin is counted as UTF-8, even where HTTP needs Punycode.
//   - The value of an application is encoded to be counted, unless it is a text, a
//     number, a bool, nil, or Sized.
//
// The body of an answer of MinCompressed bytes or more is sent compressed, and its size
// is an estimate. It is within a quarter for lists of addresses, as this package tests,
// and for pictures in base64. How well other long texts compress cannot be known without
// compressing them.
type Sizes struct {
	speaker    Speaker
	lists      []counted[message.Masters]   // by digest of the list
	structures []counted[message.Structure] // by number of the address
	writer     writer                       // of the message being counted, and reused
}

// Sized is a value of an application that knows its size as JSON, in bytes.
type Sized interface{ JSONSize() int }

// counted is the tally of a value that no longer changes.
type counted[T any] struct {
	of    *T
	tally tally
}

// How many tallies are kept. In a network of 100,000 nodes some 300 are masters, and
// after a change each may have a different list until all know of it.
const (
	keptLists      = 256
	keptStructures = 1024
)

// NewSizes returns a Sizes for a network of this version, between the peers of book.
func NewSizes(book *peer.Book, version string) *Sizes {
	return &Sizes{
		speaker:    Speaker{Book: book, Version: version},
		lists:      make([]counted[message.Masters], keptLists),
		structures: make([]counted[message.Structure], keptStructures),
	}
}

// Request is the size of a request to a peer. Known is the structure of an earlier answer
// of that peer that the sender still has, and whose ETag it sends; nil for none.
func (s *Sizes) Request(to peer.Peer, req *message.Request, known *message.Structure) int {
	budget := req.Timeout.Milliseconds()
	size := requestHead + len(req.Kind.Row().Path) + s.length(to) + digits(budget)
	body := 0
	if codecs[req.Kind].writeRequest != nil {
		w := s.count(peer.Peer{})
		w.timeout = req.Timeout
		w.request(req)
		body = w.bytes
		size += body + len(url.PathEscape(w.name))
	}
	if Method(req.Kind) == http.MethodGet {
		size += len(http.MethodGet)
	} else {
		size += len(http.MethodPost) + contentLength + digits(int64(body))
	}
	if req.From.IsZero() {
		size += clientHead + len(s.speaker.Version)
	} else {
		size += nodeHead + s.length(req.From) + len(s.speaker.Version) + s.length(req.Root)
	}
	if known != nil {
		size += ifNoneMatch + etag(s.structure(known).bytes)
	}
	return size
}

// Answer is the size of the answer that a node gives to a request of the kind. Known is
// the structure that the request named; if the answer is the same one, it is a 304.
func (s *Sizes) Answer(from peer.Peer, kind message.Kind, resp *message.Response, known *message.Structure) int {
	if resp.Err != nil {
		return s.failure(resp.Err)
	}
	var t *tally
	if structure, ok := resp.Body.(*message.Structure); ok {
		t = s.structure(structure)
		if structure == known {
			return answerHead + len("304 Not Modified") + etagHead + etag(t.bytes)
		}
	} else {
		w := s.count(from)
		w.answer(kind, resp.Body)
		t = &w.tally
	}
	body, size := t.bytes, answerHead+len("200 OK")+etagHead+etag(t.bytes)
	if body >= MinCompressed {
		body = t.compressed()
		size += contentEncoding
	}
	return size + bodyHead + digits(int64(body)) + body
}

func (s *Sizes) failure(err error) int {
	status, text, code := failure(err)
	w := s.count(peer.Peer{})
	w.failure(text, code)
	line := digits(int64(status)) + len(" ") + len(http.StatusText(status))
	return answerHead + line + bodyHead + digits(int64(w.bytes)) + w.bytes
}

// Sizes of heads as net/http writes them, without the parts that vary.
const (
	requestHead = len("  HTTP/1.1\r\nHost: \r\nUser-Agent: "+ServerName+"\r\nContent-Type: "+RequestType+"\r\n") +
		len(BudgetHeader+": \r\nAccept-Encoding: gzip\r\n\r\n")
	contentLength = len("Content-Length: \r\n")
	clientHead    = len(ClientVersionHeader + ": \r\n")
	nodeHead      = len(AddressHeader + ": \r\n" + NodeVersionHeader + ": \r\n" + RootHeader + ": \r\n")
	ifNoneMatch   = len("If-None-Match: \r\n")

	answerHead = len("HTTP/1.1 \r\nAccess-Control-Allow-Origin: *\r\nServer: "+ServerName+"\r\n") +
		len("Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n\r\n")
	bodyHead        = contentLength + len("Content-Type: "+AnswerType+"\r\nVary: Accept-Encoding\r\n")
	contentEncoding = len("Content-Encoding: gzip\r\n")
	etagHead        = len("Etag: \r\n")
)

// etag is the length of the ETag of a body with this many bytes: see Document.ETag.
func etag(body int) int {
	return len(`W/"-0123456789abcdef"`) + (bits.Len(uint(body))+3)/4
}

// digits is the length of a number.
func digits(n int64) int {
	size := 1
	if n < 0 {
		size, n = 2, -n
	}
	for ; n >= 1000; n /= 1000 {
		size += 3
	}
	switch {
	case n >= 100:
		return size + 2
	case n >= 10:
		return size + 1
	}
	return size
}

// length is that of an address, 0 for none.
func (s *Sizes) length(p peer.Peer) int {
	if p.IsZero() {
		return 0
	}
	return len(s.speaker.Book.Text(p))
}

// timestamp is counted as the time of day in a request: that has 13 digits from 2001
// until 2286.
const timestamp = 1_000_000_000_000

// count starts to count a message of a participant.
func (s *Sizes) count(self peer.Peer) *writer {
	s.speaker.Self = self
	s.writer = writer{speaker: &s.speaker, sizes: s, now: timestamp * 1e6}
	return &s.writer
}

// structure returns the tally of a snapshot; those of large ones are cached.
func (s *Sizes) structure(b *message.Structure) *tally {
	kept := &s.structures[b.Address.ID()%keptStructures]
	if kept.of == b {
		return &kept.tally
	}
	w := s.count(peer.Peer{})
	writeStructure(w, b)
	if len(b.Slaves) == 0 {
		return &w.tally
	}
	*kept = counted[message.Structure]{b, w.tally}
	return &kept.tally
}

// masters returns the tally of a list, which many structures share.
func (s *Sizes) masters(m *message.Masters) *tally {
	kept := &s.lists[m.Set()%keptLists]
	if kept.of != m {
		w := writer{speaker: &s.speaker, sizes: s}
		w.eachMaster(m)
		*kept = counted[message.Masters]{m, w.tally}
	}
	return &kept.tally
}

// tally counts a body: all its bytes, and the parts that compress badly.
type tally struct {
	bytes     int
	addresses int // how many there are
	novel     int // bytes of addresses that differ from the address before
	changes   int // numbers that differ from the number before
	texts     int // bytes of other texts
}

func (t *tally) add(other *tally) {
	t.bytes += other.bytes
	t.addresses += other.addresses
	t.novel += other.novel
	t.changes += other.changes
	t.texts += other.texts
}

// address counts the text of a peer.
func (w *writer) address(text string) {
	w.bytes += len(text) + len(`""`)
	w.addresses++
	w.novel += novel(w.previous, text)
	w.previous = text
}

// novel is how many bytes of a text are in neither the prefix nor the suffix that it
// shares with the text before.
func novel(before, text string) int {
	i, most := 0, min(len(before), len(text))
	for i < most && before[i] == text[i] {
		i++
	}
	j := 0
	for j < most-i && before[len(before)-1-j] == text[len(text)-1-j] {
		j++
	}
	return len(text) - i - j
}

// digits counts a whole number.
func (w *writer) digits(n int64) {
	w.bytes += digits(n)
	if n != w.last {
		w.changes++
	}
	w.last = n
}

// valueOf counts the value of an application.
func (w *writer) valueOf(value any) {
	switch v := value.(type) {
	case nil:
		w.raw(`null`)
	case bool:
		w.bool(v)
	case int:
		w.int(int64(v))
	case int64:
		w.int(v)
	case float64:
		w.number(v)
	case string:
		w.string(v)
	case Sized:
		w.bytes += v.JSONSize()
		w.texts += v.JSONSize()
	default:
		text, _ := json.Marshal(value)
		w.bytes += len(text)
		w.texts += len(text)
	}
}

// compressed estimates what gzip makes of a body, in bytes: a table and a first entry,
// then for each entry of a list a back reference, the new bytes of the address, and the
// size if it differs from that of the entry before. The factors are a least-squares fit
// over lists of 20 to 2,000 entries of seven kinds of addresses, sorted and not. Other
// texts are taken for base64, which has 6 bits of information in a byte.
func (t *tally) compressed() int {
	return 104 + (680*t.addresses+88*t.novel+506*t.changes+196*t.texts)/256
}
