package message

import (
	"errors"
	"fmt"
)

// What can happen to a request besides a refusal. Each counts as one failure of the peer
// that was asked, but ErrMalformed, which counts as misbehaviour; a timeout counts only
// when the asker asked for itself (see core.Node).
//
// ErrDenied is the address filter's, here or there: the other side is banned,
// blacklisted, or not in a whitelist. ErrMalformed is garbage: an answer that is no
// refusal and not what the kind of request calls for. ErrUnusable is an answer that may
// be honest and is of no use all the same: an application's that is longer than we read,
// or that our application cannot read. ErrLocal says that the asker's own machine failed
// before anything was sent: it counts against no peer.
var (
	ErrTimeout     = errors.New("request timed out")
	ErrUnreachable = errors.New("peer is unreachable")
	ErrDenied      = errors.New("denied by the address filter")
	ErrWrongRoot   = errors.New("node root is different")
	ErrMalformed   = errors.New("malformed answer")
	ErrUnusable    = errors.New("unusable answer")
	ErrLocal       = errors.New("the own machine failed")
)

// ErrRefused says that no program listens at the address. A simulated network, in which
// nothing else is unreachable, says ErrUnreachable for it.
var ErrRefused = fmt.Errorf("%w: connection refused", ErrUnreachable)

// IsRefused reports whether a request failed because no program listens there.
func IsRefused(err error) bool { return err == ErrUnreachable || err == ErrRefused }

// IsSilence reports whether err is that of a request without any answer by a peer that
// takes us for a member: neither good nor a refusal, nor garbage.
func IsSilence(err error) bool {
	if err == nil || errors.Is(err, ErrMalformed) {
		return false
	}
	_, refusal := err.(*Error)
	return !refusal
}

// Error is a refusal: the other side understood the request and says no. It crosses the
// wire with its code; a peer that sends one is alive.
type Error struct {
	// one of the Code constants, or an application's; on the wire with a prefix
	Code    string
	Message string // for people
}

func (e *Error) Error() string { return e.Message }

// Is makes errors.Is compare refusals by their code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// IsRefusal reports whether err is a refusal with the given code.
func IsRefusal(err error, code string) bool { return errors.Is(err, &Error{Code: code}) }

// The codes of refusals, those of npm spreadable where it has one. CodeMasterFull,
// CodeDrawDiffers, CodeLevelsDiffer, CodeNoBranch and those from CodeUnknownQuery on are
// ours: npm peers take them for an ordinary failure. Which kinds are refused with which
// codes stands in the table (Row.Refusals); an application has codes of its own besides.
const (
	CodeInvalidTarget      = "INVALID_TARGET_FIELD"
	CodeInterviewee        = "INTERVIEW_INTERVIEWEE_NOT_AVAILABLE"
	CodeMasterFull         = "MASTER_IS_FULL"
	CodeDrawDiffers        = "DRAW_DIFFERS"
	CodeLevelsDiffer       = "LEVELS_DIFFER"
	CodeNoBranch           = "NO_BRANCH"
	CodeInvalidAction      = "INVALID_APPROVAL_ACTION"
	CodeWrongApprovalTime  = "WRONG_APPROVAL_TIME"
	CodeUnsuitableKey      = "UNSUITABLE_APPROVAL_KEY"
	CodeWrongAnswer        = "WRONG_APPROVAL_ANSWER"
	CodeTooFewDecisions    = "NOT_ENOUGH_APPROVER_DECISIONS"
	CodeApprovalRequired   = "APPROVAL_INFO_REQUIRED"
	CodeInvalidApproval    = "INVALID_APPROVAL_INFO"
	CodeInvalidInformation = "VALIDATE_SCHEMA_APPROVAL_INFO"
	CodeUnknownQuery       = "UNKNOWN_QUERY"
	CodeNotAllowed         = "NOT_ALLOWED"
	CodeInvalidQuestion    = "INVALID_QUESTION"
	CodeFailed             = "APPLICATION_FAILED"
)

// texts are what people read with a code.
var texts = map[string]string{
	CodeInvalidTarget:      `"target" field is invalid`,
	CodeInterviewee:        "interviewee is unavailable",
	CodeMasterFull:         "master is full",
	CodeDrawDiffers:        "settings of draws differ:",
	CodeLevelsDiffer:       "numbers of levels differ:",
	CodeNoBranch:           "the node has no branch yet",
	CodeInvalidAction:      "unknown approval action",
	CodeWrongApprovalTime:  "wrong approval time",
	CodeUnsuitableKey:      "unsuitable approval key",
	CodeWrongAnswer:        "wrong answer, try again",
	CodeTooFewDecisions:    "not enough approvers made a decision",
	CodeApprovalRequired:   "this action needs an approval",
	CodeInvalidApproval:    "invalid approval info",
	CodeInvalidInformation: "wrong approval information",
	CodeUnknownQuery:       "unknown query",
	CodeNotAllowed:         "only nodes may ask this",
	CodeInvalidQuestion:    "invalid question:",
	CodeFailed:             "the application failed:",
}

// Refusal returns the error of a code, with the code's own text and, if there is one, a
// detail behind it.
func Refusal(code, detail string) *Error {
	text := texts[code]
	if detail != "" {
		text += " " + detail
	}
	return &Error{Code: code, Message: text}
}

// Refuse returns the answer that refuses a request, with the code's own text.
func Refuse(code string) Response { return Response{Err: Refusal(code, "")} }
