package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/extensions/files/blocks"
	"spreadable/extensions/files/label"
	"spreadable/extensions/web"
)

// The HTTP edge.

// Routes implements web.Server.
func (s *Store) Routes(r web.Runner) []web.Route {
	s.run = r
	upload := http.HandlerFunc(s.serveUpload)
	most := int64(s.options.MaxSize)
	return []web.Route{
		{Method: "GET", Path: "{key}", Handler: http.HandlerFunc(s.serveGet)},
		{Zone: web.Client, Method: "PUT", Path: "put", MaxBody: most, Width: s.options.Uploads, Handler: upload},
		{Zone: web.Client, Method: "POST", Path: "put", MaxBody: most, Width: s.options.Uploads, Handler: upload},
		{Zone: web.Client, Method: "GET", Path: "links/{key}", Handler: http.HandlerFunc(s.serveLinks)},
		{Zone: web.Client, Method: "GET", Path: "stat/{key}", Handler: http.HandlerFunc(s.serveStat)},
		{Zone: web.Client, Method: "POST", Path: "remove", Handler: http.HandlerFunc(s.serveRemove)},
	}
}

// do runs a procedure for a handler.
func (s *Store) do(r *http.Request, procedure func(t *host.Task) error) error {
	return web.Do(r.Context(), s.run, procedure)
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	refusal := new(host.Error)
	switch {
	case errors.Is(err, ErrNotFound), message.IsRefusal(err, codeNone):
		status = http.StatusNotFound
	case errors.Is(err, ErrDenied):
		status = http.StatusForbidden
	case errors.Is(err, ErrTooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, host.ErrFull):
		status = http.StatusInsufficientStorage
	case errors.Is(err, host.ErrFewCopies), errors.Is(err, web.ErrAway):
		status = http.StatusServiceUnavailable
	case errors.Is(err, errInput):
		status = http.StatusBadRequest
	case errors.As(err, &refusal):
		status = http.StatusUnprocessableEntity
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, err.Error(), status)
}

// errInput marks what a client has said wrong.
var errInput = errors.New("bad request")

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(value) // a client that is gone needs no answer
}

// keyIn reads the key of a path. A suffix after a dot is for people and programs that want
// one, such as .mp3.
func keyIn(r *http.Request) (host.Key, error) {
	text, _, _ := strings.Cut(r.PathValue("key"), ".")
	key, err := host.ParseKey(text)
	if err != nil {
		return key, fmt.Errorf("%w: %w", errInput, err)
	}
	return key, nil
}

// serveUpload serves PUT and POST /client/files/put?name=&copies=&acks=&owner=, whose
// body is the file.
func (s *Store) serveUpload(w http.ResponseWriter, r *http.Request) {
	stored, err := s.upload(r)
	if err != nil {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close") // the body may be unread
		}
		fail(w, err)
		return
	}
	answer(w, map[string]any{
		"key": stored.Key, "size": stored.Size, "name": stored.Name, "type": stored.Type, "copies": len(stored.Holders),
		"wanted": stored.Wanted, "existed": stored.Existed, "token": stored.Token,
	})
}

func (s *Store) upload(r *http.Request) (stored *Stored, err error) {
	wish, err := wishOf(r.URL.Query())
	if err == nil {
		err = s.reachable(wish)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInput, err)
	}
	if r.ContentLength < 0 {
		return nil, fmt.Errorf("%w: want a Content-Length", errInput)
	}
	if err := s.Charge(r, r.ContentLength); err != nil {
		return nil, err
	}
	draft, err := s.Draft(r.ContentLength)
	if err != nil {
		return nil, err
	}
	defer draft.Discard()
	head, err := fillDraft(draft, r.Body)
	if err != nil {
		return nil, err
	}
	switch key, size := draft.Sum(); {
	case size != r.ContentLength:
		return nil, fmt.Errorf("%w: the body has not come whole: %d bytes of %d", errInput, size, r.ContentLength)
	case wish.expected != nil && key != *wish.expected:
		return nil, fmt.Errorf("%w: the bytes have the key %s", errInput, key)
	}
	wish.Type = label.Type(head)
	err = s.do(r, func(t *host.Task) error {
		var err error
		stored, err = s.Put(t, s.Adopt(draft), wish.Wish)
		return err
	})
	return stored, err
}

// fillDraft writes a body into a draft, and returns its first bytes.
func fillDraft(draft host.Draft, body io.Reader) (head []byte, err error) {
	head = make([]byte, label.HeadSize)
	n, err := io.ReadFull(body, head)
	head = head[:n]
	if _, err := draft.Write(head); err != nil {
		return nil, err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return head, nil
	}
	if err == nil {
		_, err = io.CopyBuffer(struct{ io.Writer }{draft}, body, make([]byte, 256<<10))
	}
	if err != nil && !errors.Is(err, host.ErrFull) {
		err = fmt.Errorf("%w: the body has not come whole: %w", errInput, err)
	}
	return head, err
}

// wishes are what a client wants of an upload: besides the rest, the key that it expects;
// nil for any.
type wishes struct {
	Wish
	expected *host.Key
}

// reachable says why no upload could have as many acknowledgements as are wanted. The size
// of the network is no reason: in a small one fewer copies are made.
func (s *Store) reachable(w wishes) error {
	rule := w.Copies
	fill(&rule, s.options.Copies)
	most := s.options.MaxCopies
	if n, err := strconv.Atoi(rule); err == nil {
		most = min(most, n)
	}
	if w.Acks > most {
		return fmt.Errorf("acks %d: want at most %d, as many as there are copies", w.Acks, most)
	}
	return nil
}

// wishOf reads what a client wants.
func wishOf(q url.Values) (w wishes, err error) {
	w.Wish = Wish{Name: q.Get("name"), Copies: q.Get("copies")}
	if text := q.Get("key"); text != "" {
		key, err := host.ParseKey(text)
		if err != nil {
			return w, err
		}
		w.expected = &key
	}
	if err := label.CheckName(w.Name); err != nil {
		return w, fmt.Errorf("name: %w", err)
	}
	if w.Copies != "" {
		if _, err := host.Copies(w.Copies, 1); err != nil {
			return w, err
		}
	}
	if text := q.Get("acks"); text != "" {
		if w.Acks, err = strconv.Atoi(text); err != nil || w.Acks < 1 {
			return w, fmt.Errorf("acks %.20q: want a number above 0", text)
		}
	}
	if text := q.Get("owner"); text != "" {
		key, err := host.ParseKey(text) // of the same form
		if err != nil {
			return w, fmt.Errorf("owner: %w", err)
		}
		w.Owner = key[:]
	}
	return w, nil
}

// usage is what the clients of a host have begun to upload today.
type usage struct{ bytes int64 }

// Charge counts the bytes of an upload against the quota of the client's host, for routes
// of this store and of others that put files into it.
func (s *Store) Charge(r *http.Request, size int64) error {
	if s.options.HostQuota == 0 {
		return nil
	}
	client := web.VisitorHost(r)
	return s.do(r, func(*host.Task) error {
		u, known := s.quota.Get(client)
		if !known {
			u = &usage{}
			s.quota.Set(client, u)
		}
		if u.bytes+size > int64(s.options.HostQuota) {
			s.count.over.Add(1)
			s.h.Log(host.Warn, "an upload is refused: see the option host_quota", "host", client.String(), "bytes", size)
			return refuse("ERR_FILES_QUOTA", "the quota of %d bytes a day is used up", int64(s.options.HostQuota))
		}
		u.bytes += size
		return nil
	})
}

// serveGet serves GET and HEAD /files/{key}.
func (s *Store) serveGet(w http.ResponseWriter, r *http.Request) {
	key, err := keyIn(r)
	if err != nil {
		fail(w, err)
		return
	}
	s.ServeFile(w, r, key)
}

// ServeFile answers a request with a file: verified bytes, or a redirect to a node that
// has them.
func (s *Store) ServeFile(w http.ResponseWriter, r *http.Request, key host.Key) {
	file, f, err := s.open(r, key)
	if errors.Is(err, host.ErrNoBlob) || errors.Is(err, host.ErrDamaged) {
		s.redirect(w, r, key)
		return
	}
	if err != nil {
		fail(w, err)
		return
	}
	defer file.Close()
	h := w.Header()
	h.Set("ETag", `"`+key.String()+`"`)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", label.Disposition(f.Name))
	// what strangers have stored runs nowhere
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	http.ServeContent(w, r, "", time.Time{}, file)
}

// redirect sends a client to a node that has the file. One that was sent here by another
// node is not sent on, so that it cannot go in circles.
func (s *Store) redirect(w http.ResponseWriter, r *http.Request, key host.Key) {
	if r.URL.Query().Has("from") {
		fail(w, ErrNotFound)
		return
	}
	var links []string
	err := s.do(r, func(t *host.Task) (err error) {
		links, err = s.links(t, key)
		return err
	})
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	http.Redirect(w, r, scheme(r)+links[0]+r.URL.Path+"?from="+url.QueryEscape(r.Host), http.StatusFound)
}

// links are the addresses of other holders, in random order.
func (s *Store) links(t *host.Task, key host.Key) ([]string, error) {
	holders, err := s.Locate(t, key)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, address := range holders {
		if address != s.self() {
			others = append(others, address)
		}
	}
	if len(others) == 0 {
		return nil, ErrNotFound
	}
	s.h.Rand().Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	return others, nil
}

// scheme is how the client has called this node; the other nodes are called alike.
func scheme(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://"
	}
	return "http://"
}

// verified is an open file.
type verified struct {
	*blocks.Reader
	source io.Closer
	store  *Store
	buffer *[]byte
}

// Close implements io.Closer.
func (v *verified) Close() error {
	v.store.buffers.Put(v.buffer)
	return v.source.Close()
}

// open opens an own file for a request. What is damaged comes from other nodes.
func (s *Store) open(r *http.Request, key host.Key) (io.ReadSeekCloser, *File, error) {
	var f *File
	var sums []byte
	err := s.do(r, func(t *host.Task) error {
		if !s.Has(key) {
			return host.ErrNoBlob
		}
		if f = s.file(key); f != nil {
			sums = s.sums(f)
		}
		if f == nil || sums == nil && f.Size > 0 {
			return host.ErrNoBlob
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	source, err := s.h.Blobs().Open(key)
	if err != nil {
		s.noteLost(r, key, err)
		return nil, nil, host.ErrNoBlob
	}
	buffer := s.buffers.Get().(*[]byte)
	reader, err := blocks.NewReader(source, f.Size, sums, *buffer, func(block int) ([]byte, error) {
		return s.mendBlock(r, f, block)
	})
	if err != nil {
		return nil, nil, errors.Join(err, source.Close())
	}
	return &verified{reader, source, s, buffer}, f, nil
}

// noteLost has the bytes of an own file asked for again: they could not be read.
func (s *Store) noteLost(r *http.Request, key host.Key, cause error) {
	_ = s.do(r, func(t *host.Task) error {
		t.Fork(func(t *host.Task) { s.lose(t, key, cause) })
		return nil
	})
}

// mendBlock gets a block that is damaged here from another holder, and has the own copy
// replaced.
func (s *Store) mendBlock(r *http.Request, f *File, block int) (data []byte, err error) {
	err = s.do(r, func(t *host.Task) error {
		holders, _, err := s.Copies(t, f.Key)
		if err != nil {
			return err
		}
		from, to := blocks.Bounds(f.Size, block)
		sums := s.sums(f)
		for _, p := range s.peers(holders) {
			if got, err := s.fetchPart(t, p, f.Key, from, to); err == nil && blocks.Good(sums, block, got) {
				data = got
				break
			}
		}
		t.Fork(func(t *host.Task) { s.lose(t, f.Key, host.ErrDamaged) })
		if data == nil {
			return ErrNotFound
		}
		s.count.mended.Add(1)
		return nil
	})
	return data, err
}

// fetchPart asks a node for bytes of a file.
func (s *Store) fetchPart(t *host.Task, p host.Peer, key host.Key, from, to int64) (data []byte, err error) {
	for from < to {
		q := &partQuestion{key, from, int(min(to-from, mostPart))}
		a, err := s.askPart(t, p, q, nil)
		if err != nil {
			return nil, err
		}
		if a == nil || len(a.Data) != q.Length {
			return nil, errors.New("another length than was asked for")
		}
		data = append(data, a.Data...)
		from += int64(q.Length)
	}
	return data, nil
}

// servePart gives bytes of an own file. The asker verifies them.
func (s *Store) servePart(t *host.Task, _ host.Peer, q *partQuestion, _ *host.Pending) (*partAnswer, error) {
	if !s.Has(q.Key) {
		return nil, refuse(codeNone, "the file is not here")
	}
	data, err := s.read(t, q)
	if err != nil {
		return nil, refuse(codeNone, "these bytes are not here")
	}
	return &partAnswer{data}, nil
}

// serveLinks serves GET /client/files/links/{key}: {"links": [...]}, where the file can be
// downloaded.
func (s *Store) serveLinks(w http.ResponseWriter, r *http.Request) {
	key, err := keyIn(r)
	var holders []string
	if err == nil {
		err = s.do(r, func(t *host.Task) (err error) {
			holders, err = s.Locate(t, key)
			return err
		})
	}
	if err != nil {
		fail(w, err)
		return
	}
	links := make([]string, len(holders))
	for i, address := range holders {
		links[i] = scheme(r) + address + "/files/" + key.String()
	}
	answer(w, map[string]any{"links": links})
}

// serveStat serves GET /client/files/stat/{key}: which nodes keep the file. It asks all
// nodes.
func (s *Store) serveStat(w http.ResponseWriter, r *http.Request) {
	key, err := keyIn(r)
	var holders []string
	var coverage host.Coverage
	wanted := 0
	var about *File
	if err == nil {
		err = s.do(r, func(t *host.Task) (err error) {
			if holders, coverage, err = s.Copies(t, key); err != nil {
				return err
			}
			if len(holders) == 0 {
				return ErrNotFound
			}
			if about = s.describe(t, key, holders); about != nil {
				wanted = s.wanted(about.Copies)
			}
			return nil
		})
	}
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, map[string]any{
		"key": key, "copies": len(holders), "wanted": wanted, "holders": holders, "file": about,
		"asked": coverage.Asked, "answered": coverage.Answered,
	})
}

// serveRemove serves POST /client/files/remove: a Removal as JSON.
func (s *Store) serveRemove(w http.ResponseWriter, r *http.Request) {
	var removal Removal
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&removal); err != nil {
		fail(w, fmt.Errorf("%w: %w", errInput, err))
		return
	}
	if err := removal.check(); err != nil {
		fail(w, fmt.Errorf("%w: %w", errInput, err))
		return
	}
	count := 0
	if err := s.do(r, func(t *host.Task) (err error) {
		count, err = s.Remove(t, removal)
		return err
	}); err != nil {
		fail(w, err)
		return
	}
	answer(w, map[string]int{"removed": count})
}
