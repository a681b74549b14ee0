package service

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"spreadable/admin"
	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/peer"
	"spreadable/core/state"
)

// What the owner asks of the node, through the door.

// do runs f in the node's thread and waits until what it changed is saved.
func (s *Service) do(ctx context.Context, f func(*core.Node)) error { return s.node.Do(ctx, f) }

// text is the address of p, "" for nobody. In the node's thread only, as the book is the node's.
func (s *Service) text(p core.Peer) string {
	if p.IsZero() {
		return ""
	}
	return s.core.Book.Text(p)
}

func (s *Service) texts(peers []core.Peer) []string {
	texts := []string{} // never null in JSON
	for _, p := range peers {
		texts = append(texts, s.text(p))
	}
	return texts
}

// Status implements admin.Node.
func (s *Service) Status(ctx context.Context) (*admin.Status, error) {
	status := &admin.Status{
		Address: s.address.String(), Data: s.data(), Listen: s.node.Addr().String(), PID: os.Getpid(), Started: s.started,
		Version: s.options.Version,
	}
	err := s.do(ctx, func(n *core.Node) {
		own, place := n.Status(), n.Structure()
		status.Root, status.Backlink = s.text(own.Root), s.text(place.Backlink)
		status.Registered, status.Master, status.Normalized = own.IsRegistered, own.IsMaster, own.IsNormalized
		status.Slaves, status.Masters, status.NetworkSize = len(place.Slaves), len(place.Masters.List), own.NetworkSize
		status.Availability = own.Availability
		status.SyncAverage = float64(own.SyncAverage) / float64(time.Millisecond)
		status.Bans = n.Bans().Len()
		status.Bootstrap = s.texts(s.core.Bootstrap)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	status.LastFailure = s.failed
	return status, err
}

// Structure implements admin.Node.
func (s *Service) Structure(ctx context.Context) (*admin.Structure, error) {
	structure := &admin.Structure{Address: s.address.String(), Masters: []admin.Master{}}
	err := s.do(ctx, func(n *core.Node) {
		place := n.Structure()
		structure.Backlink, structure.Slaves = s.text(place.Backlink), s.texts(place.Slaves)
		for _, m := range place.Masters.List {
			structure.Masters = append(structure.Masters, admin.Master{Address: s.text(m.Peer), Size: int(m.Size)})
		}
	})
	return structure, err
}

// Sync implements admin.Node. A sync that is under way already is the one it waits for.
func (s *Service) Sync(ctx context.Context) error {
	var before, now syncMark
	var revision uint32
	if err := s.do(ctx, func(n *core.Node) {
		before, revision = markOf(n), n.Revision()[state.SectionNetwork]
		n.Sync()
	}); err != nil {
		return err
	}
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for {
		if err := s.do(ctx, func(n *core.Node) {
			// The mark costs a look at the whole state, so only when it may have changed.
			if next := n.Revision()[state.SectionNetwork]; next != revision {
				now, revision = markOf(n), next
			} else {
				now = before
			}
		}); err != nil || now != before {
			return err
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// syncMark changes with the end of every sync.
type syncMark struct {
	total time.Duration
	count int
}

func markOf(n *core.Node) syncMark {
	saved := n.State()
	return syncMark{saved.SyncTotal, saved.SyncCount}
}

// Bans implements admin.Node.
func (s *Service) Bans(ctx context.Context) ([]admin.Ban, error) {
	list := []admin.Ban{}
	err := s.do(ctx, func(n *core.Node) {
		for _, b := range n.Bans().All() {
			list = append(list, s.ban(b))
		}
	})
	return list, err
}

// ban writes a ban in texts.
func (s *Service) ban(b behavior.Ban) admin.Ban {
	ip := ""
	if b.IP.IsValid() {
		ip = b.IP.String()
	}
	return admin.Ban{Address: s.text(b.Who), IP: ip, Reason: b.Reason, Since: moment(b.Since), Until: moment(b.Until)}
}

// moment turns the core's time into one of the calendar.
func moment(d time.Duration) time.Time { return time.Unix(0, int64(d)).UTC() }

// Ban implements admin.Node.
func (s *Service) Ban(ctx context.Context, address string) (*admin.Ban, error) {
	a, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	var ban admin.Ban
	found := false
	if err := s.do(ctx, func(n *core.Node) {
		if p, known := s.core.Book.Find(a.String()); known {
			var b behavior.Ban
			if b, found = n.Bans().Get(p); found {
				ban = s.ban(b)
			}
		}
	}); err != nil {
		return nil, err
	}
	if !found {
		return nil, admin.NotFound("%s is not banned", a)
	}
	return &ban, nil
}

func parseAddress(text string) (peer.Address, error) {
	a, err := peer.Parse(text)
	if err != nil {
		return a, admin.Refuse("%v", err)
	}
	return a, nil
}

// maxReason bounds the reason of a ban, in bytes.
const maxReason = 1024

// AddBan implements admin.Node: from now on the peer is on none of our lists. The IP of a name is looked up now; if it is
// not found, the one at which the peer was met last counts, and without that the ban is for the address only.
func (s *Service) AddBan(ctx context.Context, address string, request admin.BanRequest) (*admin.Ban, error) {
	a, err := parseAddress(address)
	switch {
	case err != nil:
		return nil, err
	case a == s.address:
		return nil, admin.Refuse("%s is the node itself", a)
	case len(request.Reason) > maxReason:
		return nil, admin.Refuse("a reason has at most %d bytes", maxReason)
	}
	ip := lookup(ctx, a)
	life := time.Duration(request.Seconds * float64(time.Second))
	var ban admin.Ban
	var failed error
	if err := s.do(ctx, func(n *core.Node) {
		p, err := s.core.Book.Intern(a)
		if failed = errors.Join(err, s.mistrusts(a, ip)); failed != nil {
			return
		}
		if ip.IsValid() {
			s.core.Book.SetIP(p, ip)
		}
		n.Ban(p, life, request.Reason)
		b, _ := n.Bans().Get(p)
		ban = s.ban(b)
	}); err != nil || failed != nil {
		return nil, errors.Join(err, failed)
	}
	s.options.Log.Info("banned by the owner", "address", ban.Address, "until", ban.Until, "reason", ban.Reason)
	return &ban, nil
}

// mistrusts is an error if the core never bans an address, which is on the trust list, or one of everybody.
func (s *Service) mistrusts(a peer.Address, ip netip.Addr) error {
	switch {
	case s.core.Trusted:
		return admin.Refuse("this node bans nobody: it trusts everybody (option trusted)")
	case s.core.Trustlist.Match(a, ip):
		return admin.Refuse("%s is trusted (option trustlist): trusted nodes are never banned", a)
	}
	return nil
}

// lookup finds the IP of an address; the zero one if there is none.
func lookup(ctx context.Context, a peer.Address) netip.Addr {
	if ip := a.IP(); ip.IsValid() {
		return ip
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", a.Host())
	if err != nil || len(ips) == 0 {
		return netip.Addr{}
	}
	return ips[0].Unmap()
}

// RemoveBan implements admin.Node.
func (s *Service) RemoveBan(ctx context.Context, address string) error {
	a, err := parseAddress(address)
	if err != nil {
		return err
	}
	found := false
	if err := s.do(ctx, func(n *core.Node) {
		if p, known := s.core.Book.Find(a.String()); known {
			found = n.Bans().Remove(p)
		}
	}); err != nil {
		return err
	}
	if !found {
		return admin.NotFound("%s is not banned", a)
	}
	s.options.Log.Info("ban lifted by the owner", "address", a.String())
	return nil
}

// ClearBans implements admin.Node.
func (s *Service) ClearBans(ctx context.Context) (int, error) {
	count := 0
	err := s.do(ctx, func(n *core.Node) {
		count = n.Bans().Len()
		n.Bans().Clear()
	})
	if err == nil {
		s.options.Log.Info("all bans lifted by the owner", "count", count)
	}
	return count, err
}

// Backup implements admin.Node.
func (s *Service) Backup(_ context.Context, to io.Writer) error {
	if s.store == nil {
		return admin.Refuse("this node keeps nothing on disk")
	}
	return s.store.Backup(to)
}

// Bootstrap implements admin.Node.
func (s *Service) Bootstrap(ctx context.Context) ([]string, error) {
	var list []string
	err := s.do(ctx, func(*core.Node) { list = s.texts(s.core.Bootstrap) })
	return list, err
}

// SetBootstrap implements admin.Node. A node that has its place keeps it, and asks one of the new addresses when it needs
// another.
func (s *Service) SetBootstrap(ctx context.Context, addresses []string) error {
	var failed error
	err := s.do(ctx, func(*core.Node) { failed = setBootstrap(s.core, addresses) })
	if failed != nil {
		return admin.Refuse("%v", failed)
	}
	return err
}

// Answer implements admin.Node.
func (s *Service) Answer(ctx context.Context, key string) (*admin.Answer, error) {
	var saved state.State
	if err := s.do(ctx, func(n *core.Node) { saved = n.State() }); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(saved.Approvals, func(row state.Approval) bool { return row.Key == key })
	if i < 0 {
		return nil, admin.NotFound("no approval of the key %.80q", key)
	}
	row := saved.Approvals[i]
	return &admin.Answer{Action: row.Action, Client: row.Client.String(), Answer: row.Answer}, nil
}
