// Package twin runs one scenario twice, in the simulator and as real nodes, and compares
// what both measure: the proof that the simulation tells the truth.
//
// The real side is made of values of package node, each on an address of its own in
// 127.0.0.0/8, that speak HTTP over loopback in this process. Their messages take the
// scenario's latency: it is drawn from the same model by the same numbers of hosts, and
// waited for in the HTTP transport of the asker, once before a request leaves and once
// before its answer counts. All else is real: connections, encoding, clocks, timers.
//
// A machine needs time for each request, which a simulation without queues does not know.
// So that time is measured first, on the same nodes without latency ([ServiceTime]), and
// given to the simulator as network.service.
//
// Both sides are judged by the same functions of package result, from samples at the same
// times. Each side runs several times, and every number comes with the difference of the
// medians and a confidence interval for the difference of the means.
package twin
