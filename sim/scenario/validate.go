package scenario

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"spreadable/core/draw"
	"spreadable/internal/phrase"
)

// Limits that keep a mistyped number from filling a disk.
const (
	maxSamples = 1_000_000 // rows of series.csv
	maxRate    = 1000      // growth per sync interval, as a fraction
	maxLatency = time.Hour // beyond it a lognormal latency is cut off
)

// validate judges the scenario as a whole, defaults included. First each key by its own
// limits, which are in the tags of scenario.go so that the schema has them too, then
// those that depend on each other.
func (s *Scenario) validate() error {
	if err := s.checkLimits("", reflect.ValueOf(s).Elem()); err != nil {
		return err
	}
	checks := []func() error{
		s.checkTimes, s.checkSchedule, s.checkLevels, s.checkAddresses, s.checkLatency, s.checkJoin, s.checkChurn, s.checkLeave, s.checkFaults, s.checkAttacks, s.checkNetwork, s.checkClasses, s.checkNode, s.checkApproval, s.checkWorkload, s.checkPresence, s.checkStores, s.checkLoad, s.checkExpect,
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkLimits holds every value against the limits in its field's tag.
func (s *Scenario) checkLimits(path string, v reflect.Value) error {
	for f := range v.Type().Fields() {
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		at, field := join(path, key), v.FieldByIndex(f.Index)
		if field.Kind() == reflect.Struct {
			if err := s.checkLimits(at, field); err != nil {
				return err
			}
			continue
		}
		if err := s.checkField(at, field, limitsOf(f)); err != nil {
			return err
		}
	}
	return nil
}

// checkField holds one value against its limits. A key without a meaning in
// this scenario has no value to check.
func (s *Scenario) checkField(path string, v reflect.Value, l limits) error {
	if !s.given(path) {
		if l.required {
			group, _, _ := strings.Cut(path, ".") // of a list: faults.0.at
			needs := map[string]string{"faults": "fault", "attacks": "attack"}[group]
			return s.errorf(path, "missing key %q, which every %s needs", path, cmp.Or(needs, "scenario"))
		}
		if v.IsZero() {
			return nil
		}
	}
	if v.Type() == latencyModelType {
		l.enum = latencyModels(s.Latency.rows())
	}
	if v.Type() == lifetimeModelType {
		l.enum = s.lifetimeModels()
	}
	switch {
	case v.Kind() == reflect.String:
		return s.checkText(path, v.String(), l)
	case v.CanInt() && v.Type() != durationType && v.Type() != rateType && v.Type() != sizeType && v.Type() != levelsType && (v.Int() < l.minimum || v.Int() > l.maximum):
		return s.errorf(path, "%s: expected %s, not %d", path, l.span(), v.Int())
	}
	return nil
}

func (s *Scenario) checkText(path, text string, l limits) error {
	if len(l.enum) > 0 && !slices.Contains(l.enum, text) {
		return s.errorf(path, "%s: expected one of %s, not %s%s", path, strings.Join(l.enum, ", "),
			phrase.Quote(text), phrase.Suggest(text, l.enum))
	}
	if l.pattern != nil && !l.pattern.MatchString(text) {
		return s.errorf(path, "%s: expected lower-case letters, digits and hyphens, such as my-network, not %s",
			path, phrase.Quote(text))
	}
	if n := utf8.RuneCountInString(text); l.maxLength > 0 && n > l.maxLength {
		return s.errorf(path, "%s: expected at most %d characters, not %d", path, l.maxLength, n)
	}
	return nil
}

// checkTimes judges the durations of the scenario itself.
func (s *Scenario) checkTimes() error {
	if err := s.positive("duration", s.Duration); err != nil {
		return err
	}
	if err := s.tangible("sync_interval", s.SyncInterval); err != nil {
		return err
	}
	if err := s.tangible("sample", s.Sample); err != nil {
		return err
	}
	if rows := s.Duration / s.Sample; rows > maxSamples {
		return s.errorf("sample", "sample: every %s over a duration of %s makes %d rows, more than %d",
			formatDuration(s.Sample), formatDuration(s.Duration), rows, maxSamples)
	}
	return nil
}

// joinKeys tells which keys have a meaning with which mode.
func joinKeys(mode JoinMode) []string {
	switch mode {
	case Growth:
		return []string{"bootstrap", "rate", "initial"}
	case Spread:
		return []string{"bootstrap", "over"}
	case Flash:
		return []string{"bootstrap", "initial", "at", "over"}
	case Poisson:
		return []string{"bootstrap", "per_second"}
	case Listed:
		return []string{"bootstrap", "times"}
	default:
		return []string{"bootstrap"}
	}
}

func (s *Scenario) checkJoin() error {
	j := s.Join
	if err := s.checkMeaning("join", "mode", string(j.Mode), joinKeys(j.Mode),
		"rate", "initial", "over", "at", "per_second", "times"); err != nil {
		return err
	}
	if j.Bootstrap > s.Nodes {
		return s.errorf("join.bootstrap", "join.bootstrap: %d addresses are more than the %d nodes", j.Bootstrap,
			s.Nodes)
	}
	switch j.Mode {
	case Growth:
		return s.checkGrowth()
	case Flash:
		return s.checkFlash()
	case Poisson:
		return s.checkArrivals()
	case Listed:
		return s.checkTimesOfJoin()
	case Spread:
		if err := s.needs("join", "mode spread", "over"); err != nil {
			return err
		}
		if err := s.positive("join.over", j.Over); err != nil {
			return err
		}
		if j.Over > s.Duration {
			return s.errorf("join.over", "join.over: ends at %s, after the duration of %s",
				formatDuration(j.Over), formatDuration(s.Duration))
		}
	}
	return nil
}

func (s *Scenario) checkGrowth() error {
	if err := s.needs("join", "mode growth", "rate"); err != nil {
		return err
	}
	if s.Join.Rate <= 0 || s.Join.Rate > maxRate {
		return s.errorf("join.rate", "join.rate: expected a growth above 0%% and at most %s, not %s",
			formatShare(maxRate), formatShare(s.Join.Rate))
	}
	return s.checkInitial()
}

func (s *Scenario) checkFlash() error {
	if err := s.needs("join", "mode flash", "at"); err != nil {
		return err
	}
	if s.Join.At >= s.Duration {
		return s.errorf("join.at", "join.at: %s is not before the end of the run at %s", formatDuration(s.Join.At), formatDuration(s.Duration))
	}
	if err := s.positive("join.over", s.Join.Over); err != nil {
		return err
	}
	if end := s.Join.At + s.Join.Over; end > s.Duration {
		return s.errorf(s.firstGiven("join.at", "join.over"), "join: the crowd has come at %s, after the duration of %s",
			formatDuration(end), formatDuration(s.Duration))
	}
	return s.checkInitial()
}

// mostArrivals bounds how many nodes start in a second.
const mostArrivals = 1e6

func (s *Scenario) checkArrivals() error {
	if err := s.needs("join", "mode rate", "per_second"); err != nil {
		return err
	}
	if x := float64(s.Join.PerSecond); x < 1e-6 || x > mostArrivals {
		return s.errorf("join.per_second", "join.per_second: expected a number from 0.000001 to %s, not %s", number(mostArrivals), number(x))
	}
	return nil
}

// checkInitial judges the nodes at the start, when others follow.
func (s *Scenario) checkInitial() error {
	if s.Join.Initial > s.Nodes {
		return s.errorf("join.initial", "join.initial: %d nodes at the start are more than the %d nodes in all",
			s.Join.Initial, s.Nodes)
	}
	if s.Join.Bootstrap > s.Join.Initial {
		return s.errorf("join.bootstrap", "join.bootstrap: %d addresses are more than the %d nodes at the start",
			s.Join.Bootstrap, s.Join.Initial)
	}
	return nil
}

func (s *Scenario) checkNode() error {
	n := s.Node
	if err := s.tangible("node.server_timeout", n.ServerTimeout); err != nil {
		return err
	}
	if err := s.tangible("node.ping_timeout", n.PingTimeout); err != nil {
		return err
	}
	if n.PingTimeout > n.ServerTimeout {
		return s.errorf("node.ping_timeout", "node.ping_timeout: %s is longer than node.server_timeout, %s",
			formatDuration(n.PingTimeout), s.told("node.server_timeout", n.ServerTimeout))
	}
	if n.ServerTimeout > s.SyncInterval {
		return s.errorf("node.server_timeout", "node.server_timeout: %s is longer than sync_interval, %s",
			formatDuration(n.ServerTimeout), s.told("sync_interval", s.SyncInterval))
	}
	return nil
}

func (s *Scenario) checkApproval() error {
	if err := s.positive("approval.period", s.Approval.Period); err != nil {
		return err
	}
	if _, err := draw.ParseCount(s.Approval.Approvers); err != nil {
		return s.errorf("approval.approvers", "approval.approvers: %w", err)
	}
	if _, err := draw.ParseDecision(s.Approval.DecisionLevel); err != nil {
		return s.errorf("approval.decision_level", "approval.decision_level: %w", err)
	}
	if _, err := s.Approval.Settings(); err != nil { // it begins with the name of the key
		key, _, _ := strings.Cut(err.Error(), " ")
		return s.errorf("approval."+key, "approval.%w", err)
	}
	if least := 16 * s.Node.ServerTimeout; s.Approval.Salt == "reveal" && s.Approval.Period < least {
		return s.errorf("approval.salt", "approval.salt: reveal needs an approval.period of at least 16 times node.server_timeout, %s",
			formatDuration(least))
	}
	if s.Approval.Salt == "reveal" && s.Levels == AutoLevels {
		return s.errorf("approval.salt", "approval.salt: reveal needs a fixed number of levels (levels is auto)")
	}
	return nil
}

// checkMeaning refuses keys that were given but mean nothing beside the
// chosen kind (a model or a mode): they would be silently ignored otherwise.
func (s *Scenario) checkMeaning(group, choice, kind string, meaningful []string, all ...string) error {
	for _, key := range all {
		if path := join(group, key); s.given(path) && !slices.Contains(meaningful, key) {
			return s.errorf(path, "%s: has no meaning with %s %s, which takes %s", path, choice, kind,
				strings.Join(meaningful, ", "))
		}
	}
	return nil
}

// needs refuses the absence of keys without which a kind has no meaning.
func (s *Scenario) needs(group, kind string, keys ...string) error {
	for _, key := range keys {
		if path := join(group, key); !s.given(path) {
			return s.errorf(path, "missing key %q, which %s needs", path, kind)
		}
	}
	return nil
}

// positive refuses a duration of zero.
func (s *Scenario) positive(path string, d time.Duration) error {
	if d > 0 {
		return nil
	}
	return s.errorf(path, "%s: expected more than 0s", path)
}

// tangible refuses a duration below a millisecond. Nodes tell one another how much time
// is left in whole milliseconds, and divide their intervals among smaller tasks: less
// would be no time at all.
func (s *Scenario) tangible(path string, d time.Duration) error {
	if d >= time.Millisecond {
		return nil
	}
	return s.errorf(path, "%s: expected 1ms or more, not %s", path, formatDuration(d))
}

// within refuses requests that are asked only after the run.
func (s *Scenario) within(path string, start, over time.Duration) error {
	end := start + over // at most two years: each is at most one
	if end <= s.Duration {
		return nil
	}
	return s.errorf(s.firstGiven(path+".start", path+".over"), "%s: ends at %s, after the duration of %s", path,
		formatDuration(end), formatDuration(s.Duration))
}

// errorf is an error about the key at path. It names the place where the key was written
// or, if it was not, where its group was, or another key of that.
func (s *Scenario) errorf(path, format string, args ...any) error {
	for {
		if place, ok := s.source[path]; ok || path == "" {
			return errorAt(place, format, args...)
		}
		if below := s.givenBelow(path); below != "" {
			return errorAt(s.source[below], format, args...)
		}
		path = path[:max(0, strings.LastIndexByte(path, '.'))]
	}
}

// givenBelow is the first key below a group that was given, in the order of the alphabet;
// "" for none. A set gives a key without its group.
func (s *Scenario) givenBelow(group string) (first string) {
	for path := range s.source { // order-free: the least is one
		if strings.HasPrefix(path, group+".") && (first == "" || path < first) {
			first = path
		}
	}
	return first
}

// firstGiven returns the first of two paths that was given: an error about both is shown
// at its place.
func (s *Scenario) firstGiven(path, other string) string {
	if !s.given(path) && s.given(other) {
		return other
	}
	return path
}

// told writes the value of a key, and says so if it is a default.
func (s *Scenario) told(path string, d time.Duration) string {
	if s.given(path) {
		return formatDuration(d)
	}
	return formatDuration(d) + " (the default)"
}

// limits are what a single value must keep to.
type limits struct {
	required         bool
	minimum, maximum int64
	maxLength        int // in characters; 0 is none
	enum             []string
	pattern          *regexp.Regexp
}

// span describes the range of numbers.
func (l limits) span() string {
	if l.maximum == math.MaxInt64 {
		return fmt.Sprintf("%d or more", l.minimum)
	}
	if l.minimum == l.maximum {
		return fmt.Sprintf("%d, the only one there is today", l.minimum)
	}
	return fmt.Sprintf("%d to %d", l.minimum, l.maximum)
}

// limitsOf reads the limits from the jsonschema tag of a field, so that the schema and the
// decoder cannot disagree. The tags are ours: a malformed one is a programming error,
// which the tests find.
func limitsOf(f reflect.StructField) limits {
	l := limits{minimum: math.MinInt64, maximum: math.MaxInt64}
	for rule := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
		name, value, _ := strings.Cut(rule, "=")
		switch name {
		case "required":
			l.required = true
		case "minimum":
			l.minimum, _ = strconv.ParseInt(value, 10, 64)
		case "maximum":
			l.maximum, _ = strconv.ParseInt(value, 10, 64)
		case "maxLength":
			l.maxLength, _ = strconv.Atoi(value)
		case "enum":
			l.enum = append(l.enum, value)
		case "pattern":
			l.pattern = regexp.MustCompile(value)
		}
	}
	return l
}
