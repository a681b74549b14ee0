// Package behavior is what a node remembers of others' misbehaviour, and what
// it does about it.
//
// Members of an open network can lie, stall or grab work. Three memories answer
// that, each with the rules of the npm package spreadable 0.3, to the digit:
//
//   - [Scores]: every fault that a node sees raises the suspicion of its author,
//     every good deed lowers it. What is not renewed is forgotten. Whoever stays
//     above a level for long enough is to be banned.
//   - [Bans]: who is refused, why and until when; whole hosts by default, single
//     addresses on demand.
//   - [Candidates]: who wins too often when the best candidate for some work is
//     chosen. Winning is no fault and bans nobody, but a suspicious winner
//     stands behind the others for a while.
//
// Nothing here reads a clock: now is always the time since the Unix epoch, and
// the memories expect it not to go backwards. Nothing depends on the order of a
// map, so equal histories give equal answers and equal exports. The zero value
// of each memory is ready and owns no memory until there is something to
// remember; it gives it back when there is nothing left. A peer that the owner
// trusts is above suspicion: callers leave trusted peers out.
package behavior
