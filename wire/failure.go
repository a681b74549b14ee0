package wire

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Answers other than success, and messages that cannot be read.

// statusError is an error with an HTTP status of its own.
type statusError struct {
	status int
	text   string
}

func (e statusError) Error() string { return e.text }

// WithStatus makes an error that is answered with this HTTP status and text.
func WithStatus(status int, text string) error { return statusError{status, text} }

// badBody is the error of a request's body that cannot be read.
func badBody(reason string) error { return statusError{http.StatusBadRequest, reason} }

// Failure is how an error is answered: a refusal with 422 and its code, any other with
// the status of its kind.
func Failure(err error) (status int, body Encoded) {
	status, text, code := failure(err)
	w := writer{}
	w.failure(text, code)
	return status, w.encoded()
}

func failure(err error) (status int, text, code string) {
	var refusal *message.Error
	var withStatus statusError
	switch {
	case errors.As(err, &refusal):
		return http.StatusUnprocessableEntity, refusal.Message, Code(refusal.Code)
	case errors.As(err, &withStatus):
		return withStatus.status, withStatus.text, ""
	case IsEnd(err):
		return http.StatusRequestTimeout, "the request was given up", ""
	case errors.Is(err, message.ErrWrongRoot):
		return http.StatusForbidden, RootMessage, ""
	case errors.Is(err, message.ErrDenied):
		return http.StatusForbidden, err.Error(), ""
	}
	return http.StatusInternalServerError, err.Error(), ""
}

// failure writes the body of a failure; code is "" for none.
func (w *writer) failure(text, code string) {
	w.raw(`{"message":`)
	w.string(text)
	if code != "" {
		w.raw(`,"code":`)
		w.string(code)
	}
	w.raw(`}`)
}

// IsEnd reports whether an error means that the timeout budget or the participant has
// ended, not that a request has failed.
func IsEnd(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// readFailure reads an answer that is not a success. JSON with a code is a refusal by a
// peer that works; everything else is a failure.
func readFailure(resp *http.Response, body []byte) error {
	var shape struct{ Message, Code string }
	isJSON := strings.Contains(resp.Header.Get("Content-Type"), RequestType)
	if isJSON && json.Unmarshal(body, &shape) == nil && shape.Code != "" {
		code := strings.TrimPrefix(shape.Code, CodePrefix)
		return &message.Error{
			Code:    code[:min(maxKey, len(code))],
			Message: shape.Message[:min(MaxMessage, len(shape.Message))],
		}
	}
	words := clean(shape.Message)
	switch {
	case resp.StatusCode == http.StatusForbidden && strings.HasPrefix(shape.Message, RootMessage):
		return &refusal{message.ErrWrongRoot, "it belongs to another network: " + words}
	case resp.StatusCode == http.StatusForbidden:
		return Denied("it refuses us: " + cmp.Or(words, resp.Status))
	case resp.StatusCode == http.StatusUnauthorized:
		return Denied("it refuses us: its network is closed, and wants a username and a password (401)")
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w: no node is there: it answers %s", message.ErrUnreachable, resp.Status)
	case words != "":
		return fmt.Errorf("%w: it answers %s: %s", message.ErrUnreachable, resp.Status, words)
	}
	return fmt.Errorf("%w: it answers %s", message.ErrUnreachable, resp.Status)
}

// refusal is ErrDenied or ErrWrongRoot in the words of the node that said it.
type refusal struct {
	kind error
	text string
}

// Denied returns message.ErrDenied in other words.
func Denied(text string) error { return &refusal{message.ErrDenied, text} }

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.kind }

// clean makes the words of another node fit for a line of a log.
func clean(words string) string {
	const most = 200 // bytes
	words = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, words[:min(most, len(words))])
	return strings.ToValidUTF8(words, "")
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{message.ErrMalformed}, args...)...)
}

// lenient decodes an answer and ignores unknown keys.
func lenient(text []byte, shape any) error {
	if err := json.Unmarshal(text, shape); err != nil {
		return malformed("%.200s", err)
	}
	return nil
}

// strict decodes an answer that npm nodes check against a schema: without other keys, and
// with nothing after it.
func strict(text []byte, shape any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(shape); err != nil {
		return malformed("%.200s", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return malformed("something behind the object")
	}
	return nil
}

// addressOf reads an address that must be one.
func addressOf(text string) (peer.Address, error) {
	a, err := peer.Parse(text)
	if err != nil {
		return a, malformed("%.200s", err)
	}
	return a, nil
}

// addressesOf reads a list and leaves out what is not an address: such a peer could never
// be called.
func addressesOf(list []nodeShape) []peer.Address {
	addresses := make([]peer.Address, 0, len(list))
	for _, n := range list {
		if a, err := peer.Parse(n.Address); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}
