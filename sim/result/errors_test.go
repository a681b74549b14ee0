package result_test

import (
	"errors"
	"fmt"
	"testing"

	"spreadable/core/message"
	"spreadable/sim/result"
)

// Each error has its name, whatever it is wrapped in.
func TestErrorsHaveTheirNames(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{message.Refusal(message.CodeMasterFull, "x"), message.CodeMasterFull},
		{message.ErrTimeout, result.ErrorTimeout}, {message.ErrUnreachable, result.ErrorUnreachable},
		{message.ErrRefused, result.ErrorUnreachable}, {message.ErrDenied, result.ErrorDenied},
		{message.ErrMalformed, result.ErrorMalformed}, {message.ErrLocal, result.ErrorOther}, {errors.New("x"), result.ErrorOther},
	} {
		if got := result.ErrorName(test.err); got != test.want {
			t.Errorf("%v is %q, want %q", test.err, got, test.want)
		}
		if test.err == nil {
			continue
		}
		if got := result.ErrorName(fmt.Errorf("in a request: %w", test.err)); got != test.want {
			t.Errorf("%v, wrapped, is %q, want %q", test.err, got, test.want)
		}
	}
}
