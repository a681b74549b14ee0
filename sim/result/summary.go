package result

// SummarySchema names the layout of summary.json. The number behind the slash grows when
// a field changes its meaning or goes away; a new field leaves it as it is.
//
// 2: a search that no node but the entry node answered is failed, and search.latency_ms
// is that of complete searches; both were of all searches that ended without an error.
// approval.draws counts different sets of approvers; it counted periods.
const SummarySchema = "spreadsim-summary/2"

// Summary is the outcome of one run in numbers: the contents of summary.json. The JSON
// names, joined by dots, are the paths that expectations use (search.hops.max); [Paths]
// lists them.
//
// A nil pointer is JSON null and means "not measured" or "never happened", as the field's
// comment says. Numbers that are not finite are not allowed: a pointer to one is written
// as null, and one in a plain field is an error of the runner that [Run.Write] reports by
// its path.
type Summary struct {
	// Schema is [SummarySchema].
	Schema string `json:"schema"`
	// Partial says that the run was stopped before its end, at Engine.VirtualS: all
	// numbers are those of the time until then.
	Partial bool `json:"partial"`
	// Violation is the invariant that did not hold, at which the run was stopped; null
	// when there was none, or none was looked for.
	Violation *string `json:"violation"`
	// Program says what ran it.
	Program Program `json:"program"`
	// Parameters say what the scenario was made from.
	Parameters Parameters `json:"parameters"`
	// Scenario says what was run.
	Scenario Scenario `json:"scenario"`
	// Fingerprint is the rolling hash over all delivered events, in 16 hexadecimal
	// digits. Two runs with the same fingerprint did the same things in the same order.
	Fingerprint string `json:"fingerprint"`
	// Engine says what the run cost.
	Engine Engine `json:"engine"`
	// Convergence says whether and when the network settled.
	Convergence Convergence `json:"convergence"`
	// Structure is the shape of the network at the end of the run.
	Structure Structure `json:"structure"`
	// MeasuredFromS is the virtual time, in seconds, from which requests of clients count in
	// Search and Approval: those that started before are warm-up.
	MeasuredFromS float64 `json:"measured_from_s"`
	// Search is null when the scenario ran no searches, or all in the warm-up.
	Search *Search `json:"search"`
	// Approval is null when the scenario requested no approvals, or all in the warm-up.
	Approval *Approval `json:"approval"`
	// Network is what happened to messages beside their latency; null when nothing could.
	Network *Network `json:"network"`
	// Churn is null when no nodes left or came.
	Churn *Churn `json:"churn"`
	// Faults is null when the scenario has none.
	Faults *Faults `json:"faults"`
	// Attacks is null when no node lies.
	Attacks *Attacks `json:"attacks"`
	// Sync is the traffic of the steady state; null when the run had no time in which to
	// measure it.
	Sync *Sync `json:"sync"`
	// Behavior is what nodes thought of each other.
	Behavior Behavior `json:"behavior"`
	// Documents and Files are left out when the nodes have no such store.
	Documents *Store `json:"documents,omitempty"`
	Files     *Store `json:"files,omitempty"`
	// Rows says how many rows of the large tables were written.
	Rows Rows `json:"rows"`
}

// Program identifies the program of a run.
type Program struct {
	// Name is the program's name.
	Name string `json:"name"`
	// Version is the program's version, "unknown" if its build noted none.
	Version string `json:"version"`
	// Commit is the commit that it was built from, in hexadecimal digits; null if
	// unknown.
	Commit *string `json:"commit"`
	// Modified says that files differed from that commit; null if unknown.
	Modified *bool `json:"modified"`
}

// Parameters are what a command line gave to a run.
type Parameters struct {
	// FileSHA256 is the digest of the scenario file, in hexadecimal digits.
	FileSHA256 string `json:"file_sha256"`
	// Set are the keys that were set beside the file, each as key=value, in their order.
	Set []string `json:"set"`
}

// Rows tells how much of the large tables was written. Where fewer rows were written than
// there were, the table is a sample ([Run.Thin]) and its last column, stands_for, says
// how many rows each one stands for. The rest of the summary is always that of all rows.
type Rows struct {
	// NodesWritten is the number of rows in nodes.csv, 0..NodesTotal.
	NodesWritten int `json:"nodes_written"`
	// NodesTotal is the number of nodes.
	NodesTotal int `json:"nodes_total"`
	// RequestsWritten is the number of rows in requests.csv, 0..RequestsTotal.
	RequestsWritten int `json:"requests_written"`
	// RequestsTotal is the number of searches and approvals started.
	RequestsTotal int `json:"requests_total"`
	// NotesWritten is the number of rows in notes.csv, 0..NotesTotal: the first ones.
	NotesWritten int `json:"notes_written"`
	// NotesTotal is the number of bans.
	NotesTotal int `json:"notes_total"`
}

// Scenario identifies the scenario of a run.
type Scenario struct {
	// Name is the scenario's own name.
	Name string `json:"name"`
	// Hash is a hexadecimal digest of the scenario as resolved, seed included: equal
	// hashes and equal versions promise equal fingerprints.
	Hash string `json:"hash"`
	// Seed is the root of all random streams.
	Seed uint64 `json:"seed"`
	// Nodes is the number of nodes that the scenario asks for, >= 1.
	Nodes int `json:"nodes"`
	// Levels is the number of master levels, 1 for the single-level network.
	Levels int `json:"levels"`
}

// Engine is what a run cost. Only VirtualS and Events belong to what happened in the
// simulation; the rest depends on the machine and is cleared by [Summary.Timeless].
type Engine struct {
	// VirtualS is the simulated time at the end, in seconds.
	VirtualS float64 `json:"virtual_s"`
	// WallS is the time the run took on the machine, in seconds.
	WallS float64 `json:"wall_s"`
	// Events is the number of events delivered.
	Events int64 `json:"events"`
	// EventsPerS is Events over WallS.
	EventsPerS float64 `json:"events_per_s"`
	// PeakRSSBytes is the largest resident memory of the process, in bytes; null where
	// the operating system does not tell.
	PeakRSSBytes *int64 `json:"peak_rss_bytes"`
	// Workers is the number of workers that delivered events, >= 1.
	Workers int `json:"workers"`
}

// Convergence says how far the network has settled. The three shares are those of the
// last sample; null when no node was left then that could have a place.
type Convergence struct {
	// Registered is the share of live nodes that a live master lists and that know it,
	// 0..1.
	Registered *float64 `json:"registered"`
	// ExactSize is the share of live nodes whose own idea of the network's size is exact,
	// 0..1.
	ExactSize *float64 `json:"exact_size"`
	// Coverage is the share of live nodes that a search would reach, 0..1.
	Coverage *float64 `json:"coverage"`
	// TimeS is the virtual time of the first sample from which all three shares stay at
	// or above [ConvergedShare] to the end, in seconds; null if they never do.
	TimeS *float64 `json:"time_s"`
	// Rounds is TimeS in sync intervals, rounded up to whole ones; null if never.
	Rounds *float64 `json:"rounds"`
}

// Structure is the shape of the network at the end of the run.
type Structure struct {
	// Masters is the number of live nodes that list at least one slave.
	Masters int `json:"masters"`
	// MastersExpected is the number that Masters should tend to, the square root of the
	// number of live nodes: see [ExpectedMasters].
	MastersExpected float64 `json:"masters_expected"`
	// SlavesPerMaster is the length of the masters' lists; null when there is no master.
	SlavesPerMaster *Spread `json:"slaves_per_master"`
	// Levels describes each level of masters, from the one just above the slaves upwards.
	// A path takes a number for its place, counted from 0: structure.levels.0.masters.
	Levels []Level `json:"levels"`
}

// Level is one level of masters.
type Level struct {
	// Level is the level's number: 1 for masters of plain slaves, 2 for masters of these,
	// and so on.
	Level int `json:"level"`
	// Masters is the number of live masters at this level.
	Masters int `json:"masters"`
	// Members is the length of their lists of members of the level below; null without
	// masters.
	Members *Spread `json:"members"`
}

// Spread is a distribution in three numbers, in the unit of whatever it describes.
type Spread struct {
	Min  float64 `json:"min"`  // the smallest value
	Mean float64 `json:"mean"` // the arithmetic mean
	Max  float64 `json:"max"`  // the largest value
}

// Search sums up the searches by what became of them ([RequestOutcome]): Complete,
// Partial and Failed add up to Count. What a client did not get to know is not measured:
// hops and fan-out are those of complete and partial searches, latency that of the
// searches that ended.
type Search struct {
	// Count is the number of searches started, >= 1.
	Count int `json:"count"`
	// Complete is the number of searches that reached every node that lived throughout.
	Complete int `json:"complete"`
	// Partial is the number of searches that some of these nodes answered, others than
	// the entry node among them.
	Partial int `json:"partial"`
	// Failed is the number of searches that no node but the entry node answered, that
	// ended in an error, or that had not ended when the run did.
	Failed int `json:"failed"`
	// Coverage is nodes that answered over nodes that lived throughout the search, each
	// 0..1, over all searches that ended; an error is a coverage of 0. Null when none had
	// ended.
	Coverage *Coverage `json:"coverage"`
	// PartialCoverage is the same over the partial searches, 0..1; null when there is
	// none.
	PartialCoverage *Spread `json:"partial_coverage"`
	// Hops is null when no search was complete or partial.
	Hops *Hops `json:"hops"`
	// LatencyMS is the time from the client's call to its answer, of complete searches;
	// null when there is none.
	LatencyMS *Latency `json:"latency_ms"`
	// PartialLatencyMS is that of the partial searches; null when there is none.
	PartialLatencyMS *Latency `json:"partial_latency_ms"`
	// FailedLatencyMS is the time from the call to the error or to the answer of no other
	// node; null when no search has failed in this way.
	FailedLatencyMS *Latency `json:"failed_latency_ms"`
	// MessagesMean is the mean number of requests sent on behalf of one search; answers
	// do not count.
	MessagesMean float64 `json:"messages_mean"`
	// FanoutMax is the largest number of requests that one participant had in flight at a
	// time on behalf of one search; null when none was complete or partial.
	FanoutMax *int `json:"fanout_max"`
	// Errors counts the failed searches by the name of their error; it adds up to Failed.
	// A path takes the name for its place (search.errors.REQUEST_TIMEDOUT), and is 0 for
	// others.
	Errors map[string]int `json:"errors"`
}

// Coverage is a share of live nodes over many searches, 0..1.
type Coverage struct {
	Min  float64 `json:"min"`  // that of the worst search
	Mean float64 `json:"mean"` // the arithmetic mean over searches
}

// Hops counts sequential requests on the longest path from the client to the last node
// reached: client to entry node, entry node to masters, masters to slaves make three. What
// a node asks of itself is no hop.
type Hops struct {
	Mean float64 `json:"mean"` // the arithmetic mean over searches
	Max  int     `json:"max"`  // that of the deepest search
}

// Latency is a distribution of times in milliseconds, by nearest-rank quantiles: the p-th
// is the smallest measured value that at least p percent of the values do not exceed.
type Latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Approval sums up the approvals and judges how evenly the approvers were drawn. One draw
// is a set of approvers of one period. All approvals requested in a period share it,
// unless entry nodes disagree: then each different set that served is a draw.
//
// Jain, Gini and Chi2 look at the load: how often each node was drawn, each draw counted
// once. They are null when no node was drawn. An even draw is random too, so each has a
// companion that says what theory expects of it; package stats has the
// formulas.
type Approval struct {
	// Requested is the number of approvals started, >= 1.
	Requested int `json:"requested"`
	// Granted is the number of those that were given, 0..Requested.
	Granted int `json:"granted"`
	// Success is Granted over Requested, 0..1.
	Success float64 `json:"success"`
	// MessagesMean is the mean number of requests sent on behalf of one approval.
	MessagesMean float64 `json:"messages_mean"`
	// BytesMean is the mean number of bytes sent on behalf of one approval, answers
	// included.
	BytesMean float64 `json:"bytes_mean"`
	// LatencyMS is the time from the client's call to the granted approval; null when
	// none was granted.
	LatencyMS *Latency `json:"latency_ms"`
	// Errors counts the approvals that were not granted by the name of their error, as
	// Search.Errors does.
	Errors map[string]int `json:"errors"`
	// Draws is the number of different draws that served approvals.
	Draws int `json:"draws"`
	// ApproversMean is the mean number of approvers of a draw, those that have left since
	// included; null without a draw.
	ApproversMean *float64 `json:"approvers_mean"`
	// LoadMean is how often a node that is there at the end was drawn, in the mean; null when
	// none was.
	LoadMean *float64 `json:"load_mean"`
	// Jain is Jain's index of the load: 1 when all nodes are drawn equally often, 1/n
	// when one node does everything.
	Jain *float64 `json:"jain"`
	// JainFair is the value of Jain to expect of an even draw of the same size.
	JainFair *float64 `json:"jain_fair"`
	// Gini is the Gini coefficient of the load: 0 when all nodes are drawn equally often,
	// towards 1 when few do everything.
	Gini *float64 `json:"gini"`
	// GiniFair is the value of Gini to expect of an even draw of the same size.
	GiniFair *float64 `json:"gini_fair"`
	// Chi2 is the chi-square statistic of the load against an even draw, over groups of
	// neighbouring nodes with an expected count of at least 5, corrected for drawing
	// without replacement. Null when there are too few draws for two groups.
	Chi2 *float64 `json:"chi2"`
	// Chi2DF is the number of degrees of freedom of Chi2, groups less one; null with
	// Chi2.
	Chi2DF *int `json:"chi2_df"`
	// Chi2P is the probability that an even draw looks at least this uneven, 0..1; null
	// with Chi2. Values below 0.01 are reason for doubt.
	Chi2P *float64 `json:"chi2_p"`
	// Agreement is the share of approvals, among those for which at least two entry nodes
	// drew for the same period, for which these named the same approvers, 0..1; null when
	// there was none to compare.
	Agreement *float64 `json:"agreement"`
	// ApproverMax is how many draws the busiest approver was in.
	ApproverMax int `json:"approver_max"`
	// MasterMax is how many requests for the entrants of draws the busiest master of those
	// that are up at the end has answered.
	MasterMax int `json:"master_max"`
	// Captured is the share of draws that an attacker decides, 0..1; null without an
	// attack.
	Captured *float64 `json:"captured"`
	// CapturedExpected is the share of draws that the attackers of this run decide by
	// theory, 0..1: of the groups that can be drawn at the end, a draw takes each with the
	// same probability. Null with Captured.
	CapturedExpected *float64 `json:"captured_expected"`
	// Denied is the share of draws that an attacker can deny, as too few of the approvers
	// are honest for a decision, 0..1; null with Captured.
	Denied *float64 `json:"denied"`
	// DeniedExpected is that by theory; null with Captured.
	DeniedExpected *float64 `json:"denied_expected"`
	// Liars are the draws by how many of their approvers are attackers. A path takes the
	// place of one, which is that number: approval.liars.2.draws.
	Liars []LiarsDrawn `json:"liars,omitempty"`
}

// LiarsDrawn are the draws with some number of attackers.
type LiarsDrawn struct {
	// Liars is that number.
	Liars int `json:"liars"`
	// Draws is how many draws there were, Expected how many there are by theory.
	Draws    int     `json:"draws"`
	Expected float64 `json:"expected"`
}

// Sync is the traffic that keeps the network together once it has settled, without
// searches and approvals.
type Sync struct {
	// RequestsPerNodeRound is the number of requests sent per live node and sync
	// interval.
	RequestsPerNodeRound float64 `json:"requests_per_node_round"`
	// BytesPerNodeRound is the number of bytes sent per live node and sync interval,
	// answers included.
	BytesPerNodeRound float64 `json:"bytes_per_node_round"`
	// BytesPerMasterRound is the number of bytes that a node which is a master at the end
	// sends and receives per sync interval; null without masters.
	BytesPerMasterRound *Spread `json:"bytes_per_master_round"`
}

// Behavior counts bans over the whole run.
type Behavior struct {
	// Bans is the number of times that an honest node banned another. What liars ban is in
	// the notes only.
	Bans int `json:"bans"`
	// FalseBans is the number of those whose victim was honest, 0..Bans.
	FalseBans int `json:"false_bans"`
}

// Timeless returns the summary without what depends on the machine, on the build of the
// program and on how the run was divided among workers: wall time, event rate and number
// of workers are 0, memory is null, the program is empty. Two runs of the same scenario,
// seed and version have equal timeless summaries.
func (s Summary) Timeless() Summary {
	s.Program = Program{}
	s.Engine.WallS = 0
	s.Engine.EventsPerS = 0
	s.Engine.PeakRSSBytes = nil
	s.Engine.Workers = 0
	return s
}
