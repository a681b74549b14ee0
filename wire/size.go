package wire

import (
	"encoding/json"
	"math"
	"math/bits"
	"net/http"
	"net/url"
	"slices"
	"time"

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
	lengths    []uint8                // of the addresses in the book, by id; 0 for those to look up
	heads      [message.NumKinds]head // of requests, by kind
	asked      question               // the latest
	said       statement              // the latest answer to a query
	weighed    []weighed              // by digest
	names      []names                // of the latest list of masters, by number of the first
	slaveLists []kept                 // by number of the address
	writer     writer                 // of the message being counted, and reused
}

// head is the part of the head of a request that depends on its kind only.
type head struct {
	size   int
	sized  bool // there is a Content-Length, even of an empty body
	always bool // a request without fields has a body, too
}

// question is the size of a request; a gather sends the same one to many peers.
type question struct {
	kind       message.Kind
	from, root peer.Peer
	timeout    time.Duration
	body       any
	size       int // without the receiver's address; 0 before the first
}

// statement is the size of an answer to a query, and the length of its ETag.
type statement struct {
	kind       message.Kind
	coverage   message.Coverage
	cost       message.Cost
	result     int // its bytes, 0 for none
	size, etag int
}

// Sized is a value of an application that knows its size as JSON, in bytes.
type Sized interface{ JSONSize() int }

// keptLists is for how many numbers of peers there are tallies of lists, of masters and of
// slaves. Of a million nodes some thousand are masters. A few of these share a place; if
// they had only one tally of slaves there, each would be made again for nearly every
// message.
const keptLists = 1 << 10

// ways is how many tallies of slaves a place has at the most.
const ways = 4

// kept are the tallies of a place, the one used last first.
type kept [ways]*slaveList

// use makes the i-th tally the one used last, and returns it; an empty one is made.
func (k *kept) use(i int) *slaveList {
	t := k[i]
	if t == nil {
		t = new(slaveList)
	}
	copy(k[1:i+1], k[:i])
	k[0] = t
	return t
}

// NewSizes returns a Sizes for a network of this version, between the peers of book. Those
// that it holds already must stay.
func NewSizes(book *peer.Book, version string) *Sizes {
	s := &Sizes{
		speaker:    Speaker{Book: book, Version: version},
		weighed:    make([]weighed, 1<<bits.Len(uint(book.Len()/nodesPerList))),
		names:      make([]names, keptLists),
		slaveLists: make([]kept, keptLists),
	}
	s.lengths = lengths(book)
	for k := range message.NumKinds {
		h := head{
			size:   requestHead + len(k.Row().Path) + len(Method(k)) + len(version),
			sized:  Method(k) == http.MethodPost,
			always: k == message.KindAvailableNode,
		}
		if h.sized {
			h.size += contentLength
		}
		s.heads[k] = h
	}
	return s
}

// lengths returns the length of each address in the book, by id; 0 for none, and for one
// that does not fit into a byte.
func lengths(book *peer.Book) []uint8 {
	all := make([]uint8, book.Len()+1)
	for id := range book.Len() {
		if n := book.TextLen(peer.FromID(uint32(id) + 1)); n <= math.MaxUint8 {
			all[id+1] = uint8(n)
		}
	}
	return all
}

// Request is the size of a request to a peer. Etag is the length of the ETag that it
// carries, of an earlier structure answer of that peer that the sender still has; 0 for
// none.
func (s *Sizes) Request(to peer.Peer, req *message.Request, etag int) int {
	if req.Body == nil && !s.heads[req.Kind].always {
		return s.head(req, 0) + s.length(to) + noneMatch(etag)
	}
	q := &s.asked
	if q.kind != req.Kind || q.from != req.From || q.root != req.Root || q.timeout != req.Timeout || q.body != req.Body || q.size == 0 {
		s.ask(q, req)
	}
	return q.size + s.length(to) + noneMatch(etag)
}

// noneMatch is the size of the header that carries an ETag of this length, 0 for none.
func noneMatch(etag int) int {
	if etag == 0 {
		return 0
	}
	return ifNoneMatch + etag
}

// length is that of an address, 0 for none. In a large network the receiver is any of its
// nodes: a byte for each fits in a cache in which the book does not.
func (s *Sizes) length(p peer.Peer) int {
	if id := int(p.ID()); id < len(s.lengths) && s.lengths[id] > 0 {
		return int(s.lengths[id])
	}
	return s.speaker.Book.TextLen(p)
}

// ask counts a request with a body, without its receiver's address and an ETag.
func (s *Sizes) ask(q *question, req *message.Request) {
	w := s.count(peer.Peer{})
	w.timeout = req.Timeout
	w.request(req)
	size := s.head(req, w.bytes) + w.bytes + len(url.PathEscape(w.name))
	q.kind, q.from, q.root, q.timeout, q.body, q.size = req.Kind, req.From, req.Root, req.Timeout, req.Body, size
}

// head is the size of the head of a request with a body of so many bytes, without the
// receiver's address, an ETag, and a name in the path.
func (s *Sizes) head(req *message.Request, body int) int {
	h := &s.heads[req.Kind]
	size := h.size + digits(req.Timeout.Milliseconds())
	if h.sized {
		size += digits(int64(body))
	}
	if req.From.IsZero() {
		return size + clientHead
	}
	return size + nodeHead + s.length(req.From) + s.length(req.Root)
}

// Answer is the size of the answer that a node gives to a request of the kind, and the
// length of its ETag, 0 for none.
func (s *Sizes) Answer(from peer.Peer, kind message.Kind, resp *message.Response) (size, etag int) {
	if resp.Err != nil {
		return s.failure(resp.Err), 0
	}
	switch body := resp.Body.(type) {
	case *message.Structure:
		t := s.structure(body)
		return success(&t)
	case *message.QueryAnswer:
		if body.Result == nil {
			return s.statement(from, kind, body, 0)
		}
		if result, ok := body.Result.(Sized); ok {
			return s.statement(from, kind, body, result.JSONSize())
		}
	}
	w := s.count(from)
	w.answer(kind, resp.Body)
	return success(&w.tally)
}

// statement is the size of an answer to a query whose result has a known size, 0 for
// none. The answers of most nodes to a query are of one size.
func (s *Sizes) statement(from peer.Peer, kind message.Kind, body *message.QueryAnswer, result int) (size, etag int) {
	kept := &s.said
	if kept.kind != kind || kept.coverage != body.Coverage || kept.cost != body.Cost || kept.result != result {
		w := s.count(from)
		w.answer(kind, body)
		size, etag := success(&w.tally)
		kept.kind, kept.coverage, kept.cost, kept.result = kind, body.Coverage, body.Cost, result
		kept.size, kept.etag = size, etag
	}
	return kept.size, kept.etag
}

// Unchanged is the size of a 304, which confirms an ETag of this length.
func (s *Sizes) Unchanged(etag int) int {
	return answerHead + len("304 Not Modified") + etagHead + etag
}

// success is the size of a good answer, and the length of its ETag.
func success(t *tally) (size, etag int) {
	body := t.bytes
	etag = etagLength(body)
	size = answerHead + len("200 OK") + etagHead + etag
	if body >= MinCompressed {
		body = t.compressed()
		size += contentEncoding
	}
	return size + bodyHead + digits(int64(body)) + body, etag
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

// etagLength is the length of the ETag of a body of so many bytes: see Document.ETag.
func etagLength(body int) int {
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

// timestamp is counted as the time of day in a request: that has 13 digits from 2001
// until 2286.
const timestamp = 1_000_000_000_000

// count starts to count a message of a participant.
func (s *Sizes) count(self peer.Peer) *writer {
	s.speaker.Self = self
	s.writer = writer{speaker: &s.speaker, sizes: s, now: timestamp * 1e6}
	return &s.writer
}

// structure returns the tally of a snapshot, as writeStructure writes it. For the estimate
// the backlink is as new as the address, which it hardly ever is: that makes some bytes.
func (s *Sizes) structure(b *message.Structure) tally {
	const between = len(`{"address":"","backlink":,"slaves":,"masters":}`)
	t := s.masters(b.Masters)
	if len(b.Slaves) == 0 {
		t.bytes += len(`[]`)
	} else {
		t.add(s.slaves(b))
	}
	address := s.length(b.Address)
	t.bytes += between + len(npmField(b)) + address
	t.addresses++
	t.novel += address
	if b.MaxAge > 0 {
		t.bytes += len(ageField) + digits(int64(b.MaxAge))
	}
	if b.Backlink.IsZero() {
		t.bytes += len(`null`)
		return t
	}
	backlink := s.length(b.Backlink)
	t.bytes += emptyNode + backlink
	t.addresses++
	t.novel += backlink
	return t
}

// emptyNode is the size of a node in a list without its address.
const emptyNode = len(`{"address":""}`)

// slaveList is the latest list of slaves of a node, and its tally.
type slaveList struct {
	of   peer.Peer
	list []peer.Peer
	tally
}

// slavesOf returns the tally of the latest list of a node, an empty one if it has none.
func (s *Sizes) slavesOf(p peer.Peer) *slaveList {
	place := &s.slaveLists[p.ID()%keptLists]
	i := 0
	for i < ways-1 && place[i] != nil && place[i].of != p {
		i++
	}
	t := place.use(i)
	if t.of != p {
		*t = slaveList{of: p}
	}
	return t
}

// slaves returns the tally of the slaves of a snapshot, of which there are some. While a
// network forms, most lists have one slave more than the last: snapshots share the array
// of a list that only grows, and then only what is new is counted.
func (s *Sizes) slaves(b *message.Structure) *tally {
	list, kept := b.Slaves, s.slavesOf(b.Address)
	if n := len(kept.list); n == 0 || n > len(list) || &kept.list[0] != &list[0] {
		*kept = slaveList{of: b.Address, tally: tally{bytes: len(`[]`) - len(`,`)}}
	}
	for i := len(kept.list); i < len(list); i++ {
		kept.bytes += emptyNode + s.length(list[i]) + len(`,`)
		if i%sampled == 0 {
			kept.novel += s.novelAt(i, list[i], list[max(0, i-1)])
		}
	}
	kept.list, kept.addresses = list, len(list)
	return &kept.tally
}

// sampled says that of every so many addresses of a list one is compared with that before
// it. The others count as much.
const sampled = 4

// novelAt is what is new in the i-th address of a list, and the ones after it.
func (s *Sizes) novelAt(i int, p, before peer.Peer) int {
	text := s.speaker.Book.Text(p)
	if i == 0 {
		return len(text)
	}
	return sampled * novel(s.speaker.Book.Text(before), text)
}

// weighed is the packed tally of a list of masters, by its digest.
type weighed struct{ digest, tally uint64 }

// nodesPerList is for how many nodes there is one place for the tally of a list of masters.
// A master has a new list whenever another has a new size, and its slaves answer with those
// of the last round: in a network of a hundred thousand nodes that come and go, some six
// thousand are in use.
const nodesPerList = 4

// masters returns the tally of a list. Thousands of answers have the same one.
func (s *Sizes) masters(m *message.Masters) tally {
	digest := m.Digest()
	place := &s.weighed[digest%uint64(len(s.weighed))]
	if digest != 0 && place.digest == digest {
		return unpack(place.tally, len(m.List))
	}
	t := s.named(m.List)
	last := uint32(0)
	for i := range m.List {
		size := m.List[i].Size
		t.bytes += digits(int64(size))
		if size != last {
			t.changes++
		}
		last = size
	}
	if packed, fits := t.pack(); fits {
		*place = weighed{digest, packed}
	}
	return t
}

// The bits of the two larger numbers of a packed tally.
const (
	packedBytes = 24
	packedNovel = 24
)

// pack puts the tally of a list without texts into one number, if it fits.
func (t *tally) pack() (packed uint64, fits bool) {
	bytes, novel, changes := uint64(t.bytes), uint64(t.novel), uint64(t.changes)
	fits = bytes>>packedBytes == 0 && novel>>packedNovel == 0 && changes>>(64-packedBytes-packedNovel) == 0
	return bytes | novel<<packedBytes | changes<<(packedBytes+packedNovel), fits
}

// unpack is the reverse of pack, for a list of so many addresses.
func unpack(packed uint64, addresses int) tally {
	return tally{
		bytes:     int(packed & (1<<packedBytes - 1)),
		novel:     int(packed >> packedBytes & (1<<packedNovel - 1)),
		changes:   int(packed >> (packedBytes + packedNovel)),
		addresses: addresses,
	}
}

// names are a list of masters, and its tally without their sizes.
type names struct {
	list []message.Master
	tally
}

// named returns the tally of a list of masters without their sizes. A master lists itself
// first, and most of its lists name the masters of the last in the same order.
func (s *Sizes) named(list []message.Master) tally {
	if len(list) == 0 {
		return tally{bytes: len(`[]`)}
	}
	last := &s.names[list[0].Peer.ID()%keptLists]
	if slices.EqualFunc(last.list, list, func(a, b message.Master) bool { return a.Peer == b.Peer }) {
		return last.tally
	}
	t := tally{bytes: len(`[]`) + len(list) - 1, addresses: len(list)}
	for i := range list {
		t.bytes += len(`{"address":"","size":}`) + s.length(list[i].Peer)
		if i%sampled == 0 {
			t.novel += s.novelAt(i, list[i].Peer, list[max(0, i-1)].Peer)
		}
	}
	*last = names{list, t}
	return t
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
