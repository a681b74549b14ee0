package node

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

// What the owner asks of the node: admin.Node, by Go calls or at the local endpoint.
// Refusals are of type *admin.Error.

// text is the address of p, "" for none. Call it only in the node's thread, which owns
// the book.
func (n *Node) text(p core.Peer) string {
	if p.IsZero() {
		return ""
	}
	return n.core.Book.Text(p)
}

func (n *Node) texts(peers []core.Peer) []string {
	texts := []string{} // never null in JSON
	for _, p := range peers {
		texts = append(texts, n.text(p))
	}
	return texts
}

// Status says how the node is: its place, its size of the network, how busy it is.
func (n *Node) Status(ctx context.Context) (*admin.Status, error) {
	status := &admin.Status{Address: n.address.String(), Data: n.data(), PID: os.Getpid(), Version: n.options.Version}
	err := n.Do(ctx, func(c *core.Node) {
		own, place := c.Status(), c.Structure()
		status.Root, status.Backlink = n.text(own.Root), n.text(place.Backlink)
		status.Registered, status.Master, status.Normalized = own.IsRegistered, own.IsMaster, own.IsNormalized
		n.describeTree(c, status)
		status.Slaves, status.Masters, status.NetworkSize = len(place.Slaves), len(place.Masters.List), own.NetworkSize
		status.Availability = own.Availability
		status.SyncAverage = float64(own.SyncAverage) / float64(time.Millisecond)
		status.Bans, status.LimitedLogins = c.Bans().Len(), len(c.LimitedLogins())
		status.Limits = admin.Limits(c.Limits())
		a := c.Approvals()
		status.Approvals = admin.Approvals{
			Clients: a.Clients, Keys: a.Keys, Dropped: a.Dropped, QuestionsEnded: a.Ended, ChecksRefused: a.Refused,
		}
		status.Bootstrap = n.texts(n.core.Bootstrap)
		status.Extensions = n.extensionStatus()
		for _, f := range n.wire.JoinFailures() {
			status.JoinFailures = append(status.JoinFailures, admin.JoinFailure(f))
		}
	})
	if err != nil {
		return nil, err
	}
	refused, total := n.wire.Refused()
	for _, r := range refused {
		status.Refused = append(status.Refused, admin.Refused(r))
	}
	status.RefusedTotal = total
	status.Listen, status.Started = n.wire.Addr().String(), n.started
	n.mu.Lock()
	defer n.mu.Unlock()
	status.LastFailure = n.failed
	return status, nil
}

// Structure returns the node's place in the network: backlink, slaves and masters.
func (n *Node) Structure(ctx context.Context) (*admin.Structure, error) {
	structure := &admin.Structure{Address: n.address.String(), Masters: []admin.Master{}}
	err := n.Do(ctx, func(c *core.Node) {
		place := c.Structure()
		structure.Backlink, structure.Slaves = n.text(place.Backlink), n.texts(place.Slaves)
		for _, m := range place.Masters.List {
			structure.Masters = append(structure.Masters, admin.Master{Address: n.text(m.Peer), Size: int(m.Size)})
		}
		structure.Tree = n.treeOf(c)
	})
	return structure, err
}

// Sync makes the node renew its lists now and returns when that has ended. If a sync is
// under way already, it waits for that one.
func (n *Node) Sync(ctx context.Context) error {
	var before, now syncMark
	var revision uint32
	if err := n.Do(ctx, func(c *core.Node) {
		before, revision = markOf(c), c.Revision()[state.SectionNetwork]
		c.Sync()
	}); err != nil {
		return err
	}
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for {
		if err := n.Do(ctx, func(c *core.Node) {
			// Computing the mark takes the whole state, so only when it may have changed.
			if next := c.Revision()[state.SectionNetwork]; next != revision {
				now, revision = markOf(c), next
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

func markOf(c *core.Node) syncMark {
	saved := c.State()
	return syncMark{saved.SyncTotal, saved.SyncCount}
}

// Bans returns the addresses that the node refuses, oldest ban first, and behind them
// those whose logins it limits.
func (n *Node) Bans(ctx context.Context) ([]admin.Ban, error) {
	list := []admin.Ban{}
	err := n.Do(ctx, func(c *core.Node) {
		for _, b := range c.Bans().All() {
			list = append(list, n.ban(b))
		}
		for _, row := range c.LimitedLogins() {
			list = append(list, n.limit(row))
		}
	})
	return list, err
}

// limit converts what counts against a host whose logins are limited to texts.
func (n *Node) limit(row behavior.Row) admin.Ban {
	ip := ""
	if host := n.core.Book.Address(row.Peer).IP(); host.IsValid() {
		ip = host.String()
	}
	return admin.Ban{
		Address: n.text(row.Peer), IP: ip, Reason: row.Action.String(), LoginsOnly: true,
		Since: moment(row.Since), Until: moment(row.Used + n.core.Behavior[row.Action].FailLife),
	}
}

// ban converts a ban to texts.
func (n *Node) ban(b behavior.Ban) admin.Ban {
	ip := ""
	if b.IP.IsValid() {
		ip = b.IP.String()
	}
	return admin.Ban{Address: n.text(b.Peer), IP: ip, Reason: b.Reason, Since: moment(b.Since), Until: moment(b.Until)}
}

// moment converts the core's time to a time of day.
func moment(d time.Duration) time.Time { return time.Unix(0, int64(d)).UTC() }

// Ban returns the ban that holds for an address, its own or that of its host, or else the
// limit of its logins; a refusal with status 404 if there is neither.
func (n *Node) Ban(ctx context.Context, address string) (*admin.Ban, error) {
	a, err := parseOffender(address)
	if err != nil {
		return nil, err
	}
	var ban *admin.Ban
	if err := n.Do(ctx, func(c *core.Node) { ban = n.banOf(c, a) }); err != nil {
		return nil, err
	}
	if ban == nil {
		return nil, admin.NotFound("%s is not banned", a)
	}
	return ban, nil
}

// banOf is Ban in the node's thread, nil for none.
func (n *Node) banOf(c *core.Node, a peer.Address) *admin.Ban {
	p, known := n.core.Book.Find(a.String())
	ip := a.IP()
	if known && !ip.IsValid() {
		ip = n.core.Book.IP(p)
	}
	if b, found := c.Bans().Banned(p, ip, n.core.BanByAddress); found {
		ban := n.ban(b)
		return &ban
	}
	host, _ := n.core.Book.Find(peer.OfHost(ip).String())
	for _, row := range c.LimitedLogins() {
		if row.Peer == p || row.Peer == host {
			limit := n.limit(row)
			return &limit
		}
	}
	return nil
}

// parseOffender reads what can be banned: the address of a node, or a host, "192.0.2.7",
// "192.0.2.7:0", "2001:db8::/64".
func parseOffender(text string) (peer.Address, error) {
	if hosts, err := peer.ParseRange(text); err == nil {
		if bits := hosts.Bits(); !hosts.IsSingleIP() && !(hosts.Addr().Is6() && bits == 64) {
			return peer.Address{}, admin.Refuse("%s: a ban is for one host, an IPv4 or the /64 of an IPv6: "+
				"the option blacklist takes other ranges", hosts)
		}
		return peer.OfHost(hosts.Addr()), nil
	}
	a, err := peer.ParseOffender(text)
	if err != nil {
		return a, admin.Refuse("%v", err)
	}
	return a, nil
}

// maxReason bounds the reason of a ban, in bytes.
const maxReason = 1024

// AddBan bans an address, or a host, from now on, and removes it from all lists. A name's
// IP is looked up now. If it is not found, the peer's last known IP is taken; without one
// the ban is for the address only.
func (n *Node) AddBan(ctx context.Context, address string, request admin.BanRequest) (*admin.Ban, error) {
	a, err := parseOffender(address)
	switch {
	case err != nil:
		return nil, err
	case a == n.address:
		return nil, admin.Refuse("%s is the node itself", a)
	case len(request.Reason) > maxReason:
		return nil, admin.Refuse("a reason has at most %d bytes", maxReason)
	}
	ip := lookup(ctx, a)
	life := time.Duration(request.Seconds * float64(time.Second))
	var ban admin.Ban
	var failed error
	if err := n.Do(ctx, func(c *core.Node) {
		p, err := n.core.Book.Intern(a)
		if failed = errors.Join(err, n.mistrusts(a, ip)); failed != nil {
			return
		}
		if ip.IsValid() {
			n.core.Book.SetIP(p, ip)
		}
		c.Ban(p, life, request.Reason)
		b, _ := c.Bans().Get(p)
		ban = n.ban(b)
	}); err != nil || failed != nil {
		return nil, errors.Join(err, failed)
	}
	n.options.Log.Info("banned by the owner", "address", ban.Address, "until", ban.Until, "reason", ban.Reason)
	return &ban, nil
}

// mistrusts returns an error if the core never bans an address: because it is on the
// trust list, or because the node trusts all.
func (n *Node) mistrusts(a peer.Address, ip netip.Addr) error {
	switch {
	case n.core.Trusted:
		return admin.Refuse("this node trusts all, so it cannot ban (option trusted)")
	case n.core.Trustlist.Match(a, ip):
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

// RemoveBan lifts the ban of an address, and the limit of its logins; a refusal with
// status 404 if there is neither.
func (n *Node) RemoveBan(ctx context.Context, address string) error {
	a, err := parseOffender(address)
	if err != nil {
		return err
	}
	found := false
	if err := n.Do(ctx, func(c *core.Node) {
		if p, known := n.core.Book.Find(a.String()); known {
			banned, limited := c.Bans().Remove(p), c.ForgiveLogins(p)
			found = banned || limited
		}
	}); err != nil {
		return err
	}
	if !found {
		return admin.NotFound("%s is not banned", a)
	}
	n.options.Log.Info("ban lifted by the owner", "address", a.String())
	return nil
}

// ClearBans lifts all bans and limits of logins, and returns how many there were.
func (n *Node) ClearBans(ctx context.Context) (int, error) {
	count := 0
	err := n.Do(ctx, func(c *core.Node) {
		count = c.Bans().Len() + len(c.LimitedLogins())
		c.Bans().Clear()
		c.ForgiveLogins(core.Peer{})
	})
	if err == nil {
		n.options.Log.Info("all bans lifted by the owner", "count", count)
	}
	return count, err
}

// Backup writes a copy of the state and of the blobs of extensions, while the node runs, in
// the form that store.Restore reads.
func (n *Node) Backup(_ context.Context, to io.Writer) error {
	switch {
	case n.options.Ephemeral:
		return admin.Refuse("this node keeps nothing on disk")
	case !n.isRunning():
		return ErrNotRunning
	}
	return n.store.Backup(to, n.world.blobs)
}

// Bootstrap returns the bootstrap addresses: a node without a place asks one of them.
func (n *Node) Bootstrap(ctx context.Context) ([]string, error) {
	var list []string
	err := n.Do(ctx, func(*core.Node) { list = n.texts(n.core.Bootstrap) })
	return list, err
}

// SetBootstrap replaces them by one or more others, until the node is made anew. A node
// that has its place keeps it, and asks one of the new addresses when it needs another.
func (n *Node) SetBootstrap(ctx context.Context, addresses []string) error {
	var failed error
	err := n.Do(ctx, func(*core.Node) { failed = setBootstrap(n.core, addresses) })
	if failed != nil {
		return admin.Refuse("%v", failed)
	}
	return err
}

// Answer returns the answer that this node, as an approver, expects for the approval with
// this key; a refusal with status 404 if it knows none. It is for tests.
func (n *Node) Answer(ctx context.Context, key string) (*admin.Answer, error) {
	var saved state.State
	if err := n.Do(ctx, func(c *core.Node) { saved = c.State() }); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(saved.Approvals, func(row state.Approval) bool { return row.Key == key })
	if i < 0 {
		return nil, admin.NotFound("no approval of the key %.80q", key)
	}
	row := saved.Approvals[i]
	return &admin.Answer{Action: row.Action, Client: row.Client.String(), Answer: row.Answer}, nil
}
