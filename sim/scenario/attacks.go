package scenario

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"spreadable/internal/phrase"
	"spreadable/internal/theory"
	"spreadable/sim/lie"
)

// Attacks are nodes that lie during a run, in any order.
type Attacks []Attack

// Attack is one lie that some nodes tell from a time on.
type Attack struct {
	// Virtual time at which they begin to lie.
	At time.Duration `yaml:"at" jsonschema:"required"`

	// What they tell, by the names of docs/models.md: about their slaves (phantoms,
	// flapping, claims-all, denies), sizes (sizes), masters (false-masters, eclipse),
	// their backlink (faithless), the name of the network (renames); or what they do with requests (hides, refuses, drops,
	// stalls, silent, captor, garbage), with newcomers (best), approvals (approves,
	// rejects) and draws of approvers (omits, withholds). Ports of one IP from outside:
	// ports, toggle. Ports of some IPs that come first in the draws of approvers: grinds.
	Lie string `yaml:"lie" jsonschema:"required"`

	// Which nodes lie, of those that are up, in the words of faults.on. Bootstrap nodes are
	// only among them if it says bootstrap, or names them by number.
	On string `yaml:"on"`

	// How many ports of one IP, beside the nodes (ports, toggle).
	Identities int `yaml:"identities" jsonschema:"minimum=1,maximum=10000"`

	// How many IPs the attacker has, beside the nodes (grinds).
	IPs int `yaml:"ips" jsonschema:"minimum=1,maximum=250"`

	// Among how many ports of each IP it can choose (grinds). 65535, which are all, if absent.
	Ports int `yaml:"ports" jsonschema:"minimum=1,maximum=65535"`

	// How long they lie. To the end if absent.
	For time.Duration `yaml:"for"`
}

// LieRow is a lie as scenario files know it.
type LieRow struct {
	Name string
	Kind lie.Kind
}

// Lie returns the lie with a name; ok is false if there is none.
func (s *Scenario) Lie(name string) (k lie.Kind, ok bool) {
	for _, row := range s.lies {
		if row.Name == name {
			return row.Kind, true
		}
	}
	return lie.Of(name)
}

// lieNames are the names of all lies.
func (s *Scenario) lieNames() []string {
	names := lie.Kinds()
	for _, row := range s.lies {
		names = append(names, row.Name)
	}
	return names
}

// Intrude reports whether attackers have hosts beside the nodes.
func (a Attacks) Intrude() bool {
	return slices.ContainsFunc(a, func(attack Attack) bool { return attack.On == "" })
}

// Until is when the attack ends in a run of a length.
func (a Attack) Until(end time.Duration) time.Duration {
	if a.For > 0 {
		return a.At + a.For
	}
	return end
}

// fillAttacks fills in the defaults of each attack.
func (s *Scenario) fillAttacks() {
	for i := range s.Attacks {
		if kind, _ := s.Lie(s.Attacks[i].Lie); kind.Grinds {
			fill(s, "attacks."+strconv.Itoa(i)+".ports", &s.Attacks[i].Ports, theory.PortsOfIP)
		}
	}
}

// plain lists attacks as they are written.
func (a Attacks) plain() []yaml.MapSlice {
	var list []yaml.MapSlice
	for _, attack := range a {
		var item yaml.MapSlice
		v := reflect.ValueOf(attack)
		for field := range v.Type().Fields() {
			if value := v.FieldByIndex(field.Index); !value.IsZero() {
				item = append(item, yaml.MapItem{Key: field.Tag.Get("yaml"), Value: plain(value)})
			}
		}
		list = append(list, item)
	}
	return list
}

// mostAttacks bounds the attacks: each has an IP of its own in one /24.
const mostAttacks = 200

// checkAttacks judges `attacks`.
func (s *Scenario) checkAttacks() error {
	if len(s.Attacks) > mostAttacks {
		return s.errorf("attacks", "attacks: expected at most %d, not %d", mostAttacks, len(s.Attacks))
	}
	for i, a := range s.Attacks {
		path := "attacks." + strconv.Itoa(i)
		if err := s.checkLimits(path, reflect.ValueOf(&s.Attacks[i]).Elem()); err != nil {
			return err
		}
		if err := s.checkAttack(path, a); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scenario) checkAttack(path string, a Attack) error {
	kind, known := s.Lie(a.Lie)
	if !known {
		names := s.lieNames()
		return s.errorf(join(path, "lie"), "%s.lie: expected one of %s, not %s%s", path, strings.Join(names, ", "),
			phrase.Quote(a.Lie), phrase.Suggest(a.Lie, names))
	}
	takes, needs := []string{"at", "on", "for"}, "on"
	switch {
	case kind.Grinds:
		takes, needs = []string{"at", "ips", "ports", "for"}, "ips"
	case kind.Intrudes:
		takes, needs = []string{"at", "identities", "for"}, "identities"
	}
	if err := s.checkMeaning(path, "lie", a.Lie, takes, "on", "identities", "ips", "ports"); err != nil {
		return err
	}
	if err := s.needs(path, "lie "+a.Lie, needs); err != nil {
		return err
	}
	if err := s.checkMoment(path, a.At, a.For); err != nil {
		return err
	}
	switch {
	case kind.Grinds:
		return s.checkGround(path, a)
	case kind.Intrudes:
		return nil
	}
	target, err := s.target(path, a.On)
	if err != nil {
		return err
	}
	if s.isAll(target) {
		return s.errorf(join(path, "on"), "%s.on: %s leaves no honest node", path, phrase.Quote(a.On))
	}
	return nil
}

// mostGround bounds how many addresses an attacker ranks, over all periods: some minutes.
const mostGround = 1_000_000_000

// checkGround judges how much an attacker that grinds has to compute.
func (s *Scenario) checkGround(path string, a Attack) error {
	if settings, err := s.Approval.Settings(); err == nil && !settings.ByHost && s.Node.HostLimits != "off" {
		return s.errorf(join(path, "lie"), "%s.lie: grinds needs node.host_limits: off, or approval.draw: host: else a draw of addresses takes one of each host", path)
	}
	periods := float64(a.Until(s.Duration)-a.At)/float64(s.Approval.Period) + 1
	if ranked := periods * float64(a.IPs) * float64(a.Ports); ranked > mostGround {
		return s.errorf(join(path, "ips"), "%s: %d ports of %d IPs in %.0f periods are %s addresses to rank, of at most %s: longer periods, fewer IPs or a shorter attack help",
			path, a.Ports, a.IPs, periods, number(ranked), number(mostGround))
	}
	return nil
}

// checkMoment judges when something happens, and how long it lasts, if that is given.
func (s *Scenario) checkMoment(path string, at, lasts time.Duration) error {
	if at == 0 {
		return s.errorf(join(path, "at"), "%s.at: expected more than 0s: there is no network yet", path)
	}
	if at >= s.Duration {
		return s.errorf(join(path, "at"), "%s.at: %s is not before the end of the run at %s", path, formatDuration(at), formatDuration(s.Duration))
	}
	switch key := join(path, "for"); {
	case !s.given(key):
		return nil
	case lasts == 0:
		return s.errorf(key, "%s: expected more than 0s", key)
	case at+lasts > s.Duration:
		return s.errorf(key, "%s: ends at %s, after the duration of %s: leave it out for what lasts to the end", key,
			formatDuration(at+lasts), formatDuration(s.Duration))
	}
	return nil
}

// checkLies refuses lies of others that cannot be told apart or told.
func (r Reader) checkLies() error {
	names := lie.Kinds()
	for _, row := range r.Lies {
		switch {
		case row.Name == "" || slices.Contains(names, row.Name):
			return fmt.Errorf("lie %s: expected a name that no other lie has", phrase.Quote(row.Name))
		case row.Kind.Begin == nil:
			return fmt.Errorf("lie %s: it has no Begin", phrase.Quote(row.Name))
		}
		names = append(names, row.Name)
	}
	return nil
}
