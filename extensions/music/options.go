package music

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/files"
	"spreadable/extensions/music/audio"
	"spreadable/internal/strictyaml"
)

// Options are what the owner of a node decides about music. A field that is zero has its
// default. Similarity, Copies and Acks should be the same at all nodes of a network.
type Options struct {
	// Similarity is from where on two titles are of one song, see title.Similarity: 0.91.
	Similarity float64 `yaml:"similarity"`
	// Kinds are the formats that this node takes: all.
	Kinds []audio.Kind `yaml:"kinds"`
	// MaxSize is the largest upload: 64MiB. Tags is how much of one is read for its tags,
	// the cover included: 4MiB. Cover is the largest cover that is kept: 512KiB.
	MaxSize files.Size `yaml:"max_size"`
	Tags    files.Size `yaml:"tags"`
	Cover   files.Size `yaml:"cover"`
	// Uploads is how many are in work at a time: 4. Each takes memory for its tags.
	Uploads int `yaml:"uploads"`
	// Found is how many songs a search finds at most: 200.
	Found int `yaml:"found"`
	// Copies is how many nodes keep a song, a rule of host.Copies: 3. Acks is how many must
	// have it on disk before an upload is acknowledged: 2.
	Copies string `yaml:"copies"`
	Acks   int    `yaml:"acks"`
	// Limit is how many versions of songs this node keeps, and MaxBytes how many bytes they
	// may have, without audio and covers: 50000, 64MiB. They are in memory, too.
	Limit    int        `yaml:"limit"`
	MaxBytes files.Size `yaml:"max_bytes"`
}

// Defaults are the options of a node whose owner says nothing.
func Defaults() Options {
	return Options{
		Similarity: 0.91, Kinds: audio.Kinds(), MaxSize: 64 << 20, Tags: files.Size(audio.DefaultLimits.Tags),
		Cover: files.Size(audio.DefaultLimits.Cover), Uploads: 4, Found: 200, Copies: "3", Acks: host.DefaultAcks,
		Limit: 50_000, MaxBytes: 64 << 20,
	}
}

// optionsFile is the format of a file of options.
var optionsFile = strictyaml.Format{Name: "music options", MaxTokens: 10_000}

// LoadOptions reads a file of options in YAML; "" gives the defaults.
func LoadOptions(file string) (Options, error) {
	return strictyaml.LoadOptions(optionsFile, file, (*Options).complete)
}

// ParseOptions reads options in YAML. Its errors begin with the name of the file.
func ParseOptions(name string, text []byte) (Options, error) {
	return strictyaml.Options(optionsFile, name, text, (*Options).complete)
}

// mostFound bounds what one answer of a search has.
const mostFound = 1000

// complete fills in defaults and says what is wrong.
func (o *Options) complete() error {
	d := Defaults()
	fill(&o.Similarity, d.Similarity)
	fill(&o.MaxSize, d.MaxSize)
	fill(&o.Tags, d.Tags)
	fill(&o.Cover, d.Cover)
	fill(&o.Uploads, d.Uploads)
	fill(&o.Found, d.Found)
	fill(&o.Copies, d.Copies)
	fill(&o.Acks, d.Acks)
	fill(&o.Limit, d.Limit)
	fill(&o.MaxBytes, d.MaxBytes)
	if len(o.Kinds) == 0 {
		o.Kinds = d.Kinds
	}
	for _, kind := range o.Kinds {
		if !slices.Contains(audio.Kinds(), kind) {
			return fmt.Errorf("kinds: %.20q: want some of %v", kind, audio.Kinds())
		}
	}
	if _, err := host.Copies(o.Copies, 100); err != nil {
		return err
	}
	switch {
	case !(o.Similarity > 0.5 && o.Similarity <= 1):
		return fmt.Errorf("similarity %v: want more than 0.5, up to 1", o.Similarity)
	case o.Found < 1 || o.Found > mostFound:
		return fmt.Errorf("found %d: want 1 to %d", o.Found, mostFound)
	case o.Uploads < 1 || o.Acks < 1 || o.Limit < 1:
		return errors.New("uploads, acks, limit: want 1 or more")
	case o.MaxSize < 1 || o.Tags < 1 || o.Cover < 1 || o.MaxBytes < 1:
		return errors.New("max_size, tags, cover, max_bytes: want a byte or more")
	}
	return nil
}

func fill[T comparable](value *T, standard T) {
	if *value == *new(T) {
		*value = standard
	}
}

// collection is the name of the collection of songs.
const collection = "music"

// collection declares the songs to the document store. Clients have no right to them:
// they use the routes of this package.
func (s *Store) collection() documents.Collection {
	return documents.Collection{
		Name: collection, Copies: s.options.Copies, Acks: s.options.Acks, MaxDocument: maxRecord,
		Limit: s.options.Limit, MaxSize: int64(s.options.MaxBytes),
		Rights: documents.Rights{Read: documents.Closed, Add: documents.Closed, Update: documents.Closed, Delete: documents.Closed},
		Changed: func(key string, written time.Duration, document []byte) {
			if !s.shelf.changed(key, written, document) {
				s.count.unreadable.Add(1)
			}
		},
	}
}
