// Package experiment is what is more than one run: sweeps of a scenario's keys, each
// variant repeated with other seeds, and what they say together.
//
//	plan.go      a scenario file to all runs that it asks for, each with a key
//	where.go     the condition on variants
//	schedule.go  which run is next: what the folder lacks, the longest first
//	record.go    what is kept of a run
//	job.go       a run for a machine that has neither the sweep nor its files
//	folder.go    the folder of a sweep, which is the truth about what is done
//	table.go     long tables, made from the runs alone
//	compare.go   paired differences, and what counts as one
//
// The package runs nothing: its callers take a [Task] from a [Schedule], run the scenario,
// and put the [Record] into the [Folder], on as many cores and machines as they like. A
// sweep is the same to the byte however it was divided, interrupted and put together.
//
// # Keys
//
// The key of a run is a hash over all that decides what happens in it: the scenario with
// its defaults, the files it names, the values of its variant, its seed, and the version
// of the program. So a run that is done is never repeated, and one whose scenario or
// program has changed is another run.
//
// # Common random numbers
//
// Repetition r has the same seed in each variant. What chance does is then the same on
// both sides of a comparison and cancels in the differences.
package experiment
