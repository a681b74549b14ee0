package captcha

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzAccepts: no info makes the decoder fail, and one that is accepted makes a
// part that fits.
func FuzzAccepts(f *testing.F) {
	for _, info := range []string{
		`{}`, `null`, `[]`, `{"captchaWidth":240,"captchaBackground":"transparent","captchaColor":"random"}`,
		`{"captchaWidth":1e2,"captchaColor":"#00FF00"}`, `{"captchaBackground":"#ffffff","captchaLength":6}`, `{"captchaWidth":-0}`, `{"`,
	} {
		f.Add(info)
	}
	a := fresh(f, DefaultOptions())
	f.Fuzz(func(t *testing.T, info string) {
		if !a.Accepts(&info) {
			return
		}
		if part, _ := a.Issue(netip.Addr{}, &info, func(n int) int { return len(info) % n }); !a.Fits(&info, part) {
			t.Errorf("the part for %s does not fit", info)
		}
	})
}

// FuzzCompose: whatever an approver sends as its picture, the question is an
// error or a picture within bounds; and what fits can be composed.
func FuzzCompose(f *testing.F) {
	files, err := filepath.Glob("testdata/npm-*.png")
	if err != nil || len(files) != 3 {
		f.Fatal(files, err)
	}
	a := fresh(f, DefaultOptions())
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	good, _ := issue(a, nil, 1, 1)
	raw, err := base64.StdEncoding.DecodeString(good[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		part := base64.StdEncoding.EncodeToString(repaired(raw))
		question, err := a.Compose(netip.Addr{}, nil, []string{good[0], part})
		if fits := a.Fits(nil, part); fits != (err == nil) && part != "" {
			t.Errorf("fits %v, but composing gives %v", fits, err)
		}
		if err == nil && (!strings.HasPrefix(question, questionPrefix) || len(question) >= 32<<10) {
			t.Errorf("question of %d bytes", len(question))
		}
	})
}

// repaired returns a PNG with right checksums of its chunks, so that what the
// fuzzer changes gets past them.
func repaired(raw []byte) []byte {
	raw = slices.Clone(raw)
	for at := 8; at+12 <= len(raw); {
		end := at + 8 + int(binary.BigEndian.Uint32(raw[at:]))
		if end+4 > len(raw) {
			break
		}
		binary.BigEndian.PutUint32(raw[end:], crc32.ChecksumIEEE(raw[at+4:end]))
		at = end + 4
	}
	return raw
}
