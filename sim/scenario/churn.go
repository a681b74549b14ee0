package scenario

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"spreadable/internal/phrase"
)

// Churn describes how nodes leave and come. It is off unless it has a preset, a session or
// a trace.
type Churn struct {
	// Measured sessions and absences, in place of session and absence: {presets}.
	Preset string `yaml:"preset"`

	// CSV of when nodes come and leave, in place of session and absence: lines t,node,up or
	// t,node,down in the order of time, t in seconds or with a unit. Nodes are numbered from
	// 0, and those that are not named stay.
	Trace File `yaml:"trace"`

	// Virtual time from which nodes leave and come. Until then those that have joined
	// stay.
	Start time.Duration `yaml:"start"`

	// How long a node stays.
	Session Lifetime `yaml:"session"`

	// How long a node stays away before it comes back. If absent, one that leaves is gone
	// for ever, and new ones come in its place.
	Absence Lifetime `yaml:"absence"`

	// Share of the sessions that end without a word, as by a power failure. In the others
	// the node's host refuses requests from then on. 50% if absent.
	Crash float64 `yaml:"crash"`

	// How long before its end a node whose session ends with a word hands over what it has:
	// slaves, and branches that it leads. 0s if absent: its host just refuses requests.
	Notice time.Duration `yaml:"notice"`

	// Share of the returns at which a node has what it knew when it left. 100% if absent.
	Memory float64 `yaml:"memory"`

	// Share of the returns at which a node has another IP address. 0% if absent.
	NewIP float64 `yaml:"new_ip"`
}

// Lifetime is a distribution of times. One of mean, median and scale says how long.
type Lifetime struct {
	// Distribution: exponential, weibull, pareto or lognormal.
	Model LifetimeModel `yaml:"model" jsonschema:"enum=exponential,enum=weibull,enum=pareto,enum=lognormal"`

	// The mean.
	Mean time.Duration `yaml:"mean"`

	// The median: half of all times are shorter.
	Median time.Duration `yaml:"median"`

	// Scale of weibull (63 % of all times are shorter) or least time of pareto.
	Scale time.Duration `yaml:"scale"`

	// Shape of weibull (below 1: many short times and some very long ones), exponent of
	// pareto (above 1), or standard deviation of the logarithm of lognormal.
	Shape Number `yaml:"shape"`
}

// LifetimeModel names a distribution of lifetimes.
type LifetimeModel string

// The distributions of lifetimes.
const (
	ExponentialLife LifetimeModel = "exponential"
	WeibullLife     LifetimeModel = "weibull"
	ParetoLife      LifetimeModel = "pareto"
	LognormalLife   LifetimeModel = "lognormal"
)

const defaultCrash = 0.5

// churnPreset is sessions and absences that have been measured somewhere. docs/models.md
// has the sources.
type churnPreset struct {
	name             string
	session, absence Lifetime
}

// churnPresets are the presets of churn.
func churnPresets() []churnPreset {
	minutes := func(shape Number, scale float64) Lifetime {
		return Lifetime{Model: WeibullLife, Shape: shape, Scale: time.Duration(scale * float64(time.Minute))}
	}
	return []churnPreset{
		{"kad", minutes(0.615, 169.5), minutes(0.476, 413.7)},
		{"ipfs-2022", minutes(0.61, 222), Lifetime{}},
		{"bittorrent-redhat", minutes(0.34, 21.3), Lifetime{}},
		{"bittorrent-debian", minutes(0.38, 42.4), Lifetime{}},
		{"bittorrent-flatout", minutes(0.59, 41.9), Lifetime{}},
		{"gnutella-2.9h", Lifetime{Model: ExponentialLife, Mean: 174 * time.Minute}, Lifetime{}},
	}
}

// On reports whether there is churn.
func (c Churn) On() bool { return c.Preset != "" || c.Session.On() || c.Trace != "" }

// Returns reports whether nodes that leave may come back.
func (c Churn) Returns() bool {
	_, absence := c.Lifetimes()
	return absence.On() || c.Trace != ""
}

// On reports whether there is a distribution.
func (l Lifetime) On() bool { return l.Model != "" }

// Lifetimes are the sessions and absences, those of the preset if there is one.
func (c Churn) Lifetimes() (session, absence Lifetime) {
	for _, p := range churnPresets() {
		if p.name == c.Preset {
			return p.session, p.absence
		}
	}
	return c.Session, c.Absence
}

// ScaleOf is the scale of the distribution, by whichever of its keys was given: that of an
// exponential is its mean, that of a Pareto the least time, that of a lognormal the median.
func (l Lifetime) ScaleOf() time.Duration {
	shape := float64(l.Shape)
	scaled := func(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) / by) }
	switch {
	case l.Mean > 0:
		return scaled(l.Mean, l.Model.unitMean(shape))
	case l.Median > 0:
		return scaled(l.Median, l.Model.unitMedian(shape))
	}
	return l.Scale
}

// unitMean is the mean of the distribution of scale 1.
func (m LifetimeModel) unitMean(shape float64) float64 {
	switch m {
	case WeibullLife:
		return math.Gamma(1 + 1/shape)
	case ParetoLife:
		return shape / (shape - 1)
	case LognormalLife:
		return math.Exp(shape * shape / 2)
	}
	return 1
}

// unitMedian is the median of the distribution of scale 1.
func (m LifetimeModel) unitMedian(shape float64) float64 {
	switch m {
	case WeibullLife:
		return math.Pow(math.Ln2, 1/shape)
	case ParetoLife:
		return math.Pow(2, 1/shape)
	case LognormalLife:
		return 1
	}
	return math.Ln2
}

// fillChurn fills in the defaults of churn, if there is any.
func (s *Scenario) fillChurn() {
	if !s.Churn.On() {
		return
	}
	fill(s, "churn.crash", &s.Churn.Crash, defaultCrash)
	if s.Churn.Returns() {
		fill(s, "churn.memory", &s.Churn.Memory, 1)
	}
}

// saysOfChurn reports whether a key of churn belongs into the resolved form.
func (s *Scenario) saysOfChurn(key string, zero bool) bool {
	if !s.Churn.On() {
		return false
	}
	switch key {
	case "start":
		return s.Churn.Trace == ""
	case "crash":
		return true
	case "notice":
		return !zero
	case "memory", "new_ip":
		return s.Churn.Returns()
	}
	return !zero // of a lifetime: only what was given
}

// checkChurn judges `churn`.
func (s *Scenario) checkChurn() error {
	c := s.Churn
	if !c.On() {
		return s.withoutChurn()
	}
	if err := s.checkPreset(); err != nil {
		return err
	}
	if err := s.checkTrace(); err != nil {
		return err
	}
	for _, part := range []struct {
		key string
		of  Lifetime
	}{{"session", c.Session}, {"absence", c.Absence}} {
		if err := s.checkLifetime("churn."+part.key, part.of); err != nil {
			return err
		}
	}
	for _, share := range []struct {
		key   string
		value float64
	}{{"crash", c.Crash}, {"memory", c.Memory}, {"new_ip", c.NewIP}} {
		if path := "churn." + share.key; share.value > 1 {
			return s.errorf(path, "%s: expected a share of at most 100%%, not %s", path, formatShare(share.value))
		}
	}
	if !c.Returns() {
		for _, path := range []string{"churn.memory", "churn.new_ip"} {
			if s.given(path) {
				return s.errorf(path, "%s: has no meaning without churn.absence: no node comes back", path)
			}
		}
	}
	if c.Start >= s.Duration {
		return s.errorf("churn.start", "churn.start: %s is not before the end of the run at %s", formatDuration(c.Start), formatDuration(s.Duration))
	}
	return s.checkIdentities()
}

// mostIdentities is how many nodes may live one after the other.
const mostIdentities = 10_000_000

// checkIdentities refuses churn for which memory would not suffice.
func (s *Scenario) checkIdentities() error {
	if all := s.Identities(); all > mostIdentities {
		return s.errorf("churn", "churn: some %.3g nodes would live one after the other, more than %d: want fewer, a shorter run or longer sessions",
			all, mostIdentities)
	}
	return nil
}

// Identities is how many nodes live one after the other in a scenario with churn, in the
// mean.
func (s *Scenario) Identities() float64 {
	session, absence := s.Churn.Lifetimes()
	switch {
	case s.Churn.Trace != "":
		return float64(s.Nodes)
	case absence.On():
		return float64(s.Nodes) * (1 + s.meanOf(absence)/s.meanOf(session))
	}
	return float64(s.Nodes) * (1 + (s.Duration-s.Churn.Start).Seconds()/s.meanOf(session))
}

// withoutChurn refuses keys that have no meaning when there is no churn.
func (s *Scenario) withoutChurn() error {
	if s.Churn.Session != (Lifetime{}) {
		return s.errorf("churn.session", "missing key \"churn.session.model\": which distribution sessions have")
	}
	for _, key := range s.churnKeys() {
		if s.given(key) {
			return s.errorf(key, "%s: has no meaning without churn.session, churn.preset or churn.trace", key)
		}
	}
	if s.given("churn") && s.Churn == (Churn{}) {
		return s.errorf("churn", "churn: needs a preset, a session or a trace")
	}
	return nil
}

// checkPreset refuses an unknown preset, and one beside keys that say the same.
func (s *Scenario) checkPreset() error {
	c := s.Churn
	if !s.given("churn.preset") {
		return nil
	}
	var names []string
	for _, p := range churnPresets() {
		names = append(names, p.name)
	}
	if !slices.Contains(names, c.Preset) {
		return s.errorf("churn.preset", "churn.preset: expected one of %s, not %s%s", strings.Join(names, ", "), phrase.Quote(c.Preset), phrase.Suggest(c.Preset, names))
	}
	for _, path := range s.churnKeys() {
		if s.given(path) && (strings.HasPrefix(path, "churn.session") || strings.HasPrefix(path, "churn.absence")) {
			return s.errorf(path, "%s: has no meaning with churn.preset, which says how long sessions and absences are", path)
		}
	}
	return nil
}

// checkLifetime judges one distribution.
func (s *Scenario) checkLifetime(path string, l Lifetime) error {
	row := s.lifetimeRow(l.Model)
	var given []string
	for _, key := range []string{"mean", "median", "scale", "shape"} {
		if s.given(join(path, key)) {
			given = append(given, key)
		}
	}
	switch {
	case !l.On() && len(given) > 0:
		return s.errorf(join(path, given[0]), "missing key %q, which %s needs", join(path, "model"), join(path, given[0]))
	case !l.On():
		return nil
	}
	takes := slices.Clone(row.Lengths)
	if row.takesShape() {
		takes = append(takes, "shape")
	}
	if err := s.checkMeaning(path, "model", string(l.Model), takes, "mean", "median", "scale", "shape"); err != nil {
		return err
	}
	if err := s.checkParameters(path, l, row, slices.DeleteFunc(given, func(key string) bool { return key == "shape" })); err != nil {
		return err
	}
	return s.checkBuilt(path, l)
}

// leastLifetime bounds what a key says how long.
const leastLifetime = time.Second

// checkParameters judges the numbers of a distribution; given are those that say how long.
func (s *Scenario) checkParameters(path string, l Lifetime, row LifetimeRow, given []string) error {
	choices := strings.Join(row.Lengths, ", ")
	switch {
	case len(given) == 0:
		return s.errorf(path, "%s: model %s needs one of %s", path, l.Model, choices)
	case len(given) > 1:
		return s.errorf(join(path, given[1]), "%s: %s says already how long; give one of %s", join(path, given[1]), join(path, given[0]), choices)
	}
	if shape := join(path, "shape"); row.takesShape() {
		if err := s.needs(path, "model "+string(l.Model), "shape"); err != nil {
			return err
		}
		if x := float64(l.Shape); x < row.LeastShape || x > row.MostShape {
			return s.errorf(shape, "%s: expected a number from %s to %s with model %s, not %s", shape, number(row.LeastShape), number(row.MostShape), l.Model, number(x))
		}
	}
	length := map[string]time.Duration{"mean": l.Mean, "median": l.Median, "scale": l.Scale}[given[0]]
	if at := join(path, given[0]); length < leastLifetime {
		return s.errorf(at, "%s: expected 1s or more, not %s", at, formatDuration(length))
	}
	return nil
}

// churnKeys are the paths of all keys of churn.
func (*Scenario) churnKeys() []string { return leavesOf("churn", reflect.TypeFor[Churn]()) }

// leavesOf lists the paths of all keys with a value below a group.
func leavesOf(path string, t reflect.Type) []string {
	var paths []string
	for f := range t.Fields() {
		name := f.Tag.Get("yaml")
		switch key := join(path, name); {
		case name == "": // no key of a file
		case f.Type.Kind() == reflect.Struct:
			paths = append(paths, leavesOf(key, f.Type)...)
		default:
			paths = append(paths, key)
		}
	}
	return paths
}

// describeChurn fills the placeholder for the presets in the comment of a field.
func describeChurn(comment string) string {
	var names []string
	for _, p := range churnPresets() {
		names = append(names, p.name)
	}
	return strings.ReplaceAll(comment, "{presets}", enumerate(names, "or"))
}
