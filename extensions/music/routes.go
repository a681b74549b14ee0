package music

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"strings"

	"spreadable/client/js"
	"spreadable/core/host"
	"spreadable/extensions/files"
	"spreadable/extensions/web"
)

// The HTTP edge: routes for programs, the files of songs, and a page for people.

//go:embed page
var page embed.FS

// captcha is the kind of approval that counts.
const captcha = "captcha"

// Routes implements web.Server.
func (s *Store) Routes(r web.Runner) []web.Route {
	s.run = r
	post := func(path, approval string, handle http.HandlerFunc) web.Route {
		return web.Route{Zone: web.Client, Method: "POST", Path: path, Approval: approval, Handler: handle}
	}
	add, approved := post("add", "", s.serveAdd), post("approved", captcha, s.serveApproved)
	for _, route := range []*web.Route{&add, &approved} {
		route.Width, route.MaxBody = s.options.Uploads, int64(s.options.MaxSize)
	}
	return append(s.pageRoutes(), add, approved,
		post("find", "", s.serveAsk((*Store).Find)), post("artist", "", s.serveAsk((*Store).By)),
		post("song", "", s.serveAsk((*Store).Similar)), post("stat", "", s.serveStat), post("remove", captcha, s.serveRemove),
		web.Route{Method: "GET", Path: "audio/{key}", Handler: http.HandlerFunc(s.serveFile)},
		web.Route{Method: "GET", Path: "cover/{key}", Handler: http.HandlerFunc(s.serveFile)},
	)
}

// pageRoutes serve the page, its parts, and the client that it uses.
func (s *Store) pageRoutes() (routes []web.Route) {
	parts, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the name is valid
	}
	for path, part := range map[string]string{"{$}": "index.html", "page.mjs": "page.mjs", "page.css": "page.css"} {
		routes = append(routes, web.Route{Method: "GET", Path: path, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			guardPage(w.Header())
			http.ServeFileFS(w, r, parts, part)
		})})
	}
	return append(routes, web.Route{Method: "GET", Path: js.Name, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		guardPage(w.Header())
		w.Header().Set("Content-Type", js.Type)
		_, _ = w.Write(js.Source) // a browser that is gone needs none
	})})
}

// guardPage says what the page may do: it runs its own scripts only. Covers and audio
// come from any node, and so do the approvers of a captcha.
func guardPage(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src * data:; media-src *; connect-src *; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
}

// do runs a procedure for a handler.
func (s *Store) do(r *http.Request, procedure func(t *host.Task) error) error {
	return web.Do(r.Context(), s.run, procedure)
}

// fail answers with an error: a refusal has a code.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	refusal := new(host.Error)
	switch {
	case errors.As(err, &refusal):
		status = http.StatusUnprocessableEntity
	case errors.Is(err, files.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, files.ErrTooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, host.ErrFull):
		status = http.StatusInsufficientStorage
	case errors.Is(err, host.ErrFewCopies), errors.Is(err, web.ErrAway):
		status = http.StatusServiceUnavailable
	}
	write(w, status, map[string]string{"message": err.Error(), "code": refusal.Code})
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // a client that is gone needs no answer
}

// serveAdd serves POST /client/music/add?priority=, whose body is the file.
func (s *Store) serveAdd(w http.ResponseWriter, r *http.Request) { s.serveUpload(w, r, false) }

// serveApproved serves POST /client/music/approved, for clients that have solved a
// captcha.
func (s *Store) serveApproved(w http.ResponseWriter, r *http.Request) { s.serveUpload(w, r, true) }

func (s *Store) serveUpload(w http.ResponseWriter, r *http.Request, approved bool) {
	added, err := s.upload(r, approved)
	if err != nil {
		s.count.refused.Add(1)
		s.h.Log(host.Info, "an upload is refused", "error", err)
		w.Header().Set("Connection", "close") // the body may be unread
		fail(w, err)
		return
	}
	write(w, http.StatusOK, added)
}

// wish is what clients send to ask: a text, a title or an artist.
type wish struct {
	Text  string `json:"text"`
	Limit int    `json:"limit"`
}

// Answer is what clients get.
type Answer struct {
	Songs    []Hit    `json:"songs"`
	Coverage Coverage `json:"coverage"`
}

// Coverage is host.Coverage with the names that it has on the wire.
type Coverage struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
}

// serveAsk serves the questions: POST /client/music/find, artist and song.
func (s *Store) serveAsk(ask func(*Store, *host.Task, string, int) ([]Hit, host.Coverage, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q wish
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			fail(w, refusal("REQUEST", "want {\"text\": TEXT, \"limit\": NUMBER}: "+err.Error()))
			return
		}
		if q.Limit < 0 || strings.TrimSpace(q.Text) == "" {
			fail(w, refusal("REQUEST", "want a text, and a limit of 0 or more"))
			return
		}
		answer := Answer{Songs: []Hit{}}
		err := s.do(r, func(t *host.Task) error {
			songs, coverage, err := ask(s, t, q.Text, q.Limit)
			answer.Songs, answer.Coverage = append(answer.Songs, songs...), Coverage(coverage)
			return err
		})
		if err != nil {
			fail(w, err)
			return
		}
		write(w, http.StatusOK, answer)
	}
}

// serveStat serves POST /client/music/stat: {"text": TITLE}.
func (s *Store) serveStat(w http.ResponseWriter, r *http.Request) {
	var q wish
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		fail(w, refusal("REQUEST", "want {\"text\": TITLE}: "+err.Error()))
		return
	}
	var stat *Stat
	err := s.do(r, func(t *host.Task) (err error) {
		stat, err = s.Stat(t, q.Text)
		return err
	})
	if err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, stat)
}

// serveRemove serves POST /client/music/remove: {"song": KEY}, behind a captcha.
func (s *Store) serveRemove(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Song string `json:"song"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		fail(w, refusal("REQUEST", "want {\"song\": KEY}: "+err.Error()))
		return
	}
	removed := 0
	err := s.do(r, func(t *host.Task) (err error) {
		removed, err = s.Remove(t, q.Song, true)
		return err
	})
	if err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, map[string]int{"removed": removed})
}

// serveFile serves GET and HEAD /music/audio/{key} and /music/cover/{key}, by this node
// or by a redirect to one that has the file. A suffix after a dot is for people.
func (s *Store) serveFile(w http.ResponseWriter, r *http.Request) {
	text, _, _ := strings.Cut(r.PathValue("key"), ".")
	key, err := host.ParseKey(text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.files.ServeFile(w, r, key)
}
