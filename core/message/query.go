package message

// QueryRequest carries a network-wide request of an application.
type QueryRequest struct {
	Name  string
	Level int // network levels still below the receiver: 1 at a butler, 0 at a slave
	Arg   any // the application's own, never changed once sent
}

// QueryAnswer is a merged answer and how much of the network stands behind it.
type QueryAnswer struct {
	Result   any // nil when no node had anything to say
	Coverage Coverage
	Cost     Cost
}

// Coverage counts the nodes behind an answer.
type Coverage struct {
	Asked    int // nodes that should have answered, by the lists of those that asked
	Answered int // nodes whose answer is in the result
}

// Cost is what an answer took below the node that gives it. Both count requests between
// different participants: what a node asks of itself does not leave the process.
type Cost struct {
	Hops   int // sequential requests on the longest path
	Fanout int // most simultaneous requests of one participant
}
