package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"

	"spreadable/sim/film"
)

// maxEvent is about how many bytes of a film an event holds, unless one block is longer.
const maxEvent = 256 << 10

// events sends a film by server-sent events: first what there is, then what comes. The
// data of an event are whole blocks in base64, and its id is the offset behind them, from
// which a browser goes on that has lost the connection. The event "end" is the last.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	show := s.show(w, r)
	if show == nil {
		return
	}
	offset := 0
	if last, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil && last > 0 {
		offset = last
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	for {
		more, ended, changed := show.since(offset)
		for len(more) > 0 {
			part := firstBlocks(more)
			offset += len(part)
			more = more[len(part):]
			if _, err := fmt.Fprintf(w, "id: %d\ndata: %s\n\n", offset, base64.StdEncoding.EncodeToString(part)); err != nil {
				return
			}
		}
		if ended {
			_, _ = fmt.Fprint(w, "event: end\ndata: end\n\n") // a browser that has gone needs none
			return
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// firstBlocks is the whole blocks at the begin of a film that make up an event.
func firstBlocks(data []byte) []byte {
	length := 0
	for b, err := range film.Blocks(data) {
		if err != nil { // a recorder makes none such
			return data
		}
		length += b.Size()
		if length >= maxEvent {
			break
		}
	}
	return data[:length]
}
