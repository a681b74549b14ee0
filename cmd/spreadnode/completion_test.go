package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"spreadable/cmd/internal/command/commandtest"
	"spreadable/config"
)

// offered is what the program offers a shell at the end of a line.
func offered(t *testing.T, line string) string {
	t.Helper()
	return commandtest.Offered(t, func(args []string, stdout, stderr io.Writer) int {
		return run(args, nil, stdout, stderr)
	}, line)
}

func TestShellsOfferWhatTheCommandsTake(t *testing.T) {
	for line, want := range map[string]string{
		"ban ":                 ":words add rm ls show clear",
		"help config ":         ":words print example",
		"approve ":             ":words client captcha",
		"run --registration ":  ":words directed original",
		"run --https=":         ":words --https=off --https=proxy --https=on",
		"cluster --log-level ": ":words debug info warn error",
		"run --config ":        ":files .yaml .yml",
		"run --tls-cert ":      ":files",
		"status --data ":       ":folders",
		"cluster --data ":      ":folders",
		"restore ":             ":files",
		"restore a ":           ":words",
		"approve --save ":      ":files",
		"run --port ":          ":words",
		"run --passw":          ":words --password-file",
	} {
		if got := offered(t, line); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
}

// An option with a few words for values, as its unit lists them, offers these words.
func TestOptionsOfAFewWordsAreCompleted(t *testing.T) {
	completed := []string{}
	for _, o := range config.Options() {
		if o.Secret || o.IsSwitch() {
			continue
		}
		if words, found := strings.CutPrefix(offered(t, "run --"+o.Flag()+" "), ":words "); found {
			completed = append(completed, o.Key)
			if strings.ReplaceAll(o.Unit, ",", "") != words {
				t.Errorf("%s: offers %s of %s", o.Key, words, o.Unit)
			}
		}
	}
	if want := []string{"registration", "host_limits", "https", "draw", "draw_per", "draw_salt", "log_level", "log_format"}; !slices.Equal(completed, want) {
		t.Errorf("completed are %v, want %v", completed, want)
	}
}
