package result

import (
	"errors"

	"spreadable/core/message"
)

// ErrorName is the name of an error: its code, or what happened to the request; empty for
// none.
func ErrorName(err error) string {
	var refusal *message.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return refusal.Code
	case errors.Is(err, message.ErrTimeout):
		return ErrorTimeout
	case errors.Is(err, message.ErrUnreachable):
		return ErrorUnreachable
	case errors.Is(err, message.ErrDenied):
		return ErrorDenied
	case errors.Is(err, message.ErrMalformed):
		return ErrorMalformed
	}
	return ErrorOther
}
