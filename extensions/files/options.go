package files

import (
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"

	"spreadable/config"
	"spreadable/core/host"
	"spreadable/extensions/files/label"
	"spreadable/internal/strictyaml"
)

// Options are what the owner of a node decides about files. A field that is zero has its
// default.
type Options struct {
	// Copies is how many nodes keep a file, unless its client says otherwise: a number, or
	// a rule as host.Copies has them. 3.
	Copies string `yaml:"copies"`
	// Acks is how many copies must be on disk before a client is told that its file is
	// stored: 2, at most as many as there are copies.
	Acks int `yaml:"acks"`
	// MaxSize is the largest file that this node takes: 10GiB.
	MaxSize Size `yaml:"max_size"`
	// MaxCopies is the highest number of copies that a client may want: 10.
	MaxCopies int `yaml:"max_copies"`
	// Types are those that clients may store, such as audio/*; empty allows all but those
	// of RefusedTypes.
	Types        []string `yaml:"types"`
	RefusedTypes []string `yaml:"refused_types"`
	// HostQuota is how many bytes the clients of one host, an IPv4 or an IPv6 /64, may begin
	// to upload here in a day: 0 is without limit.
	HostQuota Size `yaml:"host_quota"`
	// Uploads is how many uploads are in work at a time: 20.
	Uploads int `yaml:"uploads"`

	// FullAt is the share of the space (option extension_space of the node) beyond which
	// this node takes no more copies, and gives up those that are more than wanted: 0.95.
	FullAt float64 `yaml:"full_at"`
	// RepairRate bounds what this node sends for repair, in bytes per second: 20MiB.
	RepairRate Size `yaml:"repair_rate"`
	// ScrubRate is how fast this node reads its files again in the background, to find
	// damage, in bytes per second: 4MiB. A terabyte takes three days.
	ScrubRate Size `yaml:"scrub_rate"`
	// CheckEvery is how often the holders of own files are asked whether they still have
	// them, beside what is counted when nodes leave: 1h.
	CheckEvery Duration `yaml:"check_every"`
	// Tombstones is for how long a removal is remembered: 30d. A node that was away for
	// longer gives up files that no other node has any more.
	Tombstones Duration `yaml:"tombstones"`
	// FalseRate is the share of files for which the summary of a node is wrong: 0.0005. In
	// a network of N nodes a search asks N times as many nodes in vain.
	FalseRate float64 `yaml:"false_rate"`

	// NoRepair leaves lost copies as they are: for simulations.
	NoRepair bool `yaml:"-"`
}

// Size is a number of bytes, Duration a time. As texts they have units: 500KiB, 12h.
type (
	Size     int64
	Duration time.Duration
)

// UnmarshalYAML implements the interface of goccy/go-yaml.
func (s *Size) UnmarshalYAML(text []byte) error {
	n, err := parse(text, config.ParseSize)
	*s = Size(n)
	return err
}

// UnmarshalYAML implements the interface of goccy/go-yaml.
func (d *Duration) UnmarshalYAML(text []byte) error {
	n, err := parse(text, config.ParseDuration)
	*d = Duration(n)
	return err
}

func parse[T any](text []byte, read func(string) (T, error)) (value T, err error) {
	var plain string
	if err := yaml.Unmarshal(text, &plain); err != nil {
		return value, err
	}
	return read(plain)
}

// Defaults are the options of a node whose owner says nothing.
func Defaults() Options {
	return Options{
		Copies: "3", Acks: host.DefaultAcks, MaxSize: 10 << 30, MaxCopies: 10, Uploads: 20,
		FullAt: 0.95, RepairRate: 20 << 20, ScrubRate: 4 << 20,
		CheckEvery: Duration(time.Hour), Tombstones: Duration(30 * 24 * time.Hour), FalseRate: 0.0005,
	}
}

// optionsFile is the format of a file of options.
var optionsFile = strictyaml.Format{Name: "files options", MaxTokens: 10_000}

// LoadOptions reads a file of options in YAML; "" gives the defaults.
func LoadOptions(file string) (Options, error) {
	return strictyaml.LoadOptions(optionsFile, file, (*Options).complete)
}

// ParseOptions reads options in YAML. Its errors begin with the name of the file.
func ParseOptions(name string, text []byte) (Options, error) {
	return strictyaml.Options(optionsFile, name, text, (*Options).complete)
}

// complete fills in defaults and says what is wrong.
func (o *Options) complete() error {
	d := Defaults()
	fill(&o.Copies, d.Copies)
	fill(&o.Acks, d.Acks)
	fill(&o.MaxSize, d.MaxSize)
	fill(&o.MaxCopies, d.MaxCopies)
	fill(&o.Uploads, d.Uploads)
	fill(&o.FullAt, d.FullAt)
	fill(&o.RepairRate, d.RepairRate)
	fill(&o.ScrubRate, d.ScrubRate)
	fill(&o.CheckEvery, d.CheckEvery)
	fill(&o.Tombstones, d.Tombstones)
	fill(&o.FalseRate, d.FalseRate)
	if _, err := host.Copies(o.Copies, 100); err != nil {
		return err
	}
	switch {
	case o.Acks < 1:
		return fmt.Errorf("acks %d: want 1 or more", o.Acks)
	case o.MaxCopies < 1 || o.MaxCopies > mostCopies:
		return fmt.Errorf("max_copies %d: want 1 to %d", o.MaxCopies, mostCopies)
	case o.Uploads < 1:
		return fmt.Errorf("uploads %d: want 1 or more", o.Uploads)
	case !(o.FullAt > 0 && o.FullAt <= 1):
		return fmt.Errorf("full_at %v: want a share above 0, up to 1", o.FullAt)
	case !(o.FalseRate > 0 && o.FalseRate <= 0.5):
		return fmt.Errorf("false_rate %v: want a share above 0, up to 0.5", o.FalseRate)
	case o.MaxSize < 0 || o.HostQuota < 0 || o.RepairRate < 0 || o.ScrubRate < 0 || o.CheckEvery < 0 || o.Tombstones < 0:
		return errors.New("a size, rate or time is negative")
	case int64(o.MaxSize) > mostSize:
		return fmt.Errorf("max_size: at most %s", config.FormatSize(mostSize))
	}
	return nil
}

func fill[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}

// allows reports whether clients may store files of a type.
func (o *Options) allows(kind string) bool {
	return (len(o.Types) == 0 || label.Match(kind, o.Types)) && !label.Match(kind, o.RefusedTypes)
}
