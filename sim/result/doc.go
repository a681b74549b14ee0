// Package result holds what a run of the simulator leaves behind: the types, the
// statistics that are computed from collected rows, and the folder in which they are
// kept.
//
// A runner only collects rows. It takes a [Sample] of the network now and then, writes
// one [Request] for every search or approval that a client started, and one [Node] for
// every node when the run ends. The pure functions of this package turn rows into the
// sections of a [Summary]: [SearchSummary], [ApprovalSummary], [StructureSummary] and
// [ConvergenceSummary]. Everything together is a [Run], which [Run.Write] puts into a
// folder and [Load] reads back:
//
//	summary.json   the Summary: versioned, what programs read and expectations are checked against
//	series.csv     the Samples: virtual time against structure and traffic
//	requests.csv   the Requests: one row per search or approval
//	nodes.csv      the Nodes: role and load of each
//	run.json       the scenario as resolved, seed, version, fingerprint, expectations and their outcome
//	scenario.yaml  the scenario once more, as a file that can be run again
//
// Plots and the report are made from a Run by packages of their own and lie in the same
// folder.
//
// # What is not there
//
// A section that has nothing to say is null, never a row of zeros: search is null when no
// search was run, convergence.time_s is null when the network had not settled at
// the end.
// [Summary.Value] answers false for these, and [Summary.Absent] says why in words that an
// expectation can print.
//
// # Sameness
//
// The same scenario, seed and version give the same bytes in every file, but for the
// fields that tell how the run was executed rather than what happened in it;
// [Summary.Timeless] clears those.
package result
