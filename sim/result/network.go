package result

// Network is what happened to messages beside their latency, over the whole run. What the
// scenario does not switch on is null.
type Network struct {
	// Bytes is the number of bytes sent, answers included, each message once.
	Bytes int64 `json:"bytes"`
	// Lost is the number of messages that never arrived, handshakes included: all that
	// were lost if they are datagrams, and else those of connections that were given up.
	// Null without loss.
	Lost *int64 `json:"lost"`
	// Retransmissions is how often a message was sent again; null without loss, and with
	// datagrams.
	Retransmissions *int64 `json:"retransmissions"`
	// Handshakes is the number of connections that were opened; null when they cost
	// nothing.
	Handshakes *int64 `json:"handshakes"`
	// Refused is the number of requests that came to a full queue; null without a bound.
	Refused *int64 `json:"refused"`
	// Abandoned is the number of messages that were not sent, because the asker gave up
	// before their turn on a line; null when no line has a limit.
	Abandoned *int64 `json:"abandoned"`
	// Unreachable is the number of requests to nodes behind a NAT; null when there are
	// none.
	Unreachable *int64 `json:"unreachable"`
	// Uplink is the use of the nodes' uplinks; null when none has a limit.
	Uplink *Use `json:"uplink"`
	// Downlink is the use of the nodes' downlinks; null when none has a limit.
	Downlink *Use `json:"downlink"`
	// Service is the use of the nodes' processors by requests; null when serving takes no
	// time.
	Service *Use `json:"service"`
}

// Use is how busy the lines or processors of the nodes were, over those that have a
// limit.
type Use struct {
	// Passed is the number of messages that took such a line, or of requests that were
	// served or still are.
	Passed int64 `json:"passed"`
	// UtilisationMean is the share of the time that they were busy, 0..1, in the mean.
	UtilisationMean float64 `json:"utilisation_mean"`
	// UtilisationMax is that of the busiest one.
	UtilisationMax float64 `json:"utilisation_max"`
	// Busiest is the index of its node.
	Busiest int `json:"busiest"`
	// WaitMS is the time that messages or requests waited for those before them.
	WaitMS Wait `json:"wait_ms"`
}

// Wait is a time in queues, in milliseconds.
type Wait struct {
	Mean float64 `json:"mean"` // over all, those that did not wait included
	Max  float64 `json:"max"`  // the longest
}
