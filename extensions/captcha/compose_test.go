package captcha

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

func compose(t testing.TB, a *Approval, info *string, parts []string) image.Image {
	t.Helper()
	question, err := a.Compose(netip.Addr{}, info, parts)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(question, questionPrefix) || len(question) >= 32<<10 {
		t.Fatalf("question of %d bytes: %.40s", len(question), question)
	}
	return picture(t, question)
}

// difference is the largest difference of any channel, each times alpha, between
// n cells of two pictures.
func difference(a image.Image, fromA int, b image.Image, fromB, n, cell int) (most int) {
	for y := range cell {
		for x := range n * cell {
			p, q := at(a, fromA*cell+x, y), at(b, fromB*cell+x, y)
			for _, pair := range [4][2]uint8{{p.R, q.R}, {p.G, q.G}, {p.B, q.B}, {255, 255}} {
				d := (int(pair[0])*int(p.A) - int(pair[1])*int(q.A)) / 255
				most = max(most, d, -d)
			}
		}
	}
	return most
}

// softness is how far single pixels may move, at soft edges, when a picture of
// many colours is reduced. Another symbol differs by far more.
const softness = 64

func TestAQuestionShowsTheFirstCellsOfEachPart(t *testing.T) {
	a := fresh(t, DefaultOptions())
	for _, width := range []int{100, 240, 500} {
		for count := 1; count <= 6; count++ {
			info := fmt.Sprintf(`{"captchaWidth":%d}`, width)
			parts, _ := issue(a, &info, count, uint64(count))
			question := compose(t, a, &info, parts)
			if got := question.Bounds(); got != image.Rect(0, 0, width, width/6) {
				t.Fatalf("question of %v for %s", got, info)
			}
			for i, part := range parts {
				from, n := share(6, i, count)
				if d := difference(question, from, picture(t, part), 0, n, width/6); d > softness {
					t.Errorf("width %d, part %d of %d: colours differ by %d", width, i, count, d)
				}
			}
		}
	}
}

func TestTheSamePartsGiveTheSameQuestion(t *testing.T) {
	a := fresh(t, DefaultOptions())
	parts, _ := issue(a, nil, 6, 1)
	parts[2] = ""
	first, errFirst := a.Compose(netip.Addr{}, nil, parts)
	again, errAgain := fresh(t, DefaultOptions()).Compose(netip.Addr{}, nil, parts)
	if first != again || errFirst != nil || errAgain != nil {
		t.Error("questions differ")
	}
}

func TestPixelsBesideTheCellsAreBackground(t *testing.T) {
	a := fresh(t, DefaultOptions())
	info := `{"captchaWidth":101,"captchaBackground":"#102030"}`
	parts, _ := issue(a, &info, 6, 1)
	question := compose(t, a, &info, parts)
	for x := 96; x < 101; x++ {
		if got := at(question, x, 8); got != (color.NRGBA{0x10, 0x20, 0x30, 255}) {
			t.Errorf("pixel %d is %v", x, got)
		}
	}
}

// The pictures were drawn by the npm package.
func TestPartsOfNpmApproversAreComposedWithOurs(t *testing.T) {
	a := fresh(t, DefaultOptions())
	for file, info := range map[string]string{
		"npm-100-01afw3.png": `{"captchaWidth":100}`,
		"npm-240-nfeg1c.png": `{}`,
		"npm-500-0k705a.png": `{"captchaWidth":500,"captchaBackground":"#ffffff","captchaColor":"#000000"}`,
	} {
		raw, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		npm := base64.StdEncoding.EncodeToString(raw)
		parts, _ := issue(a, &info, 4, 1)
		parts[3] = npm
		question, drawn := compose(t, a, &info, parts), picture(t, npm)
		cell := drawn.Bounds().Dy()
		if d := difference(question, 4, drawn, 0, 2, cell); d > softness {
			t.Errorf("%s: colours of npm's cells differ by %d", file, d)
		}
		if d := difference(question, 0, picture(t, parts[0]), 0, 1, cell); d > softness {
			t.Errorf("%s: colours of our cells differ by %d", file, d)
		}
	}
}

func TestASilentApproverMovesNoCells(t *testing.T) {
	a := fresh(t, DefaultOptions())
	parts, texts := issue(a, nil, 5, 3)
	answer, _ := a.ExpectedAnswer(texts)
	for silent := range parts {
		left := slices.Clone(parts)
		left[silent] = ""
		question := compose(t, a, nil, left)
		for i, part := range parts {
			from, n := share(6, i, 5)
			d := difference(question, from, picture(t, part), 0, n, 40)
			if i != silent && d > softness {
				t.Errorf("without part %d, colours of part %d differ by %d", silent, i, d)
			}
			if i == silent && d <= softness {
				t.Errorf("part %d is in the question without having been given", i)
			}
			// The client types something at the cells of no meaning; the others agree.
			typed := answer[:from] + strings.Repeat("?", n) + answer[from+n:]
			for j, text := range texts {
				if got := a.Check(typed, text, j, 5); got != (j != i) {
					t.Errorf("answer with approver %d's cells made up: passes %v at approver %d", i, got, j)
				}
			}
		}
	}
}

func TestHostilePartsAreErrorsThatTellTheirPlace(t *testing.T) {
	a := fresh(t, DefaultOptions())
	good, _ := issue(a, nil, 6, 1)
	raw, _ := base64.StdEncoding.DecodeString(good[0])
	text := base64.StdEncoding.EncodeToString
	wide := `{"captchaWidth":250}`
	other, _ := issue(a, &wide, 1, 1)
	for name, c := range map[string]struct{ part, want string }{
		"no base64":          {"<script>", "captcha part 1: not in base64"},
		"no PNG":             {text([]byte("GIF89a..............")), "captcha part 1: png: invalid format: not a PNG file"},
		"a signature only":   {text(raw[:8]), "captcha part 1: unexpected EOF"},
		"half a header":      {text(raw[:20]), "captcha part 1: unexpected EOF"},
		"half the pixels":    {text(raw[:len(raw)/2]), "captcha part 1: png: invalid format: not enough pixel data"},
		"no end":             {text(raw[:len(raw)-12]), "captcha part 1: unexpected EOF"},
		"another width":      {other[0], "captcha part 1: 250 x 41 pixels instead of 240 x 40"},
		"huge":               {text(resized(raw, 1<<30, 1<<30)), "captcha part 1: png: unsupported feature: dimension overflow"},
		"large":              {text(resized(raw, 60_000, 60_000)), "captcha part 1: 60000 x 60000 pixels instead of 240 x 40"},
		"of no size":         {text(resized(raw, 0, 0)), "captcha part 1: png: invalid format: non-positive dimension"},
		"more than the wire": {strings.Repeat("A", 32<<10), "captcha part 1: longer than 32767 bytes"},
	} {
		parts := slices.Clone(good)
		parts[1] = c.part
		question, err := a.Compose(netip.Addr{}, nil, parts)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || question != "" {
			t.Errorf("%s: question of %d bytes, error %v, want %s", name, len(question), err, c.want)
		}
		if a.Fits(nil, c.part) {
			t.Errorf("%s: said to fit", name)
		}
	}
	if !a.Fits(nil, good[0]) || a.Fits(nil, "") || a.Fits(&wide, good[0]) || !a.Fits(&wide, other[0]) {
		t.Error("what fits is what has the size that the client asked for")
	}
}

// resized writes another size into the header of a PNG, whose first chunk it is.
func resized(png []byte, width, height uint32) []byte {
	forged := slices.Clone(png)
	binary.BigEndian.PutUint32(forged[16:], width)
	binary.BigEndian.PutUint32(forged[20:], height)
	binary.BigEndian.PutUint32(forged[29:], crc32.ChecksumIEEE(forged[12:29]))
	return forged
}

// Few bytes can hold a colour for every pixel.
func TestPartsOfVeryManyColoursStillMakeAQuestion(t *testing.T) {
	a := fresh(t, DefaultOptions())
	info := `{"captchaWidth":500}`
	gradient := image.NewNRGBA(image.Rect(0, 0, 500, 83))
	for y := range 83 {
		for x := range 500 {
			gradient.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y * 3), uint8(x / 256), 255})
		}
	}
	part := asPart(t, gradient)
	if n := len(count(gradient)); n != 41_500 || len(part) > 2000 {
		t.Fatalf("%d colours in %d bytes", n, len(part))
	}
	question := compose(t, a, &info, []string{part})
	if d := difference(question, 0, gradient, 0, 6, 83); d > softness {
		t.Errorf("colours differ by %d", d)
	}
}

func TestAQuestionTakesOneToSixPartsAndAGoodInfo(t *testing.T) {
	a := fresh(t, DefaultOptions())
	parts, _ := issue(a, nil, 7, 1)
	bad := `{"captchaWidth":7}`
	for _, c := range []struct {
		info  *string
		parts []string
		want  string
	}{
		{nil, nil, "captcha of 0 parts: want 1 to 6"},
		{nil, parts, "captcha of 7 parts: want 1 to 6"},
		{nil, []string{"", ""}, "captcha of 2 parts: all are empty"},
		{&bad, parts[:6], "captcha width 7: want a whole number of pixels from 100 to 500"},
	} {
		if _, err := a.Compose(netip.Addr{}, c.info, c.parts); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}
