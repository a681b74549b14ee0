package node

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"spreadable/admin"
)

// gauge is one number of the status.
type gauge struct {
	desc *prometheus.Desc
	of   func(*admin.Status) float64
}

// collector asks the node at each scrape: between two scrapes metrics cost nothing.
type collector struct {
	node   *Node
	up     *prometheus.Desc
	gauges []gauge
}

func newCollector(n *Node) *collector {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("spreadable_"+name, help, nil, nil)
	}
	return &collector{n, describe("up", "Whether the node answers."), []gauge{
		{describe("registered", "Whether the node has a backlink."), func(s *admin.Status) float64 { return one(s.Registered) }},
		{describe("master", "Whether the node has slaves."), func(s *admin.Status) float64 { return one(s.Master) }},
		{describe("slaves", "Slaves of the node."), func(s *admin.Status) float64 { return float64(s.Slaves) }},
		{describe("masters", "Masters that the node knows."), func(s *admin.Status) float64 { return float64(s.Masters) }},
		{describe("network_size", "Nodes of the network, as the node knows it."), func(s *admin.Status) float64 { return float64(s.NetworkSize) }},
		{describe("bans", "Addresses that the node refuses."), func(s *admin.Status) float64 { return float64(s.Bans) }},
		{describe("availability", "How idle the node is, 0 to 1."), func(s *admin.Status) float64 { return s.Availability }},
		{describe("sync_seconds", "Average duration of a sync."), func(s *admin.Status) float64 { return s.SyncAverage / 1000 }},
	}}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	out <- c.up
	for _, g := range c.gauges {
		out <- g.desc
	}
}

// Collect implements prometheus.Collector. If the node does not answer, up is 0 and there
// is nothing else.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	status, err := c.node.Status(ctx)
	out <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, one(err == nil))
	if err != nil {
		return
	}
	for _, g := range c.gauges {
		out <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, g.of(status))
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
