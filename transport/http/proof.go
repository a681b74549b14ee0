package httptransport

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"

	"spreadable/core/peer"
)

// How nodes of a closed network log in to each other. An npm node sends name and password
// to every address that a member names, and whoever stands there has them. Our nodes
// prove that they know the password instead, and to one node only:
//
//	Authorization: Spreadable BASE64(HMAC-SHA256(key, "proof\nFROM\nTO"))
//
// The key is derived from the password, FROM and TO are the addresses of both nodes. The
// receiver compares TO with its own address, and FROM with the IP of the connection. So a
// proof is of no use anywhere but at TO, and there only from the IP of FROM. It is no
// secret between nodes that use plain HTTP, but neither is the password.
//
// A node may be asked under another name than it has itself. Its answer 401 tells its own
// (the realm), and the proof is made for that, if the name leads to the IP that answered.
//
// An npm node does not know the proof, and gets the password after its first 401
// (unless Options.ProofsOnly). A stranger that pretends to be one gets it, too: in a
// network without npm nodes nothing but proofs should be sent.

const proofScheme = "Spreadable "

// loginKey is derived from the password: guessing it from a proof or token is expensive.
// Once per start of a node.
func loginKey(c *Credentials) ([]byte, error) {
	if c == nil {
		return nil, nil
	}
	return pbkdf2.Key(sha256.New, c.Password, []byte("spreadable token for "+c.Username), tokenRounds, sha256.Size)
}

// proof is what a node shows to another one.
func proof(key []byte, from, to string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("proof\n" + strings.ToLower(from) + "\n" + strings.ToLower(to)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// logins makes the credentials of requests to other nodes.
type logins struct {
	key      []byte // of proofs; nil for a client, which has no address, and open networks
	self     string
	password string // the header of basic auth; "" for an open network
	toAll    bool   // who does not know the proof gets the password

	mu    sync.Mutex
	plain map[peer.Address]struct{}     // nodes that have taken the password
	names map[peer.Address]peer.Address // what nodes call themselves, where that is another
}

// maxLogins bounds the nodes that are remembered; without that, a request is sent twice.
const maxLogins = 1 << 14

func newLogins(o *Options, key []byte) *logins {
	l := &logins{toAll: !o.ProofsOnly, plain: make(map[peer.Address]struct{}), names: make(map[peer.Address]peer.Address)}
	if o.Auth != nil {
		l.password = basic(*o.Auth)
	}
	if !o.Address.IsZero() {
		l.key, l.self = key, o.Address.String()
	}
	return l
}

// first returns what the first request to a node shows.
func (l *logins) first(to peer.Address, ours bool) string {
	if l.key == nil {
		return l.password
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, plain := l.plain[to]; plain && !ours {
		return l.password
	}
	if name, known := l.names[to]; known {
		to = name
	}
	return l.proof(to)
}

func (l *logins) proof(to peer.Address) string {
	return proofScheme + proof(l.key, l.self, to.String())
}

// next returns what to show after an answer 401, "" for nothing else. LeadsThere reports
// whether an address leads to the node that has answered.
func (l *logins) next(to peer.Address, shown string, ours bool, resp *http.Response, leadsThere func(peer.Address) bool) string {
	if l.key == nil || shown == l.password {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ours {
		if !l.toAll {
			return ""
		}
		if len(l.plain) >= maxLogins {
			clear(l.plain)
		}
		l.plain[to] = struct{}{}
		return l.password
	}
	name, err := peer.Parse(realmOf(resp))
	if err != nil || l.proof(name) == shown || !leadsThere(name) {
		return ""
	}
	if len(l.names) >= maxLogins {
		clear(l.names)
	}
	l.names[to] = name
	return l.proof(name)
}

// realmOf is the address that a node calls its own in an answer 401.
func realmOf(resp *http.Response) string {
	_, realm, _ := strings.Cut(resp.Header.Get("Www-Authenticate"), `realm="`)
	realm, _, _ = strings.Cut(realm, `"`)
	return realm
}

// readProof judges the proof in a header, if there is one. The sender's address counts
// only if the request comes from there. Of a node whose name is not found, or leads
// elsewhere, that is what the error says: no login is wrong because a name server fails.
func (s *server) readProof(v *visit, sc scope) (verdict, error) {
	shown, found := strings.CutPrefix(v.r.Header.Get("Authorization"), proofScheme)
	if !found {
		return none, nil
	}
	from, err := peer.Parse(v.claimed)
	if err != nil || !hmac.Equal([]byte(shown), []byte(proof(s.auth.key, from.String(), s.options.Address.String()))) {
		return wrong, nil
	}
	if !v.from.IsZero() {
		return right, nil
	}
	fits, err := s.names.leadsTo(v.r.Context(), from, v.ip)
	switch {
	case err == nil && fits:
		return right, nil
	case !sc.node:
		return wrong, nil
	case err == nil:
		return none, v.elsewhere()
	}
	return none, notFound(from, err)
}
