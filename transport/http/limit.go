package httptransport

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// limit counts how often a limit has refused or delayed something. It logs the first time
// at once and then one line a minute at most, with how often it was: a log that grows
// with each refusal would be one more thing to attack.
type limit struct {
	message string
	log     *slog.Logger
	now     func() time.Time
	hits    atomic.Uint64

	mu     sync.Mutex
	logged time.Time
	before uint64 // hits at that time
}

// logPause is the least time between two lines about one limit.
const logPause = time.Minute

func newLimit(log *slog.Logger, message string) *limit {
	return &limit{message: message, log: log, now: wallClock}
}

// hit counts one more; args describe it as those of slog do.
func (l *limit) hit(args ...any) {
	hits := l.hits.Add(1)
	l.mu.Lock()
	now := l.now()
	quiet := !l.logged.IsZero() && now.Sub(l.logged) < logPause
	count := hits - l.before
	if !quiet {
		l.logged, l.before = now, hits
	}
	l.mu.Unlock()
	if !quiet {
		l.log.Warn(l.message, append(args, "times", count)...)
	}
}

// Counts are how often a node has reached its limits since its start.
type Counts struct {
	// requests that waited because their host had its share of places
	ShareWaits uint64
	// connections closed because their host had its share, and connections for which
	// another had to give way, or which were closed, because all were in use
	ConnectionsRefused, ConnectionsFull uint64
	// failures to accept a connection, such as for want of descriptors
	AcceptFailures uint64
	// bodies that came too slowly
	SlowBodies uint64
	// calls to addresses that are not public and not allowed
	CallsRefused uint64
	// calls that waited because as many names as may be were looked up
	LookupWaits uint64
	// calls that this machine could not send: no port, no descriptor, no place in time
	CallsNotSent uint64
	// streams to extensions refused for want of space
	StreamsRefused uint64
	// peers taken off the lists because all probes failed, and because they were of no use
	// for too many syncs
	PeersSilent, PeersUseless uint64
	// changes of the number of levels that the network is to have
	LevelChanges uint64
}

// limits are all limits of a node that count.
type limits struct {
	waits, refused, full, accept, slow, reach, lookups, unsent, streams *limit
}

func newLimits(log *slog.Logger) *limits {
	return &limits{
		waits:   newLimit(log, "a host has its share of requests in progress; more of its requests wait"),
		refused: newLimit(log, "a host has its share of connections; more of its connections are closed"),
		full:    newLimit(log, "all connections are in use; a new one takes the place of one of the host that has most"),
		accept:  newLimit(log, "a connection cannot be accepted"),
		slow:    newLimit(log, "a body comes too slowly; its connection is closed"),
		reach:   newLimit(log, "an address that others named is not called; see the option allowed_ranges"),
		lookups: newLimit(log, "calls wait for lookups of names; see the option max_lookups"),
		streams: newLimit(log, "a stream to an extension is refused: no space is left; see the option extension_space"),
		unsent:  newLimit(log, "a request to another node cannot be sent; the cause is this machine"),
	}
}

// Counts returns how often the node has reached its limits. It may be called from any
// goroutine.
func (n *Node) Counts() Counts {
	l := n.loop.limits
	return Counts{
		ShareWaits: l.waits.hits.Load(), ConnectionsRefused: l.refused.hits.Load(),
		ConnectionsFull: l.full.hits.Load(), AcceptFailures: l.accept.hits.Load(),
		SlowBodies: l.slow.hits.Load(), CallsRefused: l.reach.hits.Load(),
		LookupWaits: l.lookups.hits.Load(), CallsNotSent: l.unsent.hits.Load(),
		StreamsRefused: l.streams.hits.Load(), PeersSilent: n.loop.silent.Load(), PeersUseless: n.loop.useless.Load(),
		LevelChanges: n.loop.leveled.Load(),
	}
}
