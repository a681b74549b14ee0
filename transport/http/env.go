package httptransport

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// The loop is the node's environment, core.Env.

var _ core.Env = (*loop)(nil)

// Now implements core.Env: the time of the step.
func (l *loop) Now() time.Duration { return l.now }

// Wall implements core.Env: the time of the step by the wall clock as it is.
func (l *loop) Wall() time.Duration { return l.clock.truth() }

// Rand implements core.Env.
func (l *loop) Rand() *rand.Rand { return l.random }

// After implements core.Env.
func (l *loop) After(d time.Duration, tag uint32) {
	l.setAlarm(alarm{at: l.now + max(0, d), tag: tag})
}

// Note implements core.Env. The first node of a network fails to register at every sync,
// until a node joins it, and so does one whose bootstrap is gone: only a new reason is
// logged. For a node without a network, "another root" would mislead, so the log has
// other words.
func (l *loop) Note(n core.Note) {
	level := slog.LevelInfo
	switch n.What {
	case core.NoteApprovals, core.NoteOneLevel:
		level = slog.LevelWarn
	case core.NoteSilent:
		l.silent.Add(1)
	case core.NoteLevels:
		l.leveled.Add(1)
	case core.NoteUseless:
		l.useless.Add(1)
	case core.NoteRegistered:
		l.outside = ""
		clear(l.joining)
	case core.NoteRegisterFailed:
		if n.Text == message.ErrWrongRoot.Error() && l.node.NetworkRoot().IsZero() {
			n.Text = noNetwork
		}
		if l.outside == n.Text {
			level = slog.LevelDebug
		}
		l.outside = n.Text
	}
	l.options.Log.Log(l.ctx, level, n.What.String(), slog.String("peer", l.speaker.Text(n.About)), "detail", n.Text)
	if l.options.Observe != nil {
		l.options.Observe(n)
	}
}

// noNetwork is the reason for a node without a root.
const noNetwork = "none of the bootstrap addresses has told us the network"
