package draw

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Salting says where the salt of a draw comes from.
type Salting uint8

// The sources of a salt.
const (
	NoSalt       Salting = iota // none: any participant can compute each draw for ever
	VerifierSalt                // a secret of the node that will check the approval
	NetworkSalt                 // the password of a closed network
	RevealSalt                  // what the masters have committed to and then revealed
	numSaltings
)

var saltingNames = [numSaltings]string{"none", "verifier", "network", "reveal"}

// Saltings are the names of the sources of a salt.
func Saltings() []string { return saltingNames[:] }

// ParseSalting reads a source of a salt.
func ParseSalting(text string) (Salting, error) {
	i := slices.Index(saltingNames[:], text)
	if i < 0 {
		return 0, fmt.Errorf("salt %q: want %s", text, strings.Join(saltingNames[:], ", "))
	}
	return Salting(i), nil
}

func (s Salting) String() string {
	if s < numSaltings {
		return saltingNames[s]
	}
	return "unknown"
}

// Settings say how a network draws. All its nodes must have the same. The zero Settings
// are those of npm nodes: the original's order, the same for all clients, without a salt.
type Settings struct {
	// ByHost says that hosts are drawn ([ByHost]), not addresses ([Original]). All other
	// settings need it.
	ByHost bool
	// PerClient says that each client has approvers of its own.
	PerClient bool
	// Salt says what keeps draws from being known beforehand.
	Salt Salting
	// Group says what weighs as one.
	Group Group
	// MinAge is for how long a group must have been in the network before it is drawn; see
	// [Settings.SeenBy].
	MinAge time.Duration
}

// Words of Settings, as options have them.
const (
	ofOriginal = "original"
	ofHosts    = "host"
	perNetwork = "network"
	perClient  = "client"
)

// ParseSettings reads settings from five options, four of them words: draw (original,
// host), per (network, client), salt and group.
func ParseSettings(order, per, salt, group string, minAge time.Duration) (s Settings, err error) {
	if order != ofOriginal && order != ofHosts {
		return s, fmt.Errorf("draw %q: want %s or %s", order, ofOriginal, ofHosts)
	}
	if per != perNetwork && per != perClient {
		return s, fmt.Errorf("per %q: want %s or %s", per, perNetwork, perClient)
	}
	s = Settings{ByHost: order == ofHosts, PerClient: per == perClient, MinAge: minAge}
	if s.Salt, err = ParseSalting(salt); err != nil {
		return s, err
	}
	if s.Group, err = ParseGroup(group); err != nil {
		return s, err
	}
	return s, s.Validate()
}

// Validate says which settings do not go together.
func (s Settings) Validate() error {
	switch {
	case s.MinAge < 0 || s.MinAge > maxAge:
		return fmt.Errorf("min_age %s: want a duration from 0s to %s", span(s.MinAge), span(maxAge))
	case s.ByHost:
		return nil
	case s.PerClient:
		return errors.New("per client needs draw host")
	case s.Salt != NoSalt:
		return fmt.Errorf("salt %v needs draw host", s.Salt)
	case s.Group != Group{}:
		return fmt.Errorf("group %v needs draw host", s.Group)
	case s.MinAge != 0:
		return fmt.Errorf("min_age %s needs draw host", span(s.MinAge))
	}
	return nil
}

// maxAge is the longest age that can be asked for, 30 days: newcomers wait for it.
const maxAge = 30 * 24 * time.Hour

// SeenBy is the latest time at which a group may have been seen first if it is to be drawn
// in the period that begins at start, given when the network began and how long a period
// is. So the group has been seen for MinAge, or while the network is young, for its age
// less one period: else none could be drawn. Without a MinAge the age does not matter.
func (s Settings) SeenBy(start, began, period time.Duration) time.Duration {
	if s.MinAge == 0 {
		return math.MaxInt64
	}
	return max(start-s.MinAge, began+period)
}

// span writes a duration without zeros at its end.
func span(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// String is the settings as nodes tell them each other: the words of the options with
// spaces between them. It is "" for those of npm nodes, which do not tell any.
func (s Settings) String() string {
	if !s.ByHost {
		return ""
	}
	return strings.Join(s.words(), " ")
}

// numSettings is how many options there are.
const numSettings = 5

// settingNames are the options of a node, in the order of words.
var settingNames = [numSettings]string{"draw", "draw_per", "draw_salt", "draw_group", "draw_min_age"}

func (s Settings) words() []string {
	words := []string{ofOriginal, perNetwork, s.Salt.String(), s.Group.String(), span(s.MinAge)}
	if s.ByHost {
		words[0] = ofHosts
	}
	if s.PerClient {
		words[1] = perClient
	}
	return words
}

// Difference says in words which settings of another node differ from ours, given what it
// has told of them (String); "" if none does. There and here say in words where each is.
func (s Settings) Difference(told, there, here string) string {
	if told == s.String() {
		return ""
	}
	theirs := strings.Fields(told)
	if len(theirs) == 0 {
		theirs = []string{ofOriginal}
	}
	var differences []string
	for i, ours := range s.words() {
		if i < len(theirs) && theirs[i] != ours {
			differences = append(differences, fmt.Sprintf("%s is %s %s and %s %s",
				settingNames[i], clip(theirs[i]), there, ours, here))
		}
		if i == 0 && len(differences) > 0 {
			break // the others need draw host
		}
	}
	if len(differences) == 0 {
		return "they are of another version"
	}
	return strings.Join(differences, ", ")
}

// maxWord is how many characters of a word that others have told are shown.
const maxWord = 20

// clip makes a word that another node has told short enough for a line of a log, and
// leaves out what such a line must not have.
func clip(word string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, word)
	return clean[:min(len(clean), maxWord)]
}
