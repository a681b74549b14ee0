package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"spreadable/core/message"
	"spreadable/wire"
)

// Code is a refusal's name on the wire. It is an error, so that errors.Is finds it in the
// errors of a Client. Applications have other codes, with prefixes of their own.
type Code string

// Error implements error.
func (c Code) Error() string { return string(c) }

const prefix = wire.CodePrefix

// The codes that clients meet.
const (
	// made by the client itself: the timeout has passed
	CodeTimeout Code = prefix + "REQUEST_TIMEDOUT"
	// the action needs an approval
	CodeApprovalRequired Code = prefix + message.CodeApprovalRequired
	// the node has no approval of this kind
	CodeInvalidAction Code = prefix + message.CodeInvalidAction
	// the approval has a wrong form
	CodeInvalidApproval Code = prefix + message.CodeInvalidApproval
	// the info for the question is invalid; see IsSchema for npm's codes
	CodeInvalidInformation Code = prefix + message.CodeInvalidInformation
	// too few approvers vouch for the client
	CodeTooFewDecisions Code = prefix + message.CodeTooFewDecisions
	// the key is another client's, or unknown
	CodeUnsuitableKey Code = prefix + message.CodeUnsuitableKey
	// the answer is wrong, or was used at this node before
	CodeWrongAnswer Code = prefix + message.CodeWrongAnswer
	// the approval is too old
	CodeWrongApprovalTime Code = prefix + message.CodeWrongApprovalTime
	// the extension takes no such question
	CodeInvalidQuestion Code = prefix + message.CodeInvalidQuestion
	// the extension failed without a code of its own
	CodeFailed   Code = prefix + message.CodeFailed
	schemaPrefix      = prefix + "VALIDATE_SCHEMA_"
)

// IsSchema reports whether a node refused what it was given because of its form. Npm
// nodes have a code for each fault of form, ours have CodeInvalidInformation.
func IsSchema(err error) bool {
	var e *Error
	return errors.As(err, &e) && strings.HasPrefix(string(e.Code), schemaPrefix)
}

var (
	// ErrUnavailable is in the error of Connect, and of requests, when none of the
	// addresses answers.
	ErrUnavailable = errors.New("no node is available")
	// ErrClosed is in the error of all calls of a closed client, and of those that Close
	// has ended.
	ErrClosed = errors.New("client is closed")
)

// Error is a request that did not succeed: refused by a node, or without an answer that
// could be used.
type Error struct {
	Address  string // the node's
	Endpoint string // what it was asked for
	Code     Code   // of a refusal, or CodeTimeout; empty if there is no code
	Status   int    // of HTTP; 0 if there was no answer
	Message  string // for people: the node's own words, or the fault
	// why there is no answer, or why it cannot be read; else nil
	Cause error
}

// Error implements error.
func (e *Error) Error() string {
	text := "client: " + e.Address + ": " + e.Endpoint + ": " + e.Message
	if e.Code != "" {
		text += " (" + string(e.Code) + ")"
	}
	return text
}

// Unwrap lets errors.Is find the code, and context's errors behind a request that was cut
// off.
func (e *Error) Unwrap() []error {
	var inner []error
	if e.Code != "" {
		inner = append(inner, e.Code)
	}
	if e.Cause != nil {
		inner = append(inner, e.Cause)
	}
	return inner
}

// refusal reads an answer that is no success. As in npm clients only JSON may have a
// code: proxies, which know nothing of codes, answer in HTML.
func refusal(resp *http.Response, body []byte) *Error {
	e := &Error{Status: resp.StatusCode}
	var said struct{ Message, Code string }
	if strings.Contains(resp.Header.Get("Content-Type"), wire.RequestType) && json.Unmarshal(body, &said) == nil {
		e.Code = Code(printable(said.Code))
		e.Message = printable(said.Message)
	}
	if e.Message == "" {
		e.Message = "the answer is " + printable(resp.Status)
	}
	return e
}

// failure says why there was no answer: ctx has ended, or the network failed.
func failure(ctx context.Context, err error) *Error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &Error{Code: CodeTimeout, Message: "request timed out", Cause: context.DeadlineExceeded}
	case ctx.Err() != nil:
		return &Error{Message: context.Cause(ctx).Error(), Cause: context.Cause(ctx)}
	}
	return &Error{Message: printable(err.Error()), Cause: err}
}

func malformed(status int, err error) *Error {
	return &Error{Status: status, Message: printable(fmt.Sprintf("malformed answer: %v", err)), Cause: err}
}

// printable makes a text from another machine safe for a terminal and a log.
func printable(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), wire.MaxMessage)], "")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
