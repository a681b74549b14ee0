package httptransport

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

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
	if v.body, err = s.inflate(r); err == nil {
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
	kind, params, err := mime.ParseMediaType(header)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", nil
	}
	return kind, params
}

// clip shortens a text of a request to be quoted.
func clip(text string) string { return text[:min(80, len(text))] }

// inflate reads a body in its content encoding. Large bodies, and those of unknown size,
// are read a few at a time: together they could fill the memory.
func (s *server) inflate(r *http.Request) ([]byte, error) {
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	plain := encoding == "" || encoding == "identity"
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
	if !plain || r.ContentLength < 0 || r.ContentLength > smallBody {
		select {
		case s.bodies <- struct{}{}:
			defer func() { <-s.bodies }()
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	var source io.Reader = r.Body
	var err error
	switch encoding {
	case "gzip":
		source, err = gzip.NewReader(r.Body)
	case "deflate":
		source, err = zlib.NewReader(r.Body)
	}
	if err != nil {
		return nil, badBody("incorrect header check")
	}
	body, err := io.ReadAll(io.LimitReader(source, s.options.MaxBody+1))
	switch {
	case int64(len(body)) > s.options.MaxBody:
		return nil, errTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF) && plain:
		return nil, badBody("request aborted")
	case err != nil:
		return nil, badBody("the body cannot be read")
	}
	return body, nil
}

func badBody(reason string) error { return wire.WithStatus(http.StatusBadRequest, reason) }

var errTooLarge = wire.WithStatus(http.StatusRequestEntityTooLarge, "request entity too large")

const (
	// how much of a body that is too large is read and discarded, in times the limit
	tolerated = 4
	smallBody = 16 << 10 // read at once, however many there are
	maxBodies = 64       // larger ones in memory at a time
)

// accepted chooses how to compress an answer: gzip, deflate, or "" for not at all.
func accepted(header string) string {
	best := ""
	for item := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		quality, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if q, err := strconv.ParseFloat(quality, 64); found && (err != nil || !(q > 0)) {
			continue
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
