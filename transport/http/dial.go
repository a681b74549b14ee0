package httptransport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// passage is what a call takes along in its context. The text that net/http passes to
// dial is not always the address: names that are not Latin come in the encoding of IDNA.
type passage struct {
	to    peer.Address
	given func(netip.Addr) bool // see loop.given
	ends  time.Time             // of the call; net/http hides it from dial
	ip    netip.Addr            // of the other end, once there is a connection
	trace httptrace.ClientTrace
	// the call has left this machine, or is looking up the peer's name: from then on a
	// timeout is the peer's
	begun atomic.Bool
}

type passageKey struct{}

func newPassage(to peer.Address, given func(netip.Addr) bool) *passage {
	p := &passage{to: to, given: given}
	p.trace.GotConn = func(got httptrace.GotConnInfo) {
		p.begun.Store(true)
		if tcp, ok := got.Conn.RemoteAddr().(*net.TCPAddr); ok {
			p.ip = tcp.AddrPort().Addr().Unmap().WithZone("")
		}
	}
	return p
}

// with returns a context that takes the passage along and has a deadline.
func (p *passage) with(ctx context.Context) context.Context {
	p.ends, _ = ctx.Deadline()
	return httptrace.WithClientTrace(context.WithValue(ctx, passageKey{}, p), &p.trace)
}

// markBegun is called when a call does not wait for this machine any more.
func markBegun(ctx context.Context) {
	if p, found := ctx.Value(passageKey{}).(*passage); found {
		p.begun.Store(true)
	}
}

// dial connects to one of the IPs that the name had when it was looked up. The first ones
// get half of the time that is left each: one family may lead nowhere. Net/http would go on
// when the call has ended, for the sake of later calls: two minutes, if the peer's machine
// is silent. Some calls later that peer would have all of its connections, none of which
// exists, and the calls that wait for one would count as failures of this machine.
func (c *caller) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	p := ctx.Value(passageKey{}).(*passage)
	ctx, cancel := context.WithDeadline(ctx, p.ends)
	defer cancel()
	ips, err := c.names.resolve(ctx, p.to)
	if err != nil {
		return nil, err
	}
	p.begun.Store(true)
	ips = c.order(ctx, ips)
	for i, ip := range ips {
		limited, cancel := ctx, context.CancelFunc(func() {})
		if i < len(ips)-1 {
			limited, cancel = context.WithTimeout(ctx, time.Until(p.ends)/2)
		}
		var conn net.Conn
		conn, err = c.dialIP(limited, network, ip, p)
		cancel()
		if err == nil || isLocal(err) {
			return conn, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	c.names.doubt(p.to)
	return nil, err
}

// dialIP connects to an IP. Whether the node may call it is checked when the socket is
// about to connect.
func (c *caller) dialIP(ctx context.Context, network string, ip netip.Addr, p *passage) (net.Conn, error) {
	var d net.Dialer
	if p.given == nil || !p.given(ip) {
		d.ControlContext = func(ctx context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return c.reach.check(ctx, p.to, to.Addr())
		}
	}
	if c.source.IsValid() && c.source.Unmap().Is4() == ip.Is4() {
		d.LocalAddr = &net.TCPAddr{IP: c.source.AsSlice()}
	}
	return d.DialContext(ctx, network, netip.AddrPortFrom(ip, p.to.Port()).String())
}

// order puts the IPs of a peer into the order in which they are tried. Peers compare the
// IP of our requests with our address, so IPs of the families that this has, or else the
// source, come first. Of two such families IPv4 comes first, as most nodes know each
// other by it.
func (c *caller) order(ctx context.Context, ips []netip.Addr) []netip.Addr {
	if len(ips) == 1 {
		return ips
	}
	own := []netip.Addr{c.source.Unmap()}
	if !c.source.IsValid() {
		own = nil
		if !c.own.IsZero() {
			own, _ = c.names.resolve(ctx, c.own) // without any, IPv4 comes first
		}
	}
	rank := func(ip netip.Addr) int {
		rank := 0
		if ip.Is6() {
			rank = 1
		}
		if !slices.ContainsFunc(own, func(o netip.Addr) bool { return o.Is4() == ip.Is4() }) {
			rank += 2
		}
		return rank
	}
	ips = slices.Clone(ips)
	slices.SortStableFunc(ips, func(a, b netip.Addr) int { return rank(a) - rank(b) })
	return ips
}

// localFailures are errors of the system that say nothing of the peer: no port, no
// descriptor or no memory is left, the own address is not there, or the network is down.
var localFailures = []syscall.Errno{
	syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
	syscall.ENETDOWN,
}

func isLocal(err error) bool {
	return slices.ContainsFunc(localFailures, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

// noAnswer says why there was no answer: because of this machine, or of the peer.
func noAnswer(err error) error {
	if !isLocal(err) {
		return wire.Unreachable(err)
	}
	if op := new(net.OpError); errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("%w: %.200s", message.ErrLocal, err.Error())
}

// errCrowded is for a call that found no connection, place or lookup free in time.
var errCrowded = fmt.Errorf("%w: too many requests at a time", message.ErrLocal)
