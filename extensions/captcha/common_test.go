package captcha

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"testing"
)

func fresh(t testing.TB, options Options) *Approval {
	t.Helper()
	a, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes the parts of count approvers, and their texts.
func issue(a *Approval, info *string, count int, seed uint64) (parts, texts []string) {
	random := rand.New(rand.NewPCG(seed, 0)).IntN
	for range count {
		part, text := a.Issue(netip.Addr{}, info, random)
		parts, texts = append(parts, part), append(texts, text)
	}
	return parts, texts
}

// picture decodes a part or a question.
func picture(t testing.TB, text string) image.Image {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, questionPrefix))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

func at(picture image.Image, x, y int) color.NRGBA {
	return color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
}

func asPart(t testing.TB, picture image.Image) string {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

func readJSON(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
