package httptransport

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"spreadable/core/peer"

	"spreadable/wire"
)

// Reading the bodies of requests, with the checks of npm nodes (Express's body-parser) in
// their order: the type, whose parser looks at the charset; the content encoding; the
// size after inflation; the syntax.

// readBody reads a body that is JSON or a form; any other kind is left unread, and
// v.parsed stays false. It only checks the syntax of JSON; v.unpack decodes it where the
// fields are needed, which is rare in a settled network.
func (s *server) readBody(v *visit) (err error) {
	r := v.r
	v.parsed = true
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	kind, params := contentType(r.Header.Get("Content-Type"))
	parse := wire.CheckJSON
	switch kind {
	case wire.RequestType:
	case "application/x-www-form-urlencoded":
		parse = wire.ParseForm
	default:
		v.parsed = false
		return nil
	}
	if charset, named := params["charset"]; named && !strings.EqualFold(charset, "utf-8") {
		return wire.WithStatus(http.StatusUnsupportedMediaType,
			`unsupported charset "`+strings.ToUpper(clip(charset))+`"`)
	}
	if v.body, err = s.inflate(v); err == nil {
		v.fields, err = parse(v.body)
	}
	return err
}

// unpack decodes the fields of a body that readBody has checked.
func (v *visit) unpack() {
	if v.parsed && v.fields == nil {
		v.fields, _ = wire.ParseJSON(v.body) // a form has its fields already
	}
}

// contentType reads a Content-Type; its parameters are in lower case.
func contentType(header string) (kind string, params map[string]string) {
	if header == wire.RequestType {
		return header, nil // nearly all of them
	}
	kind, params, err := mime.ParseMediaType(header)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", nil
	}
	return kind, params
}

// clip shortens a text of a request to be quoted.
func clip(text string) string { return text[:min(80, len(text))] }

// isLarge reports whether a body takes one of the places for large bodies: it is large, or
// may be, because its size is unknown before it has been read or inflated.
func isLarge(r *http.Request) bool {
	return r.ContentLength < 0 || r.ContentLength > smallBody || r.ContentLength > 0 && !isPlain(contentEncoding(r))
}

func contentEncoding(r *http.Request) string {
	return strings.ToLower(r.Header.Get("Content-Encoding"))
}

func isPlain(encoding string) bool { return encoding == "" || encoding == "identity" }

// inflate reads a body in its content encoding. Large bodies are read a few at a time:
// together they could fill the memory. A body takes its place when the first 16 KiB have
// come, or all of it, so that one that hardly comes holds up none.
func (s *server) inflate(v *visit) ([]byte, error) {
	r := v.r
	encoding := contentEncoding(r)
	plain := isPlain(encoding)
	if !plain && encoding != "gzip" && encoding != "deflate" {
		return nil, wire.WithStatus(http.StatusUnsupportedMediaType,
			`unsupported content encoding "`+clip(encoding)+`"`)
	}
	if plain && r.ContentLength > s.options.MaxBody {
		// A sender that is still sending when the connection closes loses the answer; so
		// a body that is not much too large is read to its end.
		_, _ = io.CopyN(io.Discard, r.Body, min(r.ContentLength, tolerated*s.options.MaxBody))
		return nil, errTooLarge
	}
	var source io.Reader = r.Body
	var err error
	if isLarge(r) {
		paced := s.pace(v)
		defer paced.end()
		head, err := io.ReadAll(io.LimitReader(paced, smallBody))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, errSlow
		case err != nil:
			return nil, badBody("request aborted")
		}
		host := peer.HostIP(v.ip)
		if err := s.bodies.enter(r.Context(), host); err != nil {
			return nil, err
		}
		defer s.bodies.leave(host)
		paced.began, paced.got = time.Now(), 0
		source = io.MultiReader(bytes.NewReader(head), paced)
	}
	switch encoding {
	case "gzip":
		source, err = gzip.NewReader(source)
	case "deflate":
		source, err = zlib.NewReader(source)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errSlow
	}
	if err != nil {
		return nil, badBody("incorrect header check")
	}
	body, err := readAll(source, r, s.options.MaxBody)
	switch {
	case int64(len(body)) > s.options.MaxBody:
		return nil, errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlow
	case errors.Is(err, io.ErrUnexpectedEOF) && plain:
		return nil, badBody("request aborted")
	case err != nil:
		return nil, badBody("the body cannot be read")
	}
	return body, nil
}

// readAll reads one byte more than most at the most. A small body that says its size is read
// into so many bytes: of those there are many.
func readAll(source io.Reader, r *http.Request, most int64) ([]byte, error) {
	if isLarge(r) {
		return io.ReadAll(io.LimitReader(source, most+1))
	}
	body := make([]byte, r.ContentLength)
	n, err := io.ReadFull(source, body)
	if n == 0 && errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return body[:n], err
}

func badBody(reason string) error { return wire.WithStatus(http.StatusBadRequest, reason) }

// paced is a body that must come at a least rate, because it holds a place meanwhile.
type paced struct {
	source  io.Reader
	control *http.ResponseController
	began   time.Time
	got     int64 // bytes since then, not inflated
	rate    int64 // bytes per second
	slow    *limit
	host    netip.Addr
}

// bodyStart is the time that a body has before the least rate counts.
const bodyStart = 5 * time.Second

func (s *server) pace(v *visit) *paced {
	return &paced{
		source: v.r.Body, control: http.NewResponseController(v.w), began: time.Now(),
		rate: s.options.BodyRate, slow: s.loop.limits.slow, host: v.ip,
	}
}

// Read implements io.Reader. It waits until the moment at which what has come would be
// below the rate.
func (p *paced) Read(b []byte) (int, error) {
	earned := time.Duration(float64(p.got) / float64(p.rate) * float64(time.Second))
	// no error: net/http's connections have deadlines
	_ = p.control.SetReadDeadline(p.began.Add(bodyStart + min(earned, bodyLimit-bodyStart)))
	n, err := p.source.Read(b)
	p.got += int64(n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.slow.hit("host", p.host)
	}
	return n, err
}

// end lifts the deadline: later it would end the request, which the node is working on.
func (p *paced) end() { _ = p.control.SetReadDeadline(time.Time{}) }

var errSlow = wire.WithStatus(http.StatusRequestTimeout, "the body comes too slowly")

var errTooLarge = wire.WithStatus(http.StatusRequestEntityTooLarge, "request entity too large")

const (
	// how much of a body that is too large is read and discarded, in times the limit
	tolerated = 4
	smallBody = 16 << 10         // read at once, however many there are
	maxBodies = 64               // larger ones in memory at a time
	bodyLimit = 30 * time.Second // for a whole request, up to the end of its body
)

// accepted chooses how to compress an answer: gzip, deflate, or "" for not at all.
func accepted(header string) string {
	best := ""
	for item := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		if quality, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); found {
			if q, err := strconv.ParseFloat(quality, 64); err != nil || !(q > 0) {
				continue
			}
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "*":
			return "gzip"
		case "deflate":
			best = "deflate"
		}
	}
	return best
}
