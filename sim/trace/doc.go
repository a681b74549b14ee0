// Package trace takes down what happens to some nodes of a simulated run: what they ask
// and are asked, what they note, when they come up and go down, and each change of their
// place in the network.
//
// A Recorder is given to a run (sim.Options.Trace). It only watches: a run has the same
// fingerprint and the same results with it and without. What it records is the same to
// the bit for any number of workers. A run without a Recorder has no code for it in the
// way of its messages: the recorder stands between the nodes and their Env, and between
// the kernel and its handlers, and both are put together before the run begins.
//
// After the run, Recorder.Tracks returns what was recorded, node by node. Two writers
// turn it into files: WritePerfetto for the timeline of ui.perfetto.dev, WriteCSV for
// tables. Package explain turns it into words.
//
// # For package sim
//
// Before it makes the network the run calls Recorder.Tap with its options, after that
// Recorder.Attach, and Recorder.Handler for each partition. What happens outside of
// events, at the end of a slice, it tells by Recorder.Struck and Recorder.Look.
package trace
