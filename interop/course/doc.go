// Package course compares the course of networks of npm nodes with that of simulated ones
// under the same schedules: how many nodes are registered, are masters and know the exact
// size at the end of every round. It takes a quarter of an hour with 64 nodes, and an hour
// or more with 200, so it is no part of CI:
//
//	make course
//	go test -tags interop,course -timeout 180m -v ./interop/course -course-nodes 200
//
// The npm nodes live in one process, course.mjs, which takes turns among them. A node
// counts as registered if the one that it names lists it.
//
// Nodes with timers need a machine whose syncs end long before the next ones begin. The test
// says how long the longest one took, and fails if it took longer than the interval or a
// request timed out, since such a run tells nothing about the rule of registration. Nodes
// that sync by hand have time: their clock is put forward from round to round.
package course
