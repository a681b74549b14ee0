package httptransport

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// visit is a request on its way through the checks.
type visit struct {
	origin
	w      http.ResponseWriter
	r      *http.Request
	path   string      // in lower case, without a slash at the end
	fields wire.Fields // of the body, once unpacked
	body   []byte
	parsed bool         // the body is in body and, as far as it was unpacked, in fields; if not, it is unread
	claim  peer.Address // what the sender claims as its address; zero for none
	from   peer.Address // the same, proven; zero for clients
	place  *place       // in the line of the route; nil without one
}

// scope says which of the checks apply to a path.
type scope struct {
	node, version bool
	kind          message.Kind // of a node's request: which root it must have
}

var (
	clientScope = scope{version: true}
	statusScope = scope{}
)

// access is the access check of npm nodes, in its order: address filter, does the address
// fit the connection, the owner's own filter, authentication, version, root. Only where
// the address has a name, which may have to be looked up, the other checks come first:
// strangers could make the node wait for name servers of theirs.
func (s *server) access(v *visit, sc scope) error {
	if v.claimed != "" {
		a, err := peer.Parse(v.claimed)
		if err != nil {
			return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("Address %q is invalid", clip(v.claimed)))
		}
		v.claim = a
	}
	named := !v.claim.IsZero() && !v.claim.IP().IsValid()
	if !named {
		if err := s.checkFilter(v, sc); err != nil {
			return err
		}
	}
	if err := s.checkRest(v, sc); err != nil || !named {
		return err
	}
	return s.checkFilter(v, sc)
}

// checkRest has the checks that need no address.
func (s *server) checkRest(v *visit, sc scope) error {
	if s.options.Admit != nil {
		if err := s.options.Admit(v.r); err != nil {
			return wire.WithStatus(http.StatusForbidden, err.Error())
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
		return s.checkRoot(v.r.Header, sc.kind)
	}
	return nil
}

// name is how messages call the sender.
func (v *visit) name() string {
	if v.claimed != "" {
		return v.claimed
	}
	return wire.IPText(v.ip) + ":0"
}

// checkFilter passes the address that the sender claims through the node's address filter
// and compares it with the connection. Outside /api an address proves nothing, and npm
// nodes let it stand for the sender all the same, so that a banned sender needs only
// claim another; here an address that does not fit the connection counts for nothing, and
// its sender is judged by its IP, like any client.
func (s *server) checkFilter(v *visit, sc scope) error {
	a := v.claim
	if a.IsZero() || !sc.node && s.loop.view.Load().open {
		return s.screen(v, peer.Address{})
	}
	fits, err := s.names.leadsTo(v.r.Context(), a, v.ip)
	if !sc.node {
		if !fits {
			a = peer.Address{}
		}
		v.from = a
		return s.screen(v, a)
	}
	if err != nil {
		return notFound(a, err)
	}
	if err := s.screen(v, a); err != nil {
		return err
	}
	if !fits {
		return v.elsewhere()
	}
	v.from = a
	return nil
}

// notFound is the refusal of a node whose host is not found.
func notFound(a peer.Address, err error) error {
	if errors.Is(err, errTooMany) {
		return err
	}
	return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("Ip address for %q is invalid", clip(a.Host())))
}

// elsewhere is the refusal of a node whose address leads elsewhere.
func (v *visit) elsewhere() error {
	return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("%s %q", wire.AddressMessage, v.claimed))
}

// screen asks the node's address filter, unless it is known to let every address pass.
func (s *server) screen(v *visit, a peer.Address) error {
	if s.loop.view.Load().open {
		return nil
	}
	var door core.Door
	err := s.loop.look(v.r.Context(), func() {
		door = s.loop.node.Screen(a, v.ip)
	})
	if err != nil {
		return err
	}
	switch door {
	case core.DoorBanned:
		if s.options.Config.BanByAddress && !a.IsZero() {
			return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("Address %q is in the banlist", a))
		}
		return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("Ip %q is in the banlist", wire.IPText(v.ip)))
	case core.DoorUnlisted:
		return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("Address %q is denied", v.name()))
	case core.DoorBlacklist:
		return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("Address %q is in the blacklist", v.name()))
	}
	return nil
}

func (s *server) checkAuth(v *visit, sc scope) error {
	if s.auth == nil {
		return nil
	}
	proof, err := s.readProof(v, sc)
	if err != nil {
		return err
	}
	l := s.auth.read(v.r, proof)
	if err := s.report(v, l); err != nil {
		return err
	}
	if !l.right {
		v.w.Header().Set("Www-Authenticate", `Basic realm="`+s.auth.realm+`"`)
		return wire.WithStatus(http.StatusUnauthorized, "Authentication is required")
	}
	if l.fresh && !sc.node {
		s.auth.setCookie(v.w.Header())
	}
	return nil
}

// report tells the node of a login, if it is wrong or comes from a host that is watched,
// and refuses, whatever the credentials, if the host has guessed too often by then.
func (s *server) report(v *visit, l login) error {
	if l.wrong > 0 {
		s.watched.add(v.ip)
	} else if !l.right || !s.watched.has(v.ip) {
		return nil
	}
	attempt := core.Login{IP: v.ip, Good: l.right, Browser: len(v.r.Header["Origin"]) > 0}
	// a claimed name may not have been looked up yet: those of peers are known
	if s.names.remembers(v.claim, v.ip) {
		attempt.Address = v.claim
	}
	welcome, suspicion := true, 0.0
	err := s.loop.do(v.r.Context(), func() {
		for i := 0; i < max(1, l.wrong) && welcome; i++ {
			welcome, suspicion = s.loop.node.LogIn(attempt)
		}
	})
	switch {
	case err != nil:
		return err
	case !welcome:
		pause := s.options.Config.LoginPause
		v.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(pause.Seconds()))))
		return wire.WithStatus(http.StatusTooManyRequests,
			fmt.Sprintf("Too many wrong logins from %q: one is looked at every %v", v.name(), pause))
	case suspicion == 0 && l.right:
		s.watched.drop(v.ip)
	}
	return nil
}

// checkVersion accepts a sender that names no version, as npm nodes do.
func (s *server) checkVersion(h http.Header) error {
	version := h.Get(wire.NodeVersionHeader)
	if version == "" {
		version = h.Get(wire.ClientVersionHeader)
	}
	if version == "" || version == s.options.Version {
		return nil
	}
	return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("The version is different: %q instead of %q", clip(version), s.options.Version))
}

// checkRoot tells a missing root from an empty one: young nodes, which do not know their
// root yet, know each other by it. What crosses branches has the name of the whole network.
func (s *server) checkRoot(h http.Header, kind message.Kind) error {
	given, present := h[wire.RootHeader]
	view, row := s.loop.view.Load(), kind.Row()
	root := view.root
	if row.Across {
		root = view.network
	}
	switch {
	case row.AnyRoot || present && len(given) == 1 && given[0] == root:
		return nil
	case !present:
		given = []string{"undefined"}
	}
	return wire.WithStatus(http.StatusForbidden, fmt.Sprintf("%s: %q instead of %q", wire.RootMessage, clip(given[0]), root))
}
