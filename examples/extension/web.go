package main

import (
	"encoding/json"
	"net/http"

	"spreadable/core/host"
	"spreadable/extensions/web"
)

// runner runs procedures for handlers.
type runner = web.Runner

// Routes makes the board a web.Server.
func (b *board) Routes(r web.Runner) []web.Route {
	b.run = r
	return []web.Route{
		{Zone: web.Client, Method: "POST", Path: "pin", Handler: http.HandlerFunc(b.servePin)},
		{Method: "GET", Path: "{topic}", Handler: http.HandlerFunc(b.servePage)},
	}
}

// servePin serves POST /client/board/pin: {"topic": "go", "text": "hello"}.
func (b *board) servePin(w http.ResponseWriter, r *http.Request) {
	n := new(note)
	if err := json.NewDecoder(r.Body).Decode(n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var copied host.Copied
	var failed error
	err := b.run.Run(r.Context(), func(t *host.Task) { copied, failed = b.pin(t, n) })
	b.answer(w, map[string]int{"copies": len(copied.Holders)}, err, failed)
}

// servePage serves GET /board/go.
func (b *board) servePage(w http.ResponseWriter, r *http.Request) {
	q := &topic{r.PathValue("topic")}
	p := &page{}
	var failed error
	err := b.run.Run(r.Context(), func(t *host.Task) {
		var found *page
		if found, _, failed = b.read(t, q); found != nil {
			p = found
		}
	})
	b.answer(w, p, err, failed)
}

// answer writes a result as JSON, or says why there is none.
func (b *board) answer(w http.ResponseWriter, result any, err, failed error) {
	switch {
	case err != nil: // the node is stopping, or the client is gone
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case failed != nil:
		http.Error(w, failed.Error(), http.StatusUnprocessableEntity)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result) // a client that is gone needs no answer
	}
}
