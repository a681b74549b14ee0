// Package interop holds the tests that put our nodes and those of the npm package
// spreadable into one network, each in a process of its own, and let the clients of both
// use it.
//
// They need Node.js, Chromium (chromium, chromium-browser or google-chrome in the path)
// for the browser bundle, and the package:
//
//	npm ci
//	go test -tags interop .
//
// Nodes of an earlier commit take part, too: they are built from the git history, so the
// clone must not be shallow.
//
// With the tag they fail, not skip, if something is missing; without it there are no
// tests. peer.mjs is the npm side: a node or a client that follows commands in lines of
// JSON. Our side is the test binary itself, started again, which understands the same
// commands; some tests build and run spreadnode instead.
package interop
