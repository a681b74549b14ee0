package result

// Faults says what broke in a run, and how the network mended.
type Faults struct {
	// Count is the number of faults that have happened, mending counted too.
	Count int `json:"count"`
	// Rounds is how many sync intervals after the end of the last fault the network had
	// settled for good; null if it had not.
	Rounds *float64 `json:"rounds"`
	// Steps are the faults in their order. A path takes the place of one, counted from 0:
	// faults.steps.0.nodes.
	Steps []Fault `json:"steps"`
}

// Fault is one fault as it happened.
type Fault struct {
	// AtS is the virtual time, in seconds.
	AtS float64 `json:"at_s"`
	// Do is what happened, by the word of the scenario.
	Do string `json:"do"`
	// Nodes is how many nodes it was on; 0 for one that is on the whole network.
	Nodes int `json:"nodes"`
}
