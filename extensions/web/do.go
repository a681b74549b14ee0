package web

import (
	"context"
	"errors"
	"fmt"

	"spreadable/core/host"
)

// ErrAway says that an answer of a procedure has not come: the node is stopping, or the
// client is gone.
var ErrAway = errors.New("the node is stopping, or the client is gone")

// Do runs a procedure and returns its error. If that is ErrAway, the procedure may go on, so
// nothing that it writes may be read.
func Do(ctx context.Context, run Runner, procedure func(t *host.Task) error) error {
	ended := make(chan error, 1) // of one: the procedure ends even if the client is gone
	if err := run.Run(ctx, func(t *host.Task) { ended <- procedure(t) }); err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return <-ended
}
