// Package course compares the course of networks of npm nodes with that of simulated ones
// under the same schedules: how many nodes are registered, are masters and know the exact
// size at the end of every round. It takes minutes and wants a quiet machine, so it is no
// part of CI:
//
//	make course
//	go test -tags interop,course -timeout 60m -v ./interop/course -course-nodes 200
//
// The npm nodes live in one process, course.mjs, which takes turns among them. A node
// counts as registered if the one that it names lists it.
package course
