package httptransport

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"spreadable/core"
	"spreadable/core/message"
)

// lines keeps what is logged, with its level.
type lines struct {
	slog.Handler
	kept []string
}

func (*lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	text := fmt.Sprint(r.Level, " ", r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "detail" {
			text += " " + a.Value.String()
		}
		return true
	})
	l.kept = append(l.kept, text)
	return nil
}

// What a node notes is logged as urgently as it is: why it does not register once for each
// reason, until it has registered, and in the words of one without a network.
func TestNotesAreLoggedOnce(t *testing.T) {
	n := newNode(t, "127.0.0.1", nil, nil) // not started, so nothing else is logged
	log := &lines{}
	var seen []core.What
	n.loop.options.Log = slog.New(log)
	n.loop.options.Observe = func(note core.Note) { seen = append(seen, note.What) }
	failed, root := core.NoteRegisterFailed, message.ErrWrongRoot.Error()
	notes := []core.Note{
		{What: failed, Text: "a"}, {What: failed, Text: "a"}, {What: failed, Text: "b"}, {What: failed, Text: "a"}, {What: core.NoteRegistered},
		{What: failed, Text: "a"}, {What: failed, Text: root}, {What: core.NoteApprovals}, {What: core.NoteOneLevel}, {What: core.NoteBanned, Text: "c"},
	}
	for _, note := range notes {
		n.loop.Note(note)
	}
	var want []string
	for i, level := range []string{"INFO", "DEBUG", "INFO", "INFO", "INFO", "INFO", "INFO", "WARN", "WARN", "INFO"} {
		text := notes[i].Text
		if text == root {
			text = noNetwork
		}
		want = append(want, level+" "+notes[i].What.String()+" "+text)
	}
	if !slices.Equal(log.kept, want) {
		t.Errorf("logged %q, want %q", log.kept, want)
	}
	if len(seen) != len(notes) {
		t.Errorf("%d of %d notes are observed", len(seen), len(notes))
	}
	for range 3 {
		n.loop.Note(core.Note{What: core.NoteSilent})
		n.loop.Note(core.Note{What: core.NoteUseless})
	}
	if got := n.Counts(); got.PeersSilent != 3 || got.PeersUseless != 3 {
		t.Errorf("%+v", got)
	}
}
