package music_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spreadable/extensions/music"
)

func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/music.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each option is in docs/music.md, and no other.
func TestEachOptionIsDocumented(t *testing.T) {
	_, text, _ := strings.Cut(manual(t), "## Options\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var documented, existing []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(text, -1) {
		documented = append(documented, row[1])
	}
	for field := range reflect.TypeFor[music.Options]().Fields() {
		existing = append(existing, field.Tag.Get("yaml"))
	}
	slices.Sort(documented)
	slices.Sort(existing)
	if !slices.Equal(documented, existing) {
		t.Errorf("documented are %v, and there are %v", documented, existing)
	}
}

// Each code of a refusal is documented.
func TestEachRefusalIsDocumented(t *testing.T) {
	for _, file := range []string{"add.go", "find.go", "routes.go", "stat.go", "upload.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`refusal\("([A-Z]+)"`).FindAllSubmatch(source, -1) {
			if code := "`ERR_MUSIC_" + string(found[1]) + "`"; !strings.Contains(manual(t), code) {
				t.Errorf("docs/music.md does not have %s", code)
			}
		}
	}
}

// Each metric is documented.
func TestEachMetricIsDocumented(t *testing.T) {
	source, err := os.ReadFile("store.go")
	if err != nil {
		t.Fatal(err)
	}
	metrics := regexp.MustCompile(`h\.(?:Count|Gauge)\("([a-z-]+)"`).FindAllSubmatch(source, -1)
	if len(metrics) == 0 {
		t.Error("there are no metrics")
	}
	_, text, _ := strings.Cut(manual(t), "## The owner's view\n")
	for _, found := range metrics {
		if name := "`" + strings.ReplaceAll(string(found[1]), "-", "_") + "`"; !strings.Contains(text, name) {
			t.Errorf("docs/music.md does not have the metric %s", name)
		}
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for text, good := range map[string]bool{
		"": true, "copies: auto": true, "max_size: 1MiB": true, "kinds: [mp3]": true, "similarity: 0.95": true,
		"copies: many": false, "acks: -1": false, "max_size: 1": false, "max_size: -1MiB": false, "kinds: [wav]": false,
		"similarity: 0.2": false, "similarity: 2": false, "found: 5000": false, "uploads: -1": false, "limit: -5": false, "size: 1MiB": false,
	} {
		if _, err := music.ParseOptions("o.yaml", []byte(text)); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		} else if err != nil {
			t.Logf("%q: %v", text, err)
		}
	}
}
