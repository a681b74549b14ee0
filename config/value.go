package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/home"
	"spreadable/internal/phrase"
)

// value is a field of a Config, read and written as text. The errors of set say what
// would be right.
type value interface {
	set(text string) error
	String() string
}

// listValue is a value with many items; set takes one item.
type listValue interface {
	value
	setList(items []string) error
}

// text is any text.
type text string

func (v *text) set(given string) error { *v = text(given); return nil }
func (v *text) String() string         { return string(*v) }

// path is the path of a file or directory, ~ already replaced by the home directory.
type path string

func (v *path) set(given string) error {
	expanded, err := home.Expand(given)
	*v = path(expanded)
	return err
}

func (v *path) String() string { return string(*v) }

// endpoint is where the owner's commands find the node; checkAdmin checks it.
type endpoint string

func (v *endpoint) set(given string) error {
	place, socket := strings.CutPrefix(given, "unix:")
	if !socket {
		*v = endpoint(given)
		return nil
	}
	expanded, err := home.Expand(place)
	*v = endpoint("unix:" + expanded)
	return err
}

func (v *endpoint) String() string { return string(*v) }

// boolean is true or false, in no other spelling.
type boolean bool

func (v *boolean) set(given string) error {
	if given != "true" && given != "false" {
		return fmt.Errorf("want true or false, not %s", phrase.Quote(given))
	}
	*v = given == "true"
	return nil
}
func (v *boolean) String() string { return strconv.FormatBool(bool(*v)) }

// parseWhole reads decimal digits. A leading zero is an error: some readers of YAML, and
// some people, take 010 for 8.
func parseWhole(text string, bits int) (uint64, error) {
	if len(text) > 1 && text[0] == '0' {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(text, 10, bits)
}

// port is a TCP port.
type port uint16

func (v *port) set(given string) error {
	n, err := parseWhole(given, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("want a port from 1 to 65535, not %s", phrase.Quote(given))
	}
	*v = port(n)
	return nil
}

func (v *port) String() string {
	if *v == 0 {
		return ""
	}
	return strconv.Itoa(int(*v))
}

// count is a whole number of 0 or more.
type count int

// maxCount is beyond any sensible number of anything here.
const maxCount = 1 << 30

func (v *count) set(given string) error {
	n, err := parseWhole(given, 64)
	if err != nil || n > maxCount {
		return fmt.Errorf("want a whole number of 0 or more, not %s", phrase.Quote(given))
	}
	*v = count(n)
	return nil
}
func (v *count) String() string { return strconv.Itoa(int(*v)) }

// ranged is a whole number within bounds.
type ranged struct {
	n           *int
	least, most int
}

func (v *ranged) set(given string) error {
	n, err := parseWhole(given, 31)
	if err != nil || int(n) < v.least || int(n) > v.most {
		return fmt.Errorf("want a whole number from %d to %d, not %s", v.least, v.most, phrase.Quote(given))
	}
	*v.n = int(n)
	return nil
}

func (v *ranged) String() string { return strconv.Itoa(*v.n) }

// levels is a number of levels of masters, or auto.
type levels int

const autoLevels = "auto"

func (v *levels) set(given string) error {
	if given == autoLevels {
		*v = message.AutoLevels
		return nil
	}
	if (&ranged{(*int)(v), 1, 4}).set(given) != nil {
		return fmt.Errorf("want auto, or a whole number from 1 to 4, not %s", phrase.Quote(given))
	}
	return nil
}

func (v *levels) String() string {
	if *v == message.AutoLevels {
		return autoLevels
	}
	return strconv.Itoa(int(*v))
}

// color is one word, or a color of the web.
type color struct {
	text *string
	word string
}

var webColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (v *color) set(given string) error {
	if given != v.word && !webColor.MatchString(given) {
		return fmt.Errorf(`want %s or "#rrggbb" (in quotes), not %s`, v.word, phrase.Quote(given))
	}
	*v.text = given
	return nil
}

func (v *color) String() string { return *v.text }

// duration has a unit, and is above 0.
type duration time.Duration

const day = 24 * time.Hour

// maxDuration is the longest that can be given, ten years.
const maxDuration = 3650 * day

var errDuration = errors.New("want a duration with a unit (ms, s, m, h, d), such as 500ms, 16s, 5m or 7d")

// ParseDuration reads a duration above 0 with its unit: what the standard library reads,
// and whole or decimal days.
func ParseDuration(given string) (time.Duration, error) {
	var v duration
	err := v.set(given)
	return time.Duration(v), err
}

func (v *duration) set(given string) error {
	d, err := time.ParseDuration(given)
	if days, found := strings.CutSuffix(given, "d"); found {
		x, parseErr := strconv.ParseFloat(days, 64)
		d, err = time.Duration(x*float64(day)), parseErr
		if !(x <= float64(maxDuration/day)) { // or NaN
			err = errDuration
		}
	}
	switch {
	case err != nil || given == "0":
		return fmt.Errorf("%w, not %s", errDuration, phrase.Quote(given))
	case d <= 0 || d > maxDuration:
		return fmt.Errorf("want a duration above 0 and up to 10 years, not %s", phrase.Quote(given))
	}
	*v = duration(d)
	return nil
}

func (v *duration) String() string {
	d := time.Duration(*v)
	if d > 0 && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	short := d.String()
	for _, zero := range []string{"0s", "0m"} { // 5m0s is 5m, 1h0m is 1h, but 10s stays
		trimmed, found := strings.CutSuffix(short, zero)
		if found && trimmed != "" && strings.ContainsAny(trimmed[len(trimmed)-1:], "mh") {
			short = trimmed
		}
	}
	return short
}

// age is a duration that can be 0.
type age time.Duration

func (v *age) set(given string) error {
	if given == "0s" {
		*v = 0
		return nil
	}
	return (*duration)(v).set(given)
}

func (v *age) String() string { return (*duration)(v).String() }

// ParseSize reads a number of bytes above 0 with its unit, such as 500KiB.
func ParseSize(given string) (int64, error) {
	var v size
	err := v.set(given)
	return int64(v), err
}

// FormatSize writes a number of bytes as ParseSize reads it.
func FormatSize(bytes int64) string {
	v := size(bytes)
	return v.String()
}

// size is a number of bytes above 0.
type size int64

var errSize = errors.New("want a size with a unit (B, kB, KiB, MB, MiB, GB, GiB), such as 500KiB")

func (v *size) set(given string) error {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1000}, {"MB", 1_000_000}, {"GB", 1_000_000_000}, {"B", 1}} {
		digits, found := strings.CutSuffix(given, unit.name)
		if !found {
			continue
		}
		n, err := parseWhole(digits, 32)
		if err != nil || n == 0 {
			break
		}
		*v = size(int64(n) * unit.bytes)
		return nil
	}
	return fmt.Errorf("%w, not %s", errSize, phrase.Quote(given))
}

func (v *size) String() string {
	if n := int64(*v); n > 0 && n%(1<<30) == 0 {
		return strconv.FormatInt(n>>30, 10) + "GiB"
	} else if n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + "MiB"
	} else if n%(1<<10) == 0 {
		return strconv.FormatInt(n>>10, 10) + "KiB"
	}
	return strconv.FormatInt(int64(*v), 10) + "B"
}

// choice is one of a few words.
type choice struct {
	word  *string
	words []string
}

func (v *choice) set(given string) error {
	if !slices.Contains(v.words, given) {
		return fmt.Errorf("want one of %s, not %s", strings.Join(v.words, ", "), phrase.Quote(given))
	}
	*v.word = given
	return nil
}
func (v *choice) String() string { return *v.word }

// ip is an IP address, or none.
type ip netip.Addr

func (v *ip) set(given string) error {
	if given == "" {
		*v = ip{}
		return nil
	}
	addr, err := peer.ParseIP(given)
	*v = ip(addr)
	return err
}

func (v *ip) String() string {
	if addr := netip.Addr(*v); addr.IsValid() {
		return addr.String()
	}
	return ""
}

// listenAddress is an address to listen at, whose host may be empty; or none.
type listenAddress string

func (v *listenAddress) set(given string) error {
	if given != "" {
		if _, p, err := net.SplitHostPort(given); err != nil || new(port).set(p) != nil {
			return fmt.Errorf("want host:port or :port, not %s", phrase.Quote(given))
		}
	}
	*v = listenAddress(given)
	return nil
}
func (v *listenAddress) String() string { return string(*v) }

// addresses are addresses of nodes.
type addresses []string

func (v *addresses) set(given string) error { return v.setList([]string{given}) }
func (v *addresses) String() string         { return strings.Join(*v, ",") }

func (v *addresses) setList(items []string) error {
	list := addresses{}
	for _, item := range items {
		a, err := peer.Parse(item)
		if err != nil {
			return err
		}
		list = append(list, a.String())
	}
	*v = list
	return nil
}

// peers are the items of a white-, black- or trust-list.
type peers []string

func (v *peers) set(given string) error { return v.setList([]string{given}) }
func (v *peers) String() string         { return strings.Join(*v, ",") }

func (v *peers) setList(items []string) error {
	if _, err := peer.ParseList(items); err != nil {
		return err
	}
	*v = slices.Clone(items)
	return nil
}

// extensions are names, each with a file behind an equals sign or without.
type extensions []string

func (v *extensions) set(given string) error { return v.setList([]string{given}) }
func (v *extensions) String() string         { return strings.Join(*v, ",") }

var extensionName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func (v *extensions) setList(items []string) error {
	seen := make(map[string]bool)
	for _, item := range items {
		name, file, has := strings.Cut(item, "=")
		switch {
		case !extensionName.MatchString(name) || has && file == "":
			return fmt.Errorf("want a name of lower-case letters, digits and hyphens, or NAME=FILE, not %s", phrase.Quote(item))
		case seen[name]:
			return fmt.Errorf("the extension %s is given twice", name)
		}
		seen[name] = true
	}
	*v = slices.Clone(items)
	return nil
}

// ranges are IPs and ranges of IPs.
type ranges []netip.Prefix

func (v *ranges) set(given string) error { return v.setList([]string{given}) }

func (v *ranges) setList(items []string) error {
	list := ranges{}
	for _, item := range items {
		prefix, err := peer.ParseRange(item)
		if err != nil {
			return err
		}
		list = append(list, prefix)
	}
	*v = list
	return nil
}

func (v *ranges) String() string {
	var texts []string
	for _, p := range *v {
		if p.IsSingleIP() {
			texts = append(texts, p.Addr().String())
		} else {
			texts = append(texts, p.String())
		}
	}
	return strings.Join(texts, ",")
}

// share is a part of a whole, above nothing and up to all of it, written in percent.
type share float64

func (v *share) set(given string) error {
	digits, found := strings.CutSuffix(given, "%")
	percent, err := strconv.ParseFloat(digits, 64)
	if !found || err != nil || !(percent > 0 && percent <= 100) {
		return fmt.Errorf("want a share above 0%% and up to 100%%, such as 12.5%%, not %s", phrase.Quote(given))
	}
	*v = share(percent / 100)
	return nil
}

func (v *share) String() string { return strconv.FormatFloat(float64(*v)*100, 'g', 10, 64) + "%" }

// partly is a share within bounds, written in percent.
type partly struct {
	share       *float64
	least, most float64
}

func (v *partly) set(given string) error {
	var s share
	if err := s.set(given); err != nil || float64(s) < v.least || float64(s) > v.most {
		return fmt.Errorf("want a share from %g%% to %g%%, not %s", v.least*100, v.most*100, phrase.Quote(given))
	}
	*v.share = float64(s)
	return nil
}

func (v *partly) String() string { return (*share)(v.share).String() }

// approvers and decision are parameters of a draw.
type (
	approvers draw.Count
	decision  draw.Decision
	group     draw.Group
)

func (v *approvers) set(given string) error {
	c, err := draw.ParseCount(given)
	if err == nil {
		*v = approvers(c)
	}
	return err
}
func (v *approvers) String() string { return draw.Count(*v).String() }

func (v *group) set(given string) error {
	g, err := draw.ParseGroup(given)
	if err == nil {
		*v = group(g)
	}
	return err
}
func (v *group) String() string { return draw.Group(*v).String() }

func (v *decision) set(given string) error {
	l, err := draw.ParseDecision(given)
	if err == nil {
		*v = decision(l)
	}
	return err
}
func (v *decision) String() string { return draw.Decision(*v).String() }
