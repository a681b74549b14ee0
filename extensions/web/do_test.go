package web_test

import (
	"context"
	"errors"
	"testing"

	"spreadable/core/host"
	"spreadable/extensions/web"
)

// runner runs a procedure, and then fails or not.
type runner struct{ failed error }

func (r runner) Run(_ context.Context, procedure func(t *host.Task)) error {
	procedure(nil)
	return r.failed
}

func TestAProcedureEndsWithItsErrorOrIsAway(t *testing.T) {
	own, gone := errors.New("own"), errors.New("gone")
	for _, want := range []error{nil, own} {
		procedure := func(*host.Task) error { return want }
		if err := web.Do(t.Context(), runner{}, procedure); err != want {
			t.Errorf("got %v, want %v", err, want)
		}
		if err := web.Do(t.Context(), runner{gone}, procedure); !errors.Is(err, web.ErrAway) || !errors.Is(err, gone) {
			t.Errorf("away: %v", err)
		}
	}
}
