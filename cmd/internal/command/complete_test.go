package command

import (
	"strings"
	"testing"
)

func TestWhatCanComeNext(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"", "do keep completion version help"},
		{"ke", "keep"},
		{"-", "--help --version"},
		{"--version do -", "--fast --end --set --to --help"},
		{"nothing ", ""},
		{"nothing -", ""},
		{"keep ", "add"},
		{"keep add ", ""},
		{"keep add -", "--help"},
		{"keep nothing ", ""},
		{"do ", ":files"},
		{"do this --f", "--fast"},
		{"do -f ", ":files"}, // a switch takes no value
		{"do --fast=", ""},
		{"do --end ", "good bad"},
		{"do --end=b", "--end=bad"},
		{"do -end b", "bad"}, // the library reads one hyphen like two
		{"do --end bad th", ":files"},
		{"do --end --set ", ":files"}, // --set is the value of --end
		{"do --set ", "size= colour="},
		{"do --set c", "colour="},
		{"do --set colour=", "colour=red colour=blue"},
		{"do --set=colour=r", "--set=colour=red"},
		{"do --set size=", ""},
		{"do --unknown ", ":files"},
		{"do -- --f", ":files"},
		{"do -- keep", ":files"},
		{"help ", "do keep completion version help"},
		{"help keep a", "add"},
		{"help keep add ", ""},
		{"help do ", ""},
		{"help do -", ""},
		{"completion ", "bash zsh fish"},
		{"completion bash ", ""},
		{"__complete -- d", ""},
	} {
		code, out, said := try(append([]string{"__complete", "--"}, strings.Split(c.line, " ")...)...)
		if got := offered(out); code != 0 || said != "" || got != c.want {
			t.Errorf("%q: exit code %d, said %q, got %s, want %s", c.line, code, said, got, c.want)
		}
	}
}

// offered is the words of an answer to the scripts, or what kind of names it asks for.
func offered(answer string) string {
	kind, rest, _ := strings.Cut(answer, "\n")
	if kind != ":words" {
		return kind
	}
	var words []string
	for line := range strings.Lines(rest) {
		word, _, _ := strings.Cut(line, "\t")
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestWordsAreOfferedWithTheirMeaning(t *testing.T) {
	_, out, _ := try("__complete", "--", "do", "--e")
	if want := ":words\n--end\tend like THAT, which may be bad or fail\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

// What only the scripts call is not offered to people.
func TestTheAnswerToScriptsIsNotListed(t *testing.T) {
	for _, line := range []string{"help", "__complete -- _", "nothing"} {
		if _, out, said := try(strings.Fields(line)...); strings.Contains(out+said, answerName) {
			t.Errorf("%s: %s%s", line, out, said)
		}
	}
}

func TestScriptsAreForTheProgram(t *testing.T) {
	for _, shell := range strings.Split(shells, "|") {
		code, out, said := try("completion", shell)
		if code != 0 || said != "" || !strings.Contains(out, answerName+" -- ") || !strings.Contains(out, "sample completion "+shell) || strings.Contains(out, "PROGRAM") {
			t.Errorf("%s: exit code %d, said %q, got\n%s", shell, code, said, out)
		}
	}
	for args, want := range map[string]string{
		"completion":          "sample: completion: no shell given (see sample help completion)\n",
		"completion ksh":      "sample: completion: want one of bash, zsh, fish, not \"ksh\"\n",
		"completion bash zsh": "sample: completion: takes one shell, not also \"zsh\"\n",
	} {
		if code, out, said := try(strings.Fields(args)...); code != ExitUsage || out != "" || said != want {
			t.Errorf("%s: exit code %d, got %q and %q", args, code, out, said)
		}
	}
}
