// Package draw chooses the approvers of a period in a way that every node can
// recompute and nobody needs to be trusted for.
//
// Time is cut into periods of equal length, counted from the Unix epoch
// ([Start]). For each period every node of the network has a rank: the MD5 of
// its address and the start of the period, read as a number. The nodes with the
// lowest ranks that answer a ping are the approvers ([Ranking]); how many there
// are follows from the size of the network ([Count]), and how many of them must
// agree follows from their number ([Level]).
//
// The rules, their rounding included, are those of the npm package spreadable
// 0.3, so that a Go node and an npm node with the same view of the network and
// the same options name the same approvers. The package knows no node, no clock
// and no network: whoever draws brings the addresses and the time.
//
//	ranking := draw.Rank(addresses, draw.Start(now, period))
//	count := approvers.Of(size)
//	for len(alive) < count {
//		batch := ranking.Next(draw.Batch(count-len(alive), count))
//		// ping the batch, keep who answers, stop when it is empty
//	}
//
// MD5 is what the wire asks for. It is not what protects the draw: addresses
// are chosen by their owners and starts are known years ahead, so the draw can
// be ground by whoever may choose a port, whatever the hash.
package draw
