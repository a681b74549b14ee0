package node

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"spreadable/admin"
	httptransport "spreadable/transport/http"
)

// gauge is one number of the status. One whose name ends in _total is a counter.
type gauge struct {
	desc *prometheus.Desc
	of   func(*admin.Status) float64
	kind prometheus.ValueType
}

// counter is a number of the transport that only grows.
type counter struct {
	desc *prometheus.Desc
	of   func(*httptransport.Counts) uint64
}

// collector asks the node at each scrape: between two scrapes metrics cost nothing.
type collector struct {
	node   *Node
	up     *prometheus.Desc
	gauges []gauge
	counts []counter
}

func newCollector(n *Node) *collector {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("spreadable_"+name, help, nil, nil)
	}
	number := func(name, help string, of func(*admin.Status) float64) gauge {
		kind := prometheus.GaugeValue
		if strings.HasSuffix(name, "_total") {
			kind = prometheus.CounterValue
		}
		return gauge{describe(name, help), of, kind}
	}
	return &collector{node: n, up: describe("up", "Whether the node answers."), gauges: []gauge{
		number("registered", "Whether the node has a backlink.", func(s *admin.Status) float64 { return one(s.Registered) }),
		number("master", "Whether the node has slaves.", func(s *admin.Status) float64 { return one(s.Master) }),
		number("slaves", "Slaves of the node.", func(s *admin.Status) float64 { return float64(s.Slaves) }),
		number("masters", "Masters that the node knows.", func(s *admin.Status) float64 { return float64(s.Masters) }),
		number("network_size", "Nodes of the network, as the node knows it.", func(s *admin.Status) float64 { return float64(s.NetworkSize) }),
		number("bans", "Addresses that the node refuses.", func(s *admin.Status) float64 { return float64(s.Bans) }),
		number("limited_logins", "Hosts whose logins are limited after many wrong ones.", func(s *admin.Status) float64 { return float64(s.LimitedLogins) }),
		number("join_failures", "Steps of joining that fail; 0 for a node that has its place.", func(s *admin.Status) float64 { return float64(len(s.JoinFailures)) }),
		number("nodes_refused_total", "Requests of nodes that this one has refused.", func(s *admin.Status) float64 { return float64(s.RefusedTotal) }),
		number("availability", "How idle the node is, 0 to 1.", func(s *admin.Status) float64 { return s.Availability }),
		number("sync_seconds", "Average duration of a sync.", func(s *admin.Status) float64 { return s.SyncAverage / 1000 }),
		number("hosts_refused_total", "Newcomers refused because their host had its places.", func(s *admin.Status) float64 { return float64(s.Limits.HostsRefused) }),
		number("hosts_shed_total", "Slaves shed because their host had more than its places.", func(s *admin.Status) float64 { return float64(s.Limits.HostsShed) }),
		number("names_left_total", "Names of masters that were not asked in a sync.", func(s *admin.Status) float64 { return float64(s.Limits.NamesLeft) }),
		number("looks_left_total", "Clients kept because no other node might be asked just then.", func(s *admin.Status) float64 { return float64(s.Limits.LooksLeft) }),
		number("entrants_cut_total", "Answers of masters with more entrants of a draw than there can be.", func(s *admin.Status) float64 { return float64(s.Limits.EntrantsCut) }),
		number("doubts_total", "Times that a master began to be doubted.", func(s *admin.Status) float64 { return float64(s.Limits.Doubts) }),
		number("doubted", "Masters of which not all claimed slaves count.", func(s *admin.Status) float64 { return float64(s.Limits.Doubted) }),
		number("approvals", "Approvals of clients that the node vouches for.", func(s *admin.Status) float64 { return float64(s.Approvals.Clients) }),
		number("approval_keys", "Keys that the node has given out to clients.", func(s *admin.Status) float64 { return float64(s.Approvals.Keys) }),
		number("approvals_dropped_total", "Approvals and keys that gave way to others.", func(s *admin.Status) float64 { return float64(s.Approvals.Dropped) }),
		number("questions_ended_total", "Questions that wrong answers have ended.", func(s *admin.Status) float64 { return float64(s.Approvals.QuestionsEnded) }),
		number("checks_refused_total", "Checks of answers by nodes that may not ask.", func(s *admin.Status) float64 { return float64(s.Approvals.ChecksRefused) }),
	}, counts: []counter{
		{describe("share_waits_total", "Requests that waited because their host had its share in progress."),
			func(c *httptransport.Counts) uint64 { return c.ShareWaits }},
		{describe("connections_refused_total", "Connections closed because their host had its share."),
			func(c *httptransport.Counts) uint64 { return c.ConnectionsRefused }},
		{describe("connections_full_total", "Connections that came when all were in use."),
			func(c *httptransport.Counts) uint64 { return c.ConnectionsFull }},
		{describe("accept_failures_total", "Connections that could not be accepted, such as for want of descriptors."),
			func(c *httptransport.Counts) uint64 { return c.AcceptFailures }},
		{describe("slow_bodies_total", "Bodies that came too slowly."),
			func(c *httptransport.Counts) uint64 { return c.SlowBodies }},
		{describe("calls_refused_total", "Calls to addresses that are neither public nor allowed."),
			func(c *httptransport.Counts) uint64 { return c.CallsRefused }},
		{describe("lookup_waits_total", "Calls that waited because as many names as may be were looked up."),
			func(c *httptransport.Counts) uint64 { return c.LookupWaits }},
		{describe("calls_not_sent_total", "Calls that this machine could not send."),
			func(c *httptransport.Counts) uint64 { return c.CallsNotSent }},
		{describe("peers_silent_total", "Nodes taken off the lists because they did not answer."),
			func(c *httptransport.Counts) uint64 { return c.PeersSilent }},
		{describe("peers_useless_total", "Nodes taken off the lists because they were of no use for too many syncs."),
			func(c *httptransport.Counts) uint64 { return c.PeersUseless }},
	}}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	out <- c.up
	for _, g := range c.gauges {
		out <- g.desc
	}
	for _, k := range c.counts {
		out <- k.desc
	}
}

// Collect implements prometheus.Collector. If the node does not answer, up is 0, and there
// are no numbers but those of the transport.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	counts := c.node.wire.Counts()
	for _, k := range c.counts {
		out <- prometheus.MustNewConstMetric(k.desc, prometheus.CounterValue, float64(k.of(&counts)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	status, err := c.node.Status(ctx)
	out <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, one(err == nil))
	if err != nil {
		return
	}
	for _, g := range c.gauges {
		out <- prometheus.MustNewConstMetric(g.desc, g.kind, g.of(status))
	}
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// metrics serves the node's numbers and those of the process.
func (n *Node) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(n), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
