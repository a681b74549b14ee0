// Package behavior holds what a node remembers of the misbehaviour of others, and
// the rules by which it reacts.
//
// Members of an open network can lie, stall or take all the work for themselves.
// Three types answer that. Each has the rules of the npm package spreadable 0.3, and
// gives the same numbers to the last digit:
//
//   - [Scores]: every fault that a node sees raises the suspicion of the peer that
//     committed it, every good deed lowers it. A score that is not renewed is
//     forgotten. A peer that stays above a threshold for long enough is to be banned.
//   - [Bans]: which peers are refused, why and until when; whole hosts by default,
//     single addresses on demand.
//   - [Candidates]: which peers win too often when the best candidate for some work
//     is chosen. Winning is no fault and leads to no ban, but a suspicious winner
//     stands behind the others for a while.
//
// Nothing here reads a clock: now is always the time since the Unix epoch, and is
// expected not to go backwards. Nothing depends on the order of a map, so equal
// histories give equal answers and equal exports. The zero value of each type is
// ready and takes no memory until there is something to remember; it gives the memory
// back when there is nothing left. A peer that the owner trusts is never suspected:
// callers leave trusted peers out.
package behavior
