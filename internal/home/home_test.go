package home

import (
	"strings"
	"testing"
)

func TestATildeIsTheHomeDirectory(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for path, want := range map[string]string{
		"~": "/home/me", "~/": "/home/me", "~/node": "/home/me/node", "~//node/": "/home/me/node",
		"": "", "node": "node", "/a/~/b": "/a/~/b", "./~": "./~", "a~": "a~", "/srv/a$b": "/srv/a$b", "cost$": "cost$", "./$": "./$",
	} {
		if got, err := Expand(path); got != want || err != nil {
			t.Errorf("%q becomes %q, want %q (%v)", path, got, want, err)
		}
	}
}

func TestWhatIsNotExpandedIsRefused(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for path, want := range map[string]string{
		"$HOME/node":    "holds no variables",
		"${HOME}/node":  "holds no variables",
		"/srv/$NODE":    "holds no variables",
		"/srv/a${NODE}": "holds no variables",
		"~root/node":    "only your own home directory",
		"~node":         "or ./~node for a name that begins with ~",
	} {
		if got, err := Expand(path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q becomes %q, %v", path, got, err)
		}
	}
}

func TestWithoutAHomeThereIsNoTilde(t *testing.T) {
	for _, none := range []string{"", "relative"} {
		t.Setenv("HOME", none)
		if got, err := Expand("~/node"); err == nil {
			t.Errorf("HOME=%q: ~/node becomes %q", none, got)
		}
		if got, err := Expand("node"); err != nil || got != "node" {
			t.Errorf("HOME=%q: a path without ~ becomes %q, %v", none, got, err)
		}
	}
}
