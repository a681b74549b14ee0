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
	"spreadable/core"
	"spreadable/core/host"
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
	return &collector{node: n, up: metricNamed("up", "Whether the node answers."), gauges: statusGauges(), counts: transportCounts()}
}

func metricNamed(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("spreadable_"+name, help, nil, nil)
}

// ofStatus is a metric read from the status: a counter if its name ends so.
func ofStatus(name, help string, of func(*admin.Status) float64) gauge {
	kind := prometheus.GaugeValue
	if strings.HasSuffix(name, "_total") {
		kind = prometheus.CounterValue
	}
	return gauge{metricNamed(name, help), of, kind}
}

// statusGauges are what the status tells, too.
func statusGauges() []gauge {
	return []gauge{
		ofStatus("registered", "Whether the node has a backlink.", func(s *admin.Status) float64 { return one(s.Registered) }),
		ofStatus("master", "Whether the node has slaves.", func(s *admin.Status) float64 { return one(s.Master) }),
		ofStatus("slaves", "Slaves of the node.", func(s *admin.Status) float64 { return float64(s.Slaves) }),
		ofStatus("masters", "Masters that the node knows.", func(s *admin.Status) float64 { return float64(s.Masters) }),
		ofStatus("levels", "Levels of masters that searches go through.", func(s *admin.Status) float64 { return float64(s.Levels) }),
		ofStatus("levels_to_be", "Levels of masters that the network has decided on.", func(s *admin.Status) float64 { return float64(s.LevelsToBe) }),
		ofStatus("master_level", "Highest level at which the node is a master; 0 for none.", func(s *admin.Status) float64 { return float64(s.MasterLevel) }),
		ofStatus("top_branches", "Branches that all nodes know; 0 in a network of one level.", func(s *admin.Status) float64 { return float64(s.TopBranches) }),
		ofStatus("branch_size", "Nodes of the own branch of level 1; 0 in a network of one level.", ownBranch),
		ofStatus("network_size", "Nodes of the network, as the node knows it.", func(s *admin.Status) float64 { return float64(s.NetworkSize) }),
		ofStatus("bans", "Addresses that the node refuses.", func(s *admin.Status) float64 { return float64(s.Bans) }),
		ofStatus("limited_logins", "Hosts whose logins are limited after many wrong ones.", func(s *admin.Status) float64 { return float64(s.LimitedLogins) }),
		ofStatus("join_failures", "Steps of joining that fail; 0 for a node that has its place.", func(s *admin.Status) float64 { return float64(len(s.JoinFailures)) }),
		ofStatus("nodes_refused_total", "Requests of nodes that this one has refused.", func(s *admin.Status) float64 { return float64(s.RefusedTotal) }),
		ofStatus("availability", "How idle the node is, 0 to 1.", func(s *admin.Status) float64 { return s.Availability }),
		ofStatus("sync_seconds", "Average duration of a sync.", func(s *admin.Status) float64 { return s.SyncAverage / 1000 }),
		ofStatus("hosts_refused_total", "Newcomers refused because their host had its places.", func(s *admin.Status) float64 { return float64(s.Limits.HostsRefused) }),
		ofStatus("draws_refused_total", "Newcomers refused because their network draws approvers otherwise.", func(s *admin.Status) float64 { return float64(s.Limits.DrawsRefused) }),
		ofStatus("levels_refused_total", "Newcomers refused because their network has another number of levels.", func(s *admin.Status) float64 { return float64(s.Limits.LevelsRefused) }),
		ofStatus("hosts_shed_total", "Slaves shed because their host had more than its places.", func(s *admin.Status) float64 { return float64(s.Limits.HostsShed) }),
		ofStatus("names_left_total", "Names of masters that were not asked in a sync.", func(s *admin.Status) float64 { return float64(s.Limits.NamesLeft) }),
		ofStatus("looks_left_total", "Clients kept because no other node might be asked just then.", func(s *admin.Status) float64 { return float64(s.Limits.LooksLeft) }),
		ofStatus("entrants_cut_total", "Answers of masters with more entrants of a draw than there can be.", func(s *admin.Status) float64 { return float64(s.Limits.EntrantsCut) }),
		ofStatus("ages_left_total", "Groups of hosts seen whose age is not remembered.", func(s *admin.Status) float64 { return float64(s.Limits.AgesLeft) }),
		ofStatus("salts_withheld_total", "Parts of a salt that masters have not revealed in time.", func(s *admin.Status) float64 { return float64(s.Limits.Withheld) }),
		ofStatus("cuts_blamed_total", "Periods in which a master was blamed for such answers.", func(s *admin.Status) float64 { return float64(s.Limits.CutsBlamed) }),
		ofStatus("branches_doubted_total", "Claims of heads about their branches that were not confirmed.", func(s *admin.Status) float64 { return float64(s.Limits.BranchesDoubted) }),
		ofStatus("doubts_total", "Times that a master began to be doubted.", func(s *admin.Status) float64 { return float64(s.Limits.Doubts) }),
		ofStatus("doubted", "Masters of which not all claimed slaves count.", func(s *admin.Status) float64 { return float64(s.Limits.Doubted) }),
		ofStatus("backlinks_unsteady_total", "Backlinks left because too many requests went unanswered.", func(s *admin.Status) float64 { return float64(s.Limits.Unsteady) }),
		ofStatus("approvals", "Approvals of clients that the node vouches for.", func(s *admin.Status) float64 { return float64(s.Approvals.Clients) }),
		ofStatus("approval_keys", "Keys that the node has given out to clients.", func(s *admin.Status) float64 { return float64(s.Approvals.Keys) }),
		ofStatus("approvals_dropped_total", "Approvals and keys that gave way to others.", func(s *admin.Status) float64 { return float64(s.Approvals.Dropped) }),
		ofStatus("questions_ended_total", "Questions that wrong answers have ended.", func(s *admin.Status) float64 { return float64(s.Approvals.QuestionsEnded) }),
		ofStatus("checks_refused_total", "Checks of answers by nodes that may not ask.", func(s *admin.Status) float64 { return float64(s.Approvals.ChecksRefused) }),
	}
}

// transportCounts are what the HTTP server and client count.
func transportCounts() []counter {
	return []counter{
		{metricNamed("share_waits_total", "Requests that waited because their host had its share in progress."),
			func(c *httptransport.Counts) uint64 { return c.ShareWaits }},
		{metricNamed("connections_refused_total", "Connections closed because their host had its share."),
			func(c *httptransport.Counts) uint64 { return c.ConnectionsRefused }},
		{metricNamed("connections_full_total", "Connections that came when all were in use."),
			func(c *httptransport.Counts) uint64 { return c.ConnectionsFull }},
		{metricNamed("accept_failures_total", "Connections that could not be accepted, such as for want of descriptors."),
			func(c *httptransport.Counts) uint64 { return c.AcceptFailures }},
		{metricNamed("slow_bodies_total", "Bodies that came too slowly."),
			func(c *httptransport.Counts) uint64 { return c.SlowBodies }},
		{metricNamed("calls_refused_total", "Calls to addresses that are neither public nor allowed."),
			func(c *httptransport.Counts) uint64 { return c.CallsRefused }},
		{metricNamed("lookup_waits_total", "Calls that waited because as many names as may be were looked up."),
			func(c *httptransport.Counts) uint64 { return c.LookupWaits }},
		{metricNamed("calls_not_sent_total", "Calls that this machine could not send."),
			func(c *httptransport.Counts) uint64 { return c.CallsNotSent }},
		{metricNamed("streams_refused_total", "Streams to extensions refused for want of space."),
			func(c *httptransport.Counts) uint64 { return c.StreamsRefused }},
		{metricNamed("peers_silent_total", "Nodes taken off the lists because they did not answer."),
			func(c *httptransport.Counts) uint64 { return c.PeersSilent }},
		{metricNamed("level_changes_total", "Changes of the number of levels of the network; see the option levels."),
			func(c *httptransport.Counts) uint64 { return c.LevelChanges }},
		{metricNamed("peers_useless_total", "Nodes taken off the lists because they were of no use for too many syncs."),
			func(c *httptransport.Counts) uint64 { return c.PeersUseless }},
	}
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
	c.collectExtensions(ctx, out)
}

// collectExtensions reads the numbers of the extensions, which belong to the node's
// thread. Without any it does nothing.
func (c *collector) collectExtensions(ctx context.Context, out chan<- prometheus.Metric) {
	if len(c.node.hosts) == 0 {
		return
	}
	var all []prometheus.Metric
	err := c.node.Do(ctx, func(*core.Node) {
		for _, h := range c.node.hosts {
			all = append(all, numbersOf(c.node.world, h)...)
		}
	})
	if err == nil {
		for _, m := range all {
			out <- m
		}
	}
}

// numbersOf are the metrics of an extension: those that it has declared, and those of all.
func numbersOf(w *world, h *host.Host) (all []prometheus.Metric) {
	add := func(name, help string, kind prometheus.ValueType, value float64) {
		all = append(all, prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, nil), kind, value))
	}
	labelled := func(n number, labels, values []string) {
		desc := prometheus.NewDesc("spreadable_"+n.name, n.help, labels, nil)
		all = append(all, prometheus.MustNewConstMetric(desc, prometheus.CounterValue, n.value, values...))
	}
	traffic := func(kind string, list []*host.Traffic) {
		for _, t := range list {
			for _, n := range trafficNumbers(t) {
				n.name = "extension_" + n.name
				labelled(n, []string{"extension", "kind", "name"}, []string{h.Name(), kind, t.Name})
			}
		}
	}
	for _, k := range h.Counters() {
		add(h.Metric(k.Name)+"_total", k.Help, prometheus.CounterValue, float64(k.Value()))
	}
	for _, g := range h.Gauges() {
		add(h.Metric(g.Name), g.Help, prometheus.GaugeValue, g.Read())
	}
	traffic("query", h.Queries())
	traffic("direct", h.Directs())
	keys := w.bucketOf(h.Name())
	for _, n := range []number{
		{"extension_panics_total", "Panics of an extension, each of which has failed what it was doing.", float64(w.panicsOf(h.Name()).Load())},
		{"extension_values_refused_total", "Values of an extension that were refused for want of space: extension_keys.", float64(keys.refused)},
	} {
		labelled(n, []string{"extension"}, []string{h.Name()})
	}
	space := func(name, what, option string, s host.Space) {
		add(h.Metric(name+"_used_bytes"), "What "+what+" of the extension take.", prometheus.GaugeValue, float64(s.Used))
		add(h.Metric(name+"_limit_bytes"), "What they may take: "+option+".", prometheus.GaugeValue, float64(s.Limit))
	}
	space("keys", "keys and values", "extension_keys", keys.Space())
	if blobs := h.Blobs(); blobs != nil {
		space("space", "the large values", "extension_space", blobs.Space())
	}
	return all
}

// ownBranch is the size of the own branch of level 1.
func ownBranch(s *admin.Status) float64 {
	if len(s.Branches) == 0 {
		return 0
	}
	return float64(s.Branches[0].Size)
}

// number is one number of the traffic of an extension.
type number struct {
	name, help string
	value      float64
}

func trafficNumbers(c *host.Traffic) []number {
	return []number{
		{"asked_total", "Requests of this node for an extension.", float64(c.Asked)},
		{"failed_total", "Those that failed.", float64(c.Failed)},
		{"seconds_total", "How long they took together.", c.Took.Seconds()},
		{"nodes_asked_total", "Nodes that should have answered its queries.", float64(c.NodesAsked)},
		{"nodes_answered_total", "Nodes that have.", float64(c.NodesAnswered)},
		{"served_total", "Requests of others that this node has answered.", float64(c.Served)},
		{"refused_total", "Those that it has refused or failed at.", float64(c.Refused)},
		{"received_bytes_total", "Bytes of the streams behind them.", float64(c.Received)},
		{"invalid_total", "Answers of others that were left out as invalid.", float64(c.Invalid)},
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
