// Package theory has the formulas that simulations are held against (package sim/laws).
// Most are of what a draw of approvers withstands: the exact probabilities with which
// colluders capture or deny an approval, and how many approvers keep them below a target.
// docs/approval.md explains them, and `spreadsim approvers` prints them. Those of queues are
// textbook formulas.
//
// # Draws
//
// A network of n nodes has b colluders among them. A draw takes c nodes, all sets of c
// equally likely, and a of these must agree. The number X of colluders in it is
// hypergeometric:
//
//	P(X = k) = C(b, k) C(n-b, c-k) / C(n, c)
//
// Colluders capture an approval if a or more were drawn, and deny it if so many were drawn
// that fewer than a are left. Where groups of nodes are drawn, n and b count groups.
//
// The probabilities are right to ten digits at all sizes up to ten million nodes. The
// textbook's way through logarithms of factorials loses half of the digits there, as it
// subtracts numbers that are nearly equal.
package theory
