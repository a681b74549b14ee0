package documents

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"spreadable/extensions/documents/schema"
	"spreadable/internal/strictyaml"
)

// file is what a person writes: see docs/documents.md.
type file struct {
	Collections map[string]*collectionFile `yaml:"collections"`
	MaxSkew     duration                   `yaml:"max_skew"`
	RepairRate  size                       `yaml:"repair_rate"`
	RepairEvery duration                   `yaml:"repair_every"`
	RepairPause duration                   `yaml:"repair_pause"`
	Remember    duration                   `yaml:"remember"`
	QueryCost   int64                      `yaml:"query_cost"`
	Queries     int                        `yaml:"queries"`
	Lookup      string                     `yaml:"lookup"`
}

type collectionFile struct {
	Key         string        `yaml:"key"`
	Copies      string        `yaml:"copies"`
	Acks        int           `yaml:"acks"`
	MaxDocument size          `yaml:"max_document"`
	Limit       int           `yaml:"limit"`
	MaxSize     size          `yaml:"max_size"`
	Full        string        `yaml:"full"`
	Tombstones  duration      `yaml:"tombstones"`
	Rights      Rights        `yaml:"rights"`
	Token       string        `yaml:"token"`
	Schema      *schema.Field `yaml:"schema"`
}

// duration is such as 90s, 1h30m or 30d.
type duration time.Duration

// UnmarshalYAML implements yaml.BytesUnmarshaler.
func (d *duration) UnmarshalYAML(text []byte) error {
	word := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	if days, isDays := strings.CutSuffix(word, "d"); isDays {
		n, err := strconv.ParseUint(days, 10, 16)
		*d = duration(n) * duration(24*time.Hour)
		if err == nil {
			return nil
		}
	}
	parsed, err := time.ParseDuration(word)
	if err != nil || parsed < 0 {
		return fmt.Errorf("%.40q: want a time such as 90s, 12h or 30d", word)
	}
	*d = duration(parsed)
	return nil
}

// size is such as 500, 64KiB or 1GiB.
type size int64

// UnmarshalYAML implements yaml.BytesUnmarshaler.
func (s *size) UnmarshalYAML(text []byte) error {
	word := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	number, shift := word, 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40} { // order-free: one at most fits
		if n, has := strings.CutSuffix(word, unit); has {
			number, shift = n, bits
		}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 62-shift)
	if err != nil {
		return fmt.Errorf("%.40q: want a size such as 500, 64KiB or 1GiB", word)
	}
	*s = size(n << shift)
	return nil
}

// format is that of the file.
var format = strictyaml.Format{Name: "documents", MaxTokens: 50_000}

// ReadFile makes options from a file.
func ReadFile(path string) (Options, error) {
	data, err := format.ReadFile(path)
	if err != nil {
		return Options{}, err
	}
	return Parse(path, data)
}

// Parse makes options from the text of a file.
func Parse(name string, data []byte) (Options, error) {
	var f file
	if err := format.Decode(name, data, &f); err != nil {
		return Options{}, err
	}
	o := Options{
		MaxSkew: time.Duration(f.MaxSkew), RepairRate: int64(f.RepairRate),
		RepairEvery: time.Duration(f.RepairEvery), RepairPause: time.Duration(f.RepairPause),
		Remember: time.Duration(f.Remember), QueryCost: f.QueryCost, Queries: f.Queries,
	}
	switch f.Lookup {
	case "", "summaries":
	case "all":
		o.AskAll = true
	default:
		return Options{}, fmt.Errorf("%s: lookup: %.40q: want summaries or all", name, f.Lookup)
	}
	for _, collection := range slices.Sorted(maps.Keys(f.Collections)) {
		c, err := f.Collections[collection].collection(collection)
		if err != nil {
			return Options{}, fmt.Errorf("%s: collection %s: %w", name, collection, err)
		}
		o.Collections = append(o.Collections, c)
	}
	if _, err := New(o); err != nil {
		return Options{}, fmt.Errorf("%s: %w", name, err)
	}
	return o, nil
}

func (f *collectionFile) collection(name string) (Collection, error) {
	if f == nil {
		return Collection{Name: name}, nil
	}
	c := Collection{
		Name: name, Key: f.Key, Copies: f.Copies, Acks: f.Acks, MaxDocument: int(f.MaxDocument), Limit: f.Limit,
		MaxSize: int64(f.MaxSize), Tombstones: time.Duration(f.Tombstones), Rights: f.Rights, Token: f.Token, Schema: f.Schema,
	}
	switch f.Full {
	case "", "refuse":
	case "evict":
		c.Evict = true
	default:
		return c, fmt.Errorf("full: %.40q: want refuse or evict", f.Full)
	}
	return c, nil
}
