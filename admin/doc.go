// Package admin is the local endpoint of a running node, for its owner. The commands of
// spreadnode use it; scripts, tests and Prometheus can, too.
//
// It is HTTP with JSON over a unix socket, which only the user that runs the node can
// open, or over a loopback port, which asks for a token from a file that only that user
// can read. It is never part of the public server.
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
//	GET    /v1/answers/{key}       the answer that the node expects as an approver: Answer;
//	                               only in a node that was started with --test-answers
//	GET    /metrics                in the form of Prometheus
//
// A refusal is an Error with a status of 4xx or 5xx. What a request has changed is on
// disk before its answer is sent.
//
// [NewHandler] serves a [Node] there, on a listener of [Listen]; [Client] is the other
// side.
package admin
