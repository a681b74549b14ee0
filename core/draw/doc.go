// Package draw chooses the approvers of a period. Every node can recompute the
// draw, so no node needs to be trusted for it.
//
// Time is cut into periods of equal length, counted from the Unix epoch
// ([Start]). For each period every node of the network has a rank: the MD5 of
// its address and the start of the period, read as a number. The nodes with the
// lowest ranks that answer a ping are the approvers ([Ranking]); how many there
// are follows from the size of the network ([Count]), and how many of them must
// agree follows from their number ([Decision]).
//
// The rules, their rounding included, are those of the npm package spreadable
// 0.3, so that a Go node and an npm node with the same view of the network and
// the same options name the same approvers. The package knows no node, no clock
// and no network: the caller brings the addresses and the time.
//
//	ranking := draw.Rank(addresses, draw.Start(now, period))
//	count := approvers.Of(size)
//	for len(alive) < count {
//		batch := ranking.Next(draw.Batch(count-len(alive), count))
//		// ping the batch, keep those that answer, stop when it is empty
//	}
//
// The protocol demands MD5, and a better hash would not protect the draw. Owners
// choose their addresses, and starts are known years ahead. So an owner that may
// choose its port can try ports until one is drawn in the period that it wants.
//
// # Orders
//
// An [Order] gives each entrant its place in one draw, and [Shortlist] ranks entrants by
// it. [Original] is the draw above, and the only one that nodes make so far. In [ByHost]
// what is ranked are groups of entrants: IPs or prefixes ([Group]), of which an owner has few where it has thousands
// of ports. The places may depend on the client and on a secret ([Salt]).
//
// # Draws by threshold
//
// A draw needs some ten of many thousand entrants. Hashes are spread evenly and the size
// of the network is known, so the entry node need not collect all addresses: it asks the
// masters for those below a limit ([Limit]), below which some four times as many as needed
// are expected. Their union is the beginning of the full ranking. If too few of it are
// alive the limit is doubled ([Hash.Doubled]). [Plausible] bounds what one master may name.
package draw
