package message

// Which bodies an answer may have (Row.Fits). Only what costs next to nothing is looked
// at: the node that asked judges by itself what a peer says (see package behavior).

// whole reports whether a body is a *T with all its parts.
func whole[T any, P interface {
	*T
	whole() bool
}](body any) bool {
	b, ok := body.(P)
	return ok && b != nil && b.whole()
}

// empty reports whether there is no body.
func empty(body any) bool { return body == nil }

func (s *Structure) whole() bool { return s.Masters != nil && s.Masters.Total >= 0 }

func (s *Status) whole() bool { return s.NetworkSize >= 0 && s.SyncAverage >= 0 }

func (*Interview) whole() bool { return true }

func (p *Provision) whole() bool {
	for i := range p.Results {
		if p.Results[i].NetworkSize < 0 {
			return false
		}
	}
	return p.NetworkSize >= 0 && p.Lifetime >= 0
}

func (r *Registered) whole() bool { return r.Size >= 0 }

func (*AvailableNode) whole() bool { return true }

func (*ApprovalInfo) whole() bool { return true }

func (*Entrants) whole() bool { return true }

func (*Beacon) whole() bool { return true }

func (*Ages) whole() bool { return true }

func (o *BranchOffer) whole() bool { return o.Siblings != nil && o.NetworkSize >= 0 }

func (t *Tree) whole() bool {
	for _, list := range t.Lists {
		if list == nil {
			return false
		}
	}
	return len(t.Lists) == len(t.Path)
}

func (k *ApprovalKey) whole() bool { return k.ClientIP.IsValid() && k.StartedAt >= 0 }

func (*ApprovalQuestion) whole() bool { return true }

func (*DirectAnswer) whole() bool { return true }

func (a *QueryAnswer) whole() bool {
	c, cost := a.Coverage, a.Cost
	return c.Asked >= 0 && c.Answered >= 0 && cost.Hops >= 0 && cost.Fanout >= 0
}
