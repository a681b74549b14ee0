// Package admin is the local endpoint of a running node: the door for its owner. The
// commands of spreadnode knock there, and so may scripts, tests and Prometheus.
//
// It is HTTP with JSON over a unix socket, which only the user that runs the node can
// open, or over a loopback port, where a token from a file that only that user can read
// is asked for. It is never part of the public server.
//
//	GET    /v1/status              how the node is: Status
//	GET    /v1/structure           its backlink, slaves and masters: Structure
//	GET    /v1/members             all nodes of the network, asked from the masters: Members
//	POST   /v1/sync                sync now; answers when the sync has ended
//	GET    /v1/bans                Bans
//	DELETE /v1/bans                lift all: Count
//	GET    /v1/bans/{address}      Ban
//	PUT    /v1/bans/{address}      ban, or renew a ban: BanRequest to Ban
//	DELETE /v1/bans/{address}      lift
//	POST   /v1/backup              a copy of the state, as a stream of bytes
//	POST   /v1/reload              read the options again: Reloaded
//	POST   /v1/leave               leave the network and end; answers at once
//	GET    /v1/bootstrap           Bootstrap
//	PUT    /v1/bootstrap           change it until the next start: Bootstrap
//	GET    /v1/answers/{key}       the answer to an approval that the node vouches for: Answer. Only for tests: it
//	                               exists in a node that was started with --test-answers
//	GET    /metrics                in the form of Prometheus
//
// Refusals are an Error with a status of 4xx or 5xx. What a request has changed is on
// disk when it is answered.
//
// [NewHandler] serves a [Node] at it, on a listener of [Listen]; [Client] is the other
// half.
package admin
