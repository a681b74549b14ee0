package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 1 << 20

// HandlerOptions say what is served, and to which clients.
type HandlerOptions struct {
	Node Node
	// expected in "Authorization: Bearer TOKEN"; "" for a socket, which its mode protects
	Token       string
	TestAnswers bool         // serve the answers to approvals
	Metrics     http.Handler // at /metrics; nil for none
	// runs a command of an extension and returns what it has written; nil for no extensions
	Command func(ctx context.Context, extension, name string, args []string) (string, error)
}

// NewHandler serves a node to its owner.
func NewHandler(o HandlerOptions) http.Handler {
	h := handler{o.Node}
	mux := http.NewServeMux()
	mux.Handle("GET /v1/status", answer(h.Status))
	mux.Handle("GET /v1/structure", answer(h.Structure))
	mux.Handle("GET /v1/members", answer(h.Members))
	mux.Handle("POST /v1/sync", h.act(func(r *http.Request) (any, error) { return struct{}{}, h.Sync(r.Context()) }))
	mux.Handle("GET /v1/bans", h.act(func(r *http.Request) (any, error) { return h.Bans(r.Context()) }))
	mux.Handle("DELETE /v1/bans", h.act(func(r *http.Request) (any, error) {
		n, err := h.ClearBans(r.Context())
		return Count{n}, err
	}))
	mux.Handle("GET /v1/bans/{address}", h.act(func(r *http.Request) (any, error) {
		return h.Ban(r.Context(), r.PathValue("address"))
	}))
	mux.Handle("PUT /v1/bans/{address}", h.act(h.addBan))
	mux.Handle("DELETE /v1/bans/{address}", h.act(func(r *http.Request) (any, error) {
		return Count{1}, h.RemoveBan(r.Context(), r.PathValue("address"))
	}))
	mux.HandleFunc("POST /v1/backup", h.backup)
	mux.Handle("POST /v1/reload", answer(h.Reload))
	mux.Handle("POST /v1/leave", h.act(func(*http.Request) (any, error) {
		h.Leave()
		return struct{}{}, nil
	}))
	mux.Handle("GET /v1/bootstrap", h.act(h.bootstrap))
	mux.Handle("PUT /v1/bootstrap", h.act(h.setBootstrap))
	if o.TestAnswers {
		mux.Handle("GET /v1/answers/{key}", h.act(func(r *http.Request) (any, error) {
			return h.Answer(r.Context(), r.PathValue("key"))
		}))
	}
	if o.Command != nil {
		mux.Handle("POST /v1/extensions/{extension}/{command}", h.act(func(r *http.Request) (any, error) {
			var request CommandRequest
			if err := receive(r, &request); err != nil {
				return nil, err
			}
			output, err := o.Command(r.Context(), r.PathValue("extension"), r.PathValue("command"), request.Args)
			return CommandOutput{output}, err
		}))
	}
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	return guard(o.Token, mux)
}

// guard checks the token, in a time that does not reveal how much of it was right.
func guard(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte("Bearer " + token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		if token != "" && subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			send(w, nil, &Error{http.StatusUnauthorized, "the admin token is missing or wrong"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// handler serves the requests that need more than one call of the node.
type handler struct{ Node }

// act makes a handler of a function that answers in JSON.
func (handler) act(f func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := f(r)
		send(w, body, err)
	})
}

// answer is act for functions that need nothing from the request.
func answer[T any](f func(context.Context) (T, error)) http.Handler {
	return handler{}.act(func(r *http.Request) (any, error) { return f(r.Context()) })
}

func (h handler) addBan(r *http.Request) (any, error) {
	var request BanRequest
	if err := receive(r, &request); err != nil {
		return nil, err
	}
	// seconds in 100 years: more would overflow the core's times
	const most = 100 * 365 * 24 * 3600
	if !(request.Seconds > 0 && request.Seconds <= most) {
		return nil, Refuse("a ban lasts more than 0 seconds and at most 100 years")
	}
	return h.AddBan(r.Context(), r.PathValue("address"), request)
}

func (h handler) bootstrap(r *http.Request) (any, error) {
	list, err := h.Bootstrap(r.Context())
	return Bootstrap{list}, err
}

func (h handler) setBootstrap(r *http.Request) (any, error) {
	var request Bootstrap
	if err := receive(r, &request); err != nil {
		return nil, err
	}
	if err := h.SetBootstrap(r.Context(), request.Addresses); err != nil {
		return nil, err
	}
	return h.bootstrap(r)
}

// backup streams a copy of the state. When it fails the connection breaks off too, so
// that a part is not taken for the whole.
func (h handler) backup(w http.ResponseWriter, r *http.Request) {
	out := &started{ResponseWriter: w}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := h.Backup(r.Context(), out); err != nil {
		if out.wrote {
			panic(http.ErrAbortHandler)
		}
		send(w, nil, err)
	}
}

// started records whether anything was written.
type started struct {
	http.ResponseWriter
	wrote bool
}

func (s *started) Write(p []byte) (int, error) {
	s.wrote = true
	return s.ResponseWriter.Write(p)
}

// receive decodes the body; unknown fields are errors.
func receive(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return Refuse("not a good body: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Refuse("more than one value in the body")
	}
	return nil
}

// send answers.
func send(w http.ResponseWriter, body any, err error) {
	status := http.StatusOK
	if err != nil {
		refusal := &Error{http.StatusInternalServerError, err.Error()}
		errors.As(err, &refusal)
		body, status = refusal, refusal.Status
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // an error means that the client has gone
}
