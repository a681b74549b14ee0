package files_test

import (
	"crypto/ed25519"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spreadable/core/host"
	"spreadable/extensions/files"
)

func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/files.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each option is in docs/files.md, and no other.
func TestEachOptionIsDocumented(t *testing.T) {
	var documented, existing []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(manual(t), -1) {
		documented = append(documented, row[1])
	}
	for field := range reflect.TypeFor[files.Options]().Fields() {
		if name := field.Tag.Get("yaml"); name != "-" { // not for files
			existing = append(existing, name)
		}
	}
	slices.Sort(documented)
	slices.Sort(existing)
	if !slices.Equal(documented, existing) {
		t.Errorf("documented are %v, and there are %v", documented, existing)
	}
}

// Owners without Go can sign what docs/files.md says.
func TestWhatAnOwnerSignsIsDocumented(t *testing.T) {
	text := regexp.MustCompile("`spreadable files: remove KEY until EXPIRES`").FindString(manual(t))
	if text == "" {
		t.Fatal("docs/files.md does not say what an owner signs")
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := files.Removal{Key: host.Key{7}}
	r.Sign(private, 1234)
	text = strings.NewReplacer("`", "", "KEY", r.Key.String(), "EXPIRES", "1234").Replace(text)
	if r.Expires != 1234 || !ed25519.Verify(public, []byte(text), r.Signature) {
		t.Errorf("what is signed is not %q", text)
	}
}

// Each metric is documented.
func TestEachMetricIsDocumented(t *testing.T) {
	source, err := os.ReadFile("owner.go")
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
			t.Errorf("docs/files.md does not have the metric %s", name)
		}
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for text, good := range map[string]bool{
		"": true, "copies: auto": true, "max_size: 1MiB\ncheck_every: 2h": true, "types: [audio/*]": true,
		"copies: many": false, "acks: -1": false, "max_size: 1": false, "max_size: 1000GiB": false, "check_every: 5": false,
		"full_at: 1.5": false, "false_rate: 2": false, "max_copies: 5000": false, "uploads: -1": false, "size: 1MiB": false,
	} {
		if _, err := files.ParseOptions("o.yaml", []byte(text)); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		} else if err != nil {
			t.Logf("%q: %v", text, err)
		}
	}
}
