package scenario

import (
	"math"
	"time"
)

// checkLoad refuses queues that would grow for ever: those without a bound at nodes that
// get more requests than they can serve.
func (s *Scenario) checkLoad() error {
	if err := s.checkStable("network.service", "network.queue", s.Network.Service, s.Network.Queue); err != nil {
		return err
	}
	for _, c := range s.Classes.present() {
		if err := s.checkStable(join(c.path(), "service"), join(c.path(), "queue"), c.Service, c.Queue); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scenario) checkStable(service, queue string, mean time.Duration, bound int) error {
	who, rate := "a master", s.masterRate()
	if extra := s.approverRate(); extra > 0 {
		who, rate = "a master that approves", rate+extra
	}
	if load := mean.Seconds() * rate; bound == 0 && load >= 1 {
		return s.errorf(s.firstGiven(service, "network.service"),
			"%s: at %s some %.3g requests a second take %s each: a load of %.3g, and from 1 on "+
				"a queue without a bound grows for ever; give %s, or less time",
			service, who, rate, formatDuration(mean), load, queue)
	}
	return nil
}

// masterRate estimates how many requests a second the busiest master gets in a settled
// network: in each sync interval one of each of its √N slaves and of each of √N masters;
// of each search one, one as a slave of another master, and one of the client if it asks
// there. A node alone gets the searches.
func (s *Scenario) masterRate() float64 {
	searches := s.perSecond("workload.searches")
	if s.Nodes == 1 {
		return searches
	}
	return 2*math.Sqrt(float64(s.Nodes))/s.SyncInterval.Seconds() + (2+s.entryShare())*searches
}

// approverRate estimates how many requests a second an approver gets: three of each
// approval, as all clients have the same approvers in a period: to vouch for the client,
// for its part of the question, and to check the answer. With approvers for each client
// these come to all nodes, which is left out.
func (s *Scenario) approverRate() float64 {
	if s.Approval.Per == "client" {
		return 0
	}
	return 3 * s.perSecond("workload.approvals")
}

// storeRate estimates how many requests a second the busiest master gets for documents and
// files, at most: one of each operation, as a question by key goes to all masters. A node
// that remembers who has the object asks none, so what a run brings may be less.
func (s *Scenario) storeRate() float64 {
	if s.Levels != 1 || s.Nodes == 1 { // with branches, heads pass questions on
		return 0
	}
	rate := 0.0
	for _, x := range s.stores() {
		rate += float64(x.objects.Rate)
	}
	return rate
}

// joined is when the last node has joined, at the earliest.
func (s *Scenario) joined() time.Duration {
	switch {
	case s.Nodes <= s.Join.Initial || s.Nodes == 1:
		return 0
	case s.Join.Mode == Spread:
		return s.Join.Over
	case s.Join.Mode == Flash:
		return s.Join.At + s.Join.Over
	case s.Join.Mode == Listed:
		return s.Join.Times.At(s.Nodes - 1)
	}
	return 0
}

// perSecond is how many requests of a series come in a second; 0 if they come at once.
func (s *Scenario) perSecond(series string) float64 {
	for _, x := range s.series() {
		switch {
		case x.path != series:
		case x.rate > 0:
			return float64(x.rate)
		case *x.count > 1 && *x.over > 0:
			return float64(*x.count) / x.over.Seconds()
		}
	}
	return 0
}

// entryShare is which share of the clients ask at the node that most of them ask.
func (s *Scenario) entryShare() float64 {
	if hosts := s.Workload.EntryHosts(); hosts != nil {
		return 1 / float64(len(hosts))
	}
	if exponent := s.Workload.ZipfExponent(); exponent > 0 {
		sum := 0.0
		for k := range s.Nodes {
			sum += math.Pow(float64(k+1), -exponent)
		}
		return 1 / sum
	}
	return 1 / float64(s.Nodes)
}
