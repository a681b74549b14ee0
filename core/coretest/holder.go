package coretest

import "slices"

// Holder is an application with which searches are tested: node i holds the keys that i
// divides, and a search for a key finds the numbers of all nodes that hold it.
type Holder struct{ Node uint32 }

// Name implements core.Query.
func (*Holder) Name() string { return "holders" }

// Answer implements core.Query.
func (h *Holder) Answer(key any) any {
	if key.(int)%int(h.Node) != 0 {
		return nil
	}
	return []int{int(h.Node)}
}

// Merge implements core.Query.
func (*Holder) Merge(a, b any) any {
	all := slices.Concat(a.([]int), b.([]int))
	slices.Sort(all)
	return all
}

// OfferHolder offers a Holder to the host's node. It is a Network's Prepare.
func OfferHolder(h *Host) { h.Node.Offer(&Holder{Node: h.Number}) }
