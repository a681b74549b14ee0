package httptransport

import (
	"errors"
	"io"
	"math"
	"net/http"
	"sync"
	"time"

	"spreadable/extensions/web"
)

// The routes of extensions. Their bodies and answers may be of any length, so they have no
// limit in time as a whole: a body must come at a least rate, and each write of an answer
// must end soon.

// webLines are the places of the routes, made when they are first needed.
type webLines struct {
	mu    sync.Mutex
	lines map[*web.Route]*line
}

func (s *server) webLine(rt *web.Route) *line {
	s.web.mu.Lock()
	defer s.web.mu.Unlock()
	l := s.web.lines[rt]
	if l == nil {
		if s.web.lines == nil {
			s.web.lines = make(map[*web.Route]*line)
		}
		places := rt.Width
		if places == 0 {
			places = s.options.Concurrency
		}
		l = s.newLine(places)
		s.web.lines[rt] = l
	}
	return l
}

// serveWeb serves a request to a route of an extension, behind its guards.
func (s *server) serveWeb(v *visit, rt *web.Route, handler http.Handler) error {
	scope := statusScope
	if rt.Zone == web.Client {
		scope = clientScope
	}
	most := rt.MaxBody
	if most == 0 {
		most = s.options.MaxBody
	}
	err := s.access(v, scope)
	if err == nil && v.r.ContentLength > most {
		err = errTooLarge
	}
	if err == nil {
		v.place, err = takePlace(v.r.Context(), s.webLine(rt), v.ip)
	}
	if err == nil {
		defer v.place.leave()
		if rt.Approval != "" {
			err = s.approve(v, rt.Approval)
		}
	}
	if err != nil {
		if v.r.ContentLength != 0 {
			v.w.Header().Set("Connection", "close") // the body is unread
		}
		return err
	}
	r := web.WithVisitor(v.forApplication(), v.ip)
	w := &webWriter{ResponseWriter: v.w, control: http.NewResponseController(v.w), timeout: rt.Timeout}
	body := &webBody{control: w.control, left: r.ContentLength, ended: true}
	if r.Body != nil && r.Body != http.NoBody {
		body.ended, body.Reader, body.Closer = false, s.flow(http.MaxBytesReader(v.w, r.Body, most), v), r.Body
		r.Body = body
		_ = w.control.SetReadDeadline(time.Now().Add(bodyStart)) // of a body that the handler does not read
	}
	w.extend()
	handler.ServeHTTP(w, r)
	if !body.ended {
		// net/http reads some more of it before it answers
		_ = w.control.SetReadDeadline(time.Now().Add(unreadBody))
	}
	return nil
}

// unreadBody is how long the rest of a body may take that no handler reads.
const unreadBody = time.Second

// webBody is a body that must come at a least rate. When it has come the handler has as much
// time as it takes: a read deadline would end the request.
type webBody struct {
	io.Reader
	io.Closer
	control *http.ResponseController
	left    int64 // bytes; below 0 if that is unknown
	ended   bool
}

// Read implements io.Reader.
func (b *webBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left == 0 || errors.Is(err, io.EOF) {
		b.ended = true
		_ = b.control.SetReadDeadline(time.Time{})
	}
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return n, errTooLarge
	}
	return n, err
}

// webWriter is an answer without a limit in time as a whole.
type webWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
}

// webChunk is how much of an answer has one time limit.
const webChunk = 1 << 20

func (w *webWriter) extend() {
	// no error: net/http's connections have deadlines
	_ = w.control.SetWriteDeadline(time.Now().Add(w.timeout))
}

// Unwrap is for http.ResponseController.
func (w *webWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write implements io.Writer.
func (w *webWriter) Write(p []byte) (int, error) {
	w.extend()
	return w.ResponseWriter.Write(p)
}

// ReadFrom implements io.ReaderFrom, so that net/http can leave the copying of a file to
// the system. That knows a file within one io.LimitedReader, not within two.
func (w *webWriter) ReadFrom(r io.Reader) (total int64, err error) {
	limit, limited := r.(*io.LimitedReader)
	if !limited {
		limit = &io.LimitedReader{R: r, N: math.MaxInt64}
	}
	for limit.N > 0 {
		w.extend()
		chunk := min(webChunk, limit.N)
		n, err := io.Copy(w.ResponseWriter, &io.LimitedReader{R: limit.R, N: chunk})
		total += n
		limit.N -= n
		if err != nil || n < chunk {
			return total, err
		}
	}
	return total, nil
}
