package link

import (
	"time"

	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
)

// Options of a Link.
type Options struct {
	Latency latency.Model
	Hosts   *Hosts
	Size    int    // hosts of the network, clients included
	Seed    uint64 // of what is lost, and of service times

	Datagram bool          // a packet that is lost is not sent again
	RTO      time.Duration // the first retransmission timeout; 0 is DefaultRTO

	Connection  Connection
	TLS         bool
	Exponential bool // service times are exponentially distributed
}

// Connection says when a connection is opened.
type Connection uint8

const (
	// Free: there always is one, at no cost.
	Free Connection = iota
	// Reuse: at the first request to a host, and when it was idle for KeepAlive.
	Reuse
	// Each: for each request.
	Each
)

// Link is an inmem.Link made of those parts that a network needs. The others are nil.
type Link struct {
	inmem.Link
	Hosts       *Hosts
	tcp         *TCP
	datagrams   *Datagrams
	connections *Connections
	server      *Server
	down        *Downlink
	up          *Uplink
	outside     *Outside
}

// New makes a link.
func New(o Options) *Link {
	l := &Link{Hosts: o.Hosts}
	way := l.way(o)
	l.Link = Path{way}
	l.ends(o)
	if o.Connection != Free {
		l.connections = &Connections{
			Link: l.Link, Way: way, Each: o.Connection == Each, TLS: o.TLS, open: make([]dialer, o.Size),
		}
		l.Link = l.connections
	}
	if o.Hosts.any(func(h *Host) bool { return h.Up > 0 }) {
		l.up = &Uplink{Link: l.Link, Hosts: o.Hosts, lines: make([]line, o.Size)}
		l.Link = l.up
	}
	if o.Hosts.AnyOutside() {
		l.outside = &Outside{Link: l.Link, Hosts: o.Hosts, lost: make([]uint64, o.Size)}
		l.Link = l.outside
	}
	return l
}

// way makes what carries packets.
func (l *Link) way(o Options) Way {
	var way Way = Latency{o.Latency}
	if o.Hosts.any(func(h *Host) bool { return h.Delay > 0 }) {
		way = Access{way, o.Hosts}
	}
	switch {
	case !o.Hosts.any(func(h *Host) bool { return h.Loss > 0 }):
	case o.Datagram:
		l.datagrams = &Datagrams{Way: way, Hosts: o.Hosts, lines: newLosses(o.Seed, o.Size)}
		way = l.datagrams
	default:
		if o.RTO == 0 {
			o.RTO = DefaultRTO
		}
		l.tcp = &TCP{Way: way, Hosts: o.Hosts, RTO: o.RTO, lines: newLosses(o.Seed, o.Size)}
		way = l.tcp
	}
	return way
}

// ends adds what happens at the receiver's end.
func (l *Link) ends(o Options) {
	if o.Hosts.any(func(h *Host) bool { return h.Service > 0 }) {
		l.server = &Server{
			Link: l.Link, Hosts: o.Hosts, Exponential: o.Exponential, desks: newDesks(o.Seed, o.Size),
		}
		l.Link = l.server
	}
	if o.Hosts.any(func(h *Host) bool { return h.Down > 0 }) {
		l.down = &Downlink{Link: l.Link, Hosts: o.Hosts, lines: make([]line, o.Size)}
		l.Link = l.down
	}
}
