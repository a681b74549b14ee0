package httptransport

import (
	"crypto/hmac"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"spreadable/core/peer"
	"spreadable/wire"
)

// Refused is a node that could not join because this node refused it, or a request of a
// member that it refused.
type Refused struct {
	Address string    // that it claims
	IP      string    // that its request came from
	Reason  string    // what it was told
	Time    time.Time // of the first refusal for this reason
}

// refusals remembers which nodes were refused lately, and why, for the log and the owner.
// A reason is told once for a host in refusedFor, and no host, nor all of them, can fill
// the log: what is beyond the bounds is only counted.
type refusals struct {
	now func() time.Time

	mu     sync.Mutex
	total  uint64
	latest []Refused // the latest first
	hosts  map[peer.Address]*refusedHost
}

type refusedHost struct {
	since   time.Time
	reasons []string
}

const (
	refusedFor   = 10 * time.Minute
	maxRefused   = 16  // for the owner
	maxReasons   = 4   // of one host in refusedFor
	maxHosts     = 256 // in refusedFor
	maxRefusedAs = 260 // bytes of an address that is claimed
)

// add remembers a refusal, and reports whether it is news.
func (r *refusals) add(ip netip.Addr, claimed, reason string) (refused Refused, news bool) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	host := r.host(peer.OfHost(ip), now)
	if host == nil || len(host.reasons) >= maxReasons || slices.Contains(host.reasons, reason) {
		return Refused{}, false
	}
	host.reasons = append(host.reasons, reason)
	refused = Refused{Address: claimed[:min(maxRefusedAs, len(claimed))], IP: ip.String(), Reason: reason, Time: now}
	r.latest = slices.Insert(r.latest, 0, refused)
	r.latest = r.latest[:min(maxRefused, len(r.latest))]
	return refused, true
}

// host returns what is remembered of a host, nil if there is no place for it.
func (r *refusals) host(key peer.Address, now time.Time) *refusedHost {
	if h := r.hosts[key]; h != nil && now.Sub(h.since) < refusedFor {
		return h
	}
	if len(r.hosts) >= maxHosts {
		for k, h := range r.hosts { // order-free: drops all that are over
			if now.Sub(h.since) >= refusedFor {
				delete(r.hosts, k)
			}
		}
	}
	if len(r.hosts) >= maxHosts {
		return nil
	}
	if r.hosts == nil {
		r.hosts = make(map[peer.Address]*refusedHost)
	}
	h := &refusedHost{since: now}
	r.hosts[key] = h
	return h
}

// list returns the latest refusals and how many there were in all.
func (r *refusals) list() (latest []Refused, total uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.latest), r.total
}

// Refused returns the nodes that this one refused lately, the latest first, each reason
// once for a host in ten minutes; and how many requests of nodes it has refused in all.
func (n *Node) Refused() (latest []Refused, total uint64) { return n.server.refusals.list() }

// turnAway tells the owner that a request of a node has not passed the checks.
func (s *server) turnAway(v *visit, err error) {
	if v.claimed == "" || v.r.Context().Err() != nil || s.isYoung(v, err) || s.hasAnotherName(v, err) {
		return
	}
	refused, news := s.refusals.add(v.ip, v.claimed, err.Error())
	if news {
		s.options.Log.Warn("refused a node", "claims", fmt.Sprintf("%.80s", refused.Address),
			"ip", refused.IP, "path", v.path, "reason", refused.Reason)
	}
}

// isYoung reports whether a node was refused because it, or this one, does not know yet
// which network it belongs to. That happens now and then in any network.
func (s *server) isYoung(v *visit, err error) bool {
	if !strings.HasPrefix(err.Error(), wire.RootMessage) {
		return false
	}
	given := v.r.Header[wire.RootHeader]
	return s.loop.view.Load().root == "" || len(given) == 1 && given[0] == ""
}

// hasAnotherName reports whether a node knows the password, and was refused because it
// calls this node by another name than this node does. It learns the right one by that.
func (s *server) hasAnotherName(v *visit, err error) bool {
	status, _ := wire.Failure(err)
	shown, found := strings.CutPrefix(v.r.Header.Get("Authorization"), proofScheme)
	return status == http.StatusUnauthorized && found && hmac.Equal([]byte(shown), []byte(proof(s.auth.key, v.claim.String(), v.r.Host)))
}
