package httptransport

import (
	"context"
	"fmt"
	"net/http"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// visit is a request on its way through the checks.
type visit struct {
	origin
	w      http.ResponseWriter
	r      *http.Request
	path   string // in lower case, without a slash at the end
	fields fields // of the body, once unpacked
	body   []byte
	parsed bool         // the body is in body and, as far as it was unpacked, in fields; if not, it is unread
	from   peer.Address // the sending node, proven; zero for clients
}

// scope says which of the checks apply to a path.
type scope struct{ node, version bool }

var (
	apiScope    = scope{node: true, version: true}
	clientScope = scope{version: true}
	statusScope = scope{}
)

// access is the access check of npm nodes, in its order: address filter, the owner's own filter, does the address fit
// the connection, authentication, version, root.
func (s *server) access(v *visit, sc scope) error {
	if err := s.checkFilter(v, sc); err != nil {
		return err
	}
	if s.options.Admit != nil {
		if err := s.options.Admit(v.r); err != nil {
			return statusError{http.StatusForbidden, err.Error()}
		}
	}
	if err := s.checkAuth(v, sc); err != nil {
		return err
	}
	if sc.version {
		if err := s.checkVersion(v.r.Header); err != nil {
			return err
		}
	}
	if sc.node {
		return s.checkRoot(v.r.Header)
	}
	return nil
}

// name is how messages call the sender.
func (v *visit) name() string {
	if v.claimed != "" {
		return v.claimed
	}
	return ipText(v.ip) + ":0"
}

// checkFilter reads the address that the sender claims, passes it through the node's address filter, and compares it
// with the connection. Outside /api an address proves nothing, and npm nodes let it stand for the sender all the same, so that
// whoever is banned needs only claim another; here an address that does not fit the connection counts for nothing, and its
// sender is judged by its IP, like any client.
func (s *server) checkFilter(v *visit, sc scope) error {
	a, err := peer.Parse(v.claimed)
	if v.claimed != "" && err != nil {
		return statusError{http.StatusForbidden, fmt.Sprintf("Address %q is invalid", clip(v.claimed))}
	}
	if v.claimed == "" || !sc.node && s.loop.view.Load().open {
		return s.screen(v, peer.Address{})
	}
	ip, err := s.names.resolve(v.r.Context(), a)
	if !sc.node {
		if !peer.SameIP(ip, v.ip) {
			a = peer.Address{}
		}
		v.from = a
		return s.screen(v, a)
	}
	if err != nil {
		return statusError{http.StatusForbidden, fmt.Sprintf("Ip address for %q is invalid", clip(a.Host()))}
	}
	if err := s.screen(v, a); err != nil {
		return err
	}
	if !peer.SameIP(ip, v.ip) {
		return statusError{http.StatusForbidden, fmt.Sprintf("Wrong address %q", v.claimed)}
	}
	v.from = a
	return nil
}

// screen asks the node's address filter, unless it is known to let everybody pass.
func (s *server) screen(v *visit, a peer.Address) error {
	if s.loop.view.Load().open {
		return nil
	}
	var door core.Door
	err := s.loop.do(v.r.Context(), func() {
		door = s.loop.node.Screen(a, v.ip)
	})
	if err != nil {
		return err
	}
	switch door {
	case core.DoorBanned:
		if s.options.Config.BanByAddress && !a.IsZero() {
			return statusError{http.StatusForbidden, fmt.Sprintf("Address %q is in the banlist", a)}
		}
		return statusError{http.StatusForbidden, fmt.Sprintf("Ip %q is in the banlist", ipText(v.ip))}
	case core.DoorUnlisted:
		return statusError{http.StatusForbidden, fmt.Sprintf("Address %q is denied", v.name())}
	case core.DoorBlacklist:
		return statusError{http.StatusForbidden, fmt.Sprintf("Address %q is in the blacklist", v.name())}
	}
	return nil
}

func (s *server) checkAuth(v *visit, sc scope) error {
	if s.auth == nil {
		return nil
	}
	if s.failures.blocked(v.ip) && !s.options.Config.Trusted {
		return statusError{http.StatusForbidden, fmt.Sprintf("Ip %q is in the banlist", ipText(v.ip))}
	}
	ok, fresh := s.auth.permits(v.r)
	if given := v.r.Header.Get("Authorization") != ""; ok || given { // a browser's first request has none: no failure
		s.failures.note(v.ip, ok)
	}
	if !ok {
		v.w.Header().Set("Www-Authenticate", `Basic realm="`+s.auth.realm+`"`)
		return statusError{http.StatusUnauthorized, "Authentication is required"}
	}
	if fresh && !sc.node {
		s.auth.setCookie(v.w.Header())
	}
	return nil
}

// checkVersion accepts whoever names no version, as npm nodes do.
func (s *server) checkVersion(h http.Header) error {
	version := h.Get("Node-Version")
	if version == "" {
		version = h.Get("Client-Version")
	}
	if version == "" || version == s.options.Version {
		return nil
	}
	return statusError{
		http.StatusForbidden, fmt.Sprintf("The version is different: %q instead of %q", clip(version), s.options.Version),
	}
}

// checkRoot tells a missing root from an empty one: young nodes, which do not know their root yet, know each other by it.
func (s *server) checkRoot(h http.Header) error {
	given, present := h["Node-Root"]
	view := s.loop.view.Load()
	switch {
	case present && len(given) == 1 && given[0] == view.root:
		return nil
	case !present:
		given = []string{"undefined"}
	}
	return statusError{
		http.StatusForbidden, fmt.Sprintf("%s: %q instead of %q", rootMessage, clip(given[0]), view.root),
	}
}

// ask posts a request to the node and waits for its answer.
func (s *server) ask(ctx context.Context, in *incoming) (answer, error) {
	j := &job{in: in, done: make(chan answer, 1)}
	if err := s.loop.post(ctx, func() { s.loop.orLater(func() { s.loop.take(j) }) }); err != nil {
		return answer{}, err
	}
	select {
	case a := <-j.done:
		return a, nil
	case <-s.loop.stopped:
		return answer{}, errStopped
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// job is somebody else's request inside the loop.
type job struct {
	in   *incoming
	done chan answer // room for the one answer: whoever has left need not take it
}

// take gives the node a request from outside.
func (l *loop) take(j *job) {
	in := interner{book: l.book}
	req := j.in.intern(&in)
	if in.full {
		l.effects = append(l.effects, func() { j.done <- failure(errFull) })
		return
	}
	l.serve(&req, j)
}

var errFull = statusError{http.StatusServiceUnavailable, "too many addresses"}

// reply implements asker.
func (j *job) reply(l *loop, resp message.Response) {
	a := l.present(j.in.kind, resp)
	l.effects = append(l.effects, func() { j.done <- a })
}
