package scenario

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"spreadable/internal/phrase"
	"spreadable/transport/inmem/link"
)

// Network describes what happens to messages beside their latency. Nothing does if it is
// absent: no message is lost, none waits for another, and connections cost nothing.
type Network struct {
	// Bandwidth of every node's uplink, in bits: 5Mbit/s. A message takes its size over
	// it, behind those that were sent before. Without a limit if absent.
	Up Rate `yaml:"up"`

	// Bandwidth of every node's downlink. Without a limit if absent.
	Down Rate `yaml:"down"`

	// Share of the messages that are lost on their way, each by itself. They are sent
	// again, as TCP does, unless `datagram` is true.
	Loss float64 `yaml:"loss"`

	// Whether a message that is lost stays lost, so that the asker runs into its timeout.
	Datagram bool `yaml:"datagram"`

	// Time after which a lost message is sent again; it doubles with each loss of the
	// same message. 1s if absent and messages are lost: RFC 6298.
	RTO time.Duration `yaml:"rto"`

	// When a connection is opened, which costs a round trip: reuse (at the first request
	// to a host, and after it was idle for 90s) or each (for each request, as npm
	// spreadable does). Connections cost nothing if absent.
	Connection Connection `yaml:"connection" jsonschema:"enum=reuse,enum=each"`

	// Whether connections use TLS, whose handshake costs another round trip.
	TLS bool `yaml:"tls"`

	// Mean time that a node takes to serve a request: it serves one at a time, in the
	// order in which they arrive. No time if absent.
	Service time.Duration `yaml:"service"`

	// Distribution of the service times: constant or exponential. Constant if absent.
	ServiceModel ServiceModel `yaml:"service_model" jsonschema:"enum=constant,enum=exponential"`

	// How many requests may wait at a node while it serves another one. The next one is
	// refused as by a busy HTTP server. Without a limit if absent.
	Queue int `yaml:"queue" jsonschema:"minimum=1,maximum=1000000"`
}

// Rate is a bandwidth in bits per second; 0 is one without a limit.
type Rate int64

// Connection says when connections are opened.
type Connection string

// When connections are opened.
const (
	Reuse Connection = "reuse"
	Each  Connection = "each"
)

// ServiceModel is a distribution of service times.
type ServiceModel string

// The distributions of service times.
const (
	Constant    ServiceModel = "constant"
	Exponential ServiceModel = "exponential"
)

// Limits of the keys of `network` and `classes`.
const (
	maxBandwidth = 1_000_000_000_000 // 1 Tbit/s
	maxRTO       = time.Minute       // RFC 6298 ends the doubling there, at the least
	maxService   = time.Hour
)

var rateType = reflect.TypeFor[Rate]()

// ratePattern is the shape of a bandwidth.
const ratePattern = `^[0-9]+(\.[0-9]+)?(k|M|G)?bit/s$`

var rateShape = regexp.MustCompile(ratePattern)

// rateUnits are the units of a bandwidth, from the largest on.
var rateUnits = []struct {
	name string
	bits float64
}{{"Gbit/s", 1e9}, {"Mbit/s", 1e6}, {"kbit/s", 1e3}, {"bit/s", 1}}

// parseRate reads a bandwidth: 5Mbit/s.
func parseRate(text string) (Rate, error) {
	if negative(text, rateShape) {
		return 0, fmt.Errorf("expected a bandwidth of %s or more, not %s", Rate(link.LeastRate), phrase.Quote(text))
	}
	if !rateShape.MatchString(text) {
		return 0, fmt.Errorf("expected a bandwidth with a unit (bit/s kbit/s Mbit/s Gbit/s), such as 5Mbit/s, not %s",
			phrase.Quote(text))
	}
	for _, unit := range rateUnits {
		number, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		x, err := strconv.ParseFloat(number, 64)
		bits := math.Round(x * unit.bits)
		switch {
		case err != nil || bits > maxBandwidth:
			return 0, fmt.Errorf("a bandwidth of %s is too large: at most %s", phrase.Quote(text), Rate(maxBandwidth))
		case bits < float64(link.LeastRate):
			return 0, fmt.Errorf("expected a bandwidth of %s or more, not %s", Rate(link.LeastRate), phrase.Quote(text))
		}
		return Rate(bits), nil
	}
	panic("scenario: the pattern of bandwidths has a unit that is none")
}

// String writes a bandwidth in the largest unit that leaves a whole number.
func (r Rate) String() string {
	for _, unit := range rateUnits {
		if whole := int64(unit.bits); int64(r)%whole == 0 {
			return strconv.FormatInt(int64(r)/whole, 10) + unit.name
		}
	}
	return ""
}

// String says what happens to messages: "5Mbit/s up, 5% lost, sent again after 1s"; ""
// for nothing.
func (n Network) String() string {
	var parts []string
	add := func(present bool, text string) {
		if present {
			parts = append(parts, text)
		}
	}
	add(n.Up > 0, n.Up.String()+" up")
	add(n.Down > 0, n.Down.String()+" down")
	add(n.Loss > 0, formatShare(n.Loss)+" lost")
	add(n.RTO > 0, "sent again after "+formatDuration(n.RTO))
	add(n.Connection == Reuse, "connections used again")
	add(n.Connection == Each, "a connection for each request")
	add(n.TLS, "with TLS")
	add(n.Service > 0, formatDuration(n.Service)+" to serve a request ("+string(n.ServiceModel)+")")
	add(n.Queue > 0, strconv.Itoa(n.Queue)+" may wait")
	return strings.Join(parts, ", ")
}

// HasLink reports whether anything happens to messages beside their latency.
func (s *Scenario) HasLink() bool {
	return s.Network != (Network{}) || s.Classes != (Classes{})
}

// fillNetwork gives the keys of `network` their defaults, after those of `classes`.
func (s *Scenario) fillNetwork() {
	if s.losesMessages() && !s.Network.Datagram {
		fill(s, "network.rto", &s.Network.RTO, link.DefaultRTO)
	}
	if s.servesSlowly() {
		fill(s, "network.service_model", &s.Network.ServiceModel, Constant)
	}
}

// losesMessages reports whether there is a loss, if only one of 0 % that was given.
func (s *Scenario) losesMessages() bool {
	return s.anyGiven("loss") || slices.ContainsFunc(s.Classes.present(), func(c namedClass) bool { return c.Loss > 0 })
}

// servesSlowly reports whether serving a request takes a time anywhere.
func (s *Scenario) servesSlowly() bool {
	return s.anyGiven("service") || slices.ContainsFunc(s.Classes.present(), func(c namedClass) bool { return c.Service > 0 })
}

// anyGiven reports whether a key of `network`, or the same of a class, was given.
func (s *Scenario) anyGiven(key string) bool {
	return s.given(join("network", key)) ||
		slices.ContainsFunc(s.Classes.all(), func(c namedClass) bool { return s.given(join(c.path(), key)) })
}

// checkNetwork judges `network`.
func (s *Scenario) checkNetwork() error {
	n := &s.Network
	if err := s.checkLoss("network.loss", n.Loss); err != nil {
		return err
	}
	if err := s.checkService("network.service", n.Service); err != nil {
		return err
	}
	for _, rule := range []struct {
		key, without string
		meaningless  bool
	}{
		{"datagram", "loss", !s.losesMessages()},
		{"rto", "loss", !s.losesMessages()},
		{"tls", "connection", !s.given("network.connection")},
		{"service_model", "service", !s.servesSlowly()},
		{"queue", "service", !s.servesSlowly()},
	} {
		if path := join("network", rule.key); rule.meaningless && s.given(path) {
			return s.errorf(path, "%s: has no meaning without network.%s", path, rule.without)
		}
	}
	return s.checkRTO()
}

func (s *Scenario) checkRTO() error {
	const path = "network.rto"
	if !s.given(path) {
		return nil
	}
	if s.Network.Datagram {
		return s.errorf(path, "%s: has no meaning with network.datagram true: nothing is sent again", path)
	}
	if s.Network.RTO > maxRTO {
		return s.errorf(path, "%s: expected at most %s, not %s", path, formatDuration(maxRTO),
			formatDuration(s.Network.RTO))
	}
	return s.tangible(path, s.Network.RTO)
}

func (s *Scenario) checkLoss(path string, share float64) error {
	if share < 1 {
		return nil
	}
	return s.errorf(path, "%s: expected a share below 100%%, not %s", path, formatShare(share))
}

func (s *Scenario) checkService(path string, mean time.Duration) error {
	if !s.given(path) {
		return nil
	}
	if mean > maxService {
		return s.errorf(path, "%s: expected at most %s, not %s", path, formatDuration(maxService),
			formatDuration(mean))
	}
	return s.positive(path, mean)
}

// saysOfNetwork reports whether a key of `network` or `classes` belongs into the resolved
// form: if it was given, or has a default here.
func (s *Scenario) saysOfNetwork(path string, v reflect.Value) bool {
	return v.Kind() == reflect.Struct || !v.IsZero() || s.given(path)
}
