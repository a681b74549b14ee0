package theory

import "math"

// PortsOfIP is how many addresses the owner of one IP can choose among.
const PortsOfIP = 65_535

// Ground is the probability of capture in the original's draw by the owner of some IPs,
// in a period that it has chosen before. The draw is known ahead, so the owner computes
// the ranks of all its ports and runs nodes on the best ones. This is as good as if it
// ran a node on each: the approvers are then drawn from the honest nodes and all ports.
func Ground(honest, ips, approvers, agree int) float64 {
	ports := PortsOfIP * ips
	return Draw{Nodes: honest + ports, Colluders: ports, Approvers: approvers, Agree: agree}.Capture()
}

// Visible returns how many of the nodes of a network are left to draw from if a share of
// the honest ones, from 0 to 1, is hidden by the masters that list them. A share f of
// colluders becomes f/(1 - hidden (1-f)).
func Visible(nodes, colluders int, hidden float64) int {
	return nodes - int(math.Round(hidden*float64(nodes-colluders)))
}

// FewestApprovers returns the smallest number of approvers from which on every larger one,
// up to all nodes, keeps the probability of capture at or below a target. Because the
// number that must agree is rounded up, some smaller numbers may keep it too; they are
// left out, as a network that grows by a few nodes may want one more. It is false if there
// is no such number. Agree says how many of a number of approvers must agree.
func FewestApprovers(nodes, colluders int, target float64, agree func(approvers int) int) (fewest int, ok bool) {
	for count := nodes; count > 0; count-- {
		d := Draw{Nodes: nodes, Colluders: colluders, Approvers: count, Agree: agree(count)}
		if d.captureBound() > target && d.Capture() > target {
			return count + 1, count < nodes
		}
	}
	return 1, true
}

// captureBound is not below the probability of capture and quick to compute: exp(-c D),
// with D = a ln(a/f) + (1-a) ln((1-a)/(1-f)) for a share a of c approvers that must agree
// and a share f of colluders below a (Hoeffding, "Probability inequalities for sums of
// bounded random variables", 1963).
func (d Draw) captureBound() float64 {
	f := float64(d.Colluders) / float64(d.Nodes)
	a := float64(d.Agree) / float64(d.Approvers)
	switch {
	case f == 0 && d.Agree > 0, a > 1:
		return 0
	case a <= f:
		return 1
	}
	exponent := a * math.Log(a/f)
	if a < 1 {
		exponent += (1 - a) * math.Log((1-a)/(1-f))
	}
	return math.Exp(-float64(d.Approvers) * exponent)
}
