// Package laws holds the simulator against theory: each law is a formula that is known
// from elsewhere, a simulation in which it must show, and how far the two may differ.
//
// A law that holds says that the instrument is true where the formula applies: that
// queues, distributions, populations and draws of approvers are what they claim to be. So
// the right side of a law is never computed by the code that the left side tests.
//
//	for _, law := range laws.All() {
//		outcome, err := law.Run(laws.Settings{Full: true})
//		...
//	}
//
// Each law has parameters, all of which can be set, and two sizes: the reduced one takes
// seconds and is what the tests run, the full one is as large as docs/truth.md shows. The
// bounds of a smaller run are wider, by the statistics of its size.
//
// `spreadsim laws` runs them from the command line.
package laws
