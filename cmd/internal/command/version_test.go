package command

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestAVersionNamesTheCommitOrSaysThatItIsUnknown(t *testing.T) {
	const commit = "127558833fda00112233445566778899aabbccdd"
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: commit}, {Key: "vcs.modified", Value: modified}}
	}
	const placeholder = "$" + "Format:%H$"
	for _, c := range []struct {
		name, main, archived string
		settings             []debug.BuildSetting
		version, commit      string
		modified             string
	}{
		{"go build", "v0.0.0-20261127032505-127558833fda", placeholder, vcs("false"), "v0.0.0-20261127032505-127558833fda", commit, "false"},
		{"go build, files changed", "v1.2.3+dirty", placeholder, vcs("true"), "v1.2.3+dirty", commit, "true"},
		{"go build, no version made", "(devel)", placeholder, vcs("true"), "commit-127558833fda+dirty", commit, "true"},
		{"go run", "(devel)", placeholder, nil, Unknown, "", ""},
		{"go build -buildvcs=false", "", placeholder, nil, Unknown, "", ""},
		{"source archive", "(devel)", commit, nil, "archive-127558833fda", commit, ""},
		{"archive in a checkout", "v1.2.3", "0" + commit[1:], vcs("false"), "v1.2.3", commit, "false"},
		{"go install module@version", "v1.2.3", placeholder, nil, "v1.2.3", "", ""},
	} {
		got := buildOf(&debug.BuildInfo{Main: debug.Module{Version: c.main}, Settings: c.settings}, c.archived)
		modified := ""
		if got.Modified != nil {
			modified = map[bool]string{true: "true", false: "false"}[*got.Modified]
		}
		if got.Version != c.version || got.Commit != c.commit || modified != c.modified {
			t.Errorf("%s: %+v, modified %q", c.name, got, modified)
		}
	}
}

// The file in the repository is a placeholder: a hash in it would be that of another commit.
func TestTheCommitOfAnArchiveIsWrittenByGitArchiveOnly(t *testing.T) {
	if text := strings.TrimSpace(archived); text != "$"+"Format:%H$" && !commitHash.MatchString(text) {
		t.Errorf("commit.txt holds %q", text)
	}
}
