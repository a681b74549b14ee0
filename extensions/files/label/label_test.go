package label_test

import (
	"mime"
	"strings"
	"testing"

	"spreadable/extensions/files/label"
)

// The type is found in the bytes, whatever the file is called.
func TestTheTypeIsFoundInTheBytes(t *testing.T) {
	for head, want := range map[string]string{
		"\xff\xfb\x90\x64" + strings.Repeat("\x00", 400): "audio/mpeg",
		"ID3\x04\x00\x00\x00\x00\x00\x0aTIT2":            "audio/mpeg",
		"\x89PNG\r\n\x1a\n\x00":                          "image/png",
		"%PDF-1.7":                                       "application/pdf",
		"plain text\n":                                   "text/plain; charset=utf-8",
		"<!DOCTYPE html><html></html>":                   "text/html; charset=utf-8",
		"\x00\x01\x02\x03":                               label.Unknown,
		"":                                               "text/plain",
	} {
		got := label.Type([]byte(head))
		if got != want {
			t.Errorf("%.20q is %s, want %s", head, got, want)
		}
		if err := label.CheckType(got); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
}

func TestBadNamesAndTypesAreRefused(t *testing.T) {
	for _, name := range []string{
		".", "..", "../x", `a\b`, "/etc/passwd", "a\x00b", "a\nb", "\xff", " a", "a ", strings.Repeat("x", 256),
		"ann\u202egpj.exe", "a\u200bb", "a\ue000b",
	} {
		if label.CheckName(name) == nil {
			t.Errorf("%q is taken", name)
		}
	}
	for _, name := range []string{"", "a.txt", "Жизнь 1.mp3", "...", "名前", `quote".txt`} {
		if err := label.CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, text := range []string{"", "text", "text/", "text/plain\r\nX-Evil: 1", "a/b; x", strings.Repeat("a", 100) + "/" + strings.Repeat("b", 100)} {
		if label.CheckType(text) == nil {
			t.Errorf("type %q is taken", text)
		}
	}
}

func TestTypesMatchPatterns(t *testing.T) {
	for _, tt := range []struct {
		text string
		list []string
		want bool
	}{
		{"text/plain; charset=utf-8", []string{"text/*"}, true},
		{"text/plain", []string{"text/plain"}, true},
		{"audio/mpeg", []string{"text/*", "image/png"}, false},
		{"audio/mpeg", nil, false},
		{"anything", []string{"*"}, true},
	} {
		if got := label.Match(tt.text, tt.list); got != tt.want {
			t.Errorf("%s in %v: %v", tt.text, tt.list, got)
		}
	}
}

// A good name comes back from the header as it was, whatever is in it.
func FuzzNames(f *testing.F) {
	f.Add("a.txt")
	f.Add(`a"b; c=d`)
	f.Add("日本\u202e.txt")
	f.Fuzz(func(t *testing.T, name string) {
		if label.CheckName(name) != nil || name == "" {
			return
		}
		header := label.Disposition(name)
		if strings.ContainsAny(header, "\r\n\x00") {
			t.Fatalf("%q makes the header %q", name, header)
		}
		_, fields, err := mime.ParseMediaType(header)
		if err != nil || fields["filename"] != name {
			t.Errorf("%q comes back as %q from %q: %v", name, fields["filename"], header, err)
		}
	})
}
