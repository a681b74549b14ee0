package peer

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxHost  = 253 // bytes of a host name, the limit of DNS (RFC 1035)
	maxLabel = 63  // characters between two dots, likewise
)

// checkName says why a host name, neither IP nor "localhost", cannot belong to
// a node; nil if it can. Two rules must hold.
//
// It must be a name: labels of letters, digits, "-" and "_" (which DNS names of
// machines do have) with marks, as many scripts need them, no label empty or
// with "-" at an end. All scripts: npm nodes announce names in Unicode. What is
// refused here and passes npm's unanchored pattern (spaces, controls, "!", "/",
// "@", invisible joiners, labels and names too long for DNS) resolves nowhere,
// so it costs no honest node its place.
//
// And its end must satisfy npm peers, or they would turn the node away (see
// checkNameEnd).
func checkName(host string) error {
	if host == "" {
		return errors.New("no host before the port")
	}
	if len(host) > maxHost {
		return fmt.Errorf("host is %d bytes long, want at most %d", len(host), maxHost)
	}
	if strings.EqualFold(host, "localhost") {
		// npm takes only the exact text for 127.0.0.1, looks up any other, and
		// throws away answers from 127.0.0.0/8.
		return fmt.Errorf("host %q: npm peers know it in lower case only", host)
	}
	if strings.Trim(host, "0123456789.") == "" {
		return fmt.Errorf("host %q is no IPv4: want four numbers from 0 to 255, without leading zeros", host)
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return fmt.Errorf("host %.80q: %w", host, err)
		}
	}
	if err := checkNameEnd(labels); err != nil {
		if hasLocalhost(labels[0]) {
			return fmt.Errorf("host %.80q: want exactly \"localhost\", or a name with a domain", host)
		}
		return fmt.Errorf("host %.80q: npm peers would refuse it: %w", host, err)
	}
	return nil
}

// hasLocalhost reports whether a first label begins with "localhost". npm's
// pattern lets every such text pass, "localhostfoo" as well as "localhost!", by
// a missing end of the pattern. Those that are no names by the other rules are
// refused here: only a loopback has such a name, and npm calls no loopback by a
// name other than "localhost".
func hasLocalhost(label string) bool {
	const name = "localhost"
	return len(label) >= len(name) && strings.EqualFold(label[:len(name)], name)
}

// checkLabel checks one part of a host name between dots.
func checkLabel(label string) error {
	switch {
	case label == "":
		return errors.New("empty part, want text on both sides of each dot")
	case !utf8.ValidString(label):
		return errors.New("not valid UTF-8")
	case utf8.RuneCountInString(label) > maxLabel:
		return fmt.Errorf("part %.20q... is longer than %d characters", label, maxLabel)
	case label[0] == '-' || label[len(label)-1] == '-':
		return fmt.Errorf("part %q begins or ends with a hyphen", label)
	}
	for _, r := range label {
		if !unicode.In(r, unicode.L, unicode.N, unicode.M) && r != '-' && r != '_' {
			return fmt.Errorf("character %q, want letters, digits and hyphens", r)
		}
	}
	return nil
}

// checkNameEnd applies what npm peers ask of a host name. Their pattern looks only at the
// end: a label whose last three characters are letters, digits or "-" (the last one not
// "-"), and after it one or more labels of two or more letters. So "node1" and
// "host1.local2" fail although they may well resolve, and so do "a.com", "n1.ab.com" and
// every name under an "xn--" top domain. (hasLocalhost names what else it lets pass.)
func checkNameEnd(labels []string) error {
	last := len(labels) - 1
	switch {
	case last == 0:
		return errors.New(`a single label, want "localhost", an IP or a name with a domain`)
	case strings.HasPrefix(strings.ToLower(labels[last]), "xn--"):
		return fmt.Errorf("write the last label %q in its own script", labels[last])
	case !isLetters(labels[last]):
		return fmt.Errorf("last label %q, want two or more letters", labels[last])
	}
	for i := last - 1; i >= 0; i-- {
		if endsLong(labels[i]) {
			return nil
		}
		if !isLetters(labels[i]) {
			break // the letters-only labels end here, so this had to be the long one
		}
	}
	return fmt.Errorf("label %q before the last, want three or more letters, digits or hyphens at its end", labels[last-1])
}

// isLetters reports whether a label is two or more letters and nothing else.
func isLetters(label string) bool {
	for _, r := range label {
		if !unicode.IsLetter(r) {
			return false
		}
	}
	return utf8.RuneCountInString(label) >= 2
}

// endsLong reports whether the last three characters of a label are letters,
// digits or "-". The last one is not "-": checkLabel has refused that.
func endsLong(label string) bool {
	for range 3 {
		r, size := utf8.DecodeLastRuneInString(label)
		if size == 0 || !unicode.In(r, unicode.L, unicode.N) && r != '-' {
			return false
		}
		label = label[:len(label)-size]
	}
	return true
}
