package captcha

import (
	"strings"
	"testing"
	"time"
)

// The rows were made by the npm package's own check of a client's info.
func TestInfosAreAcceptedAsNpmAcceptsThem(t *testing.T) {
	var rows []struct {
		Info     *string
		Accepted bool
	}
	readJSON(t, "testdata/npm-infos.json", &rows)
	a := fresh(t, DefaultOptions())
	accepted := 0
	for _, r := range rows {
		if a.Accepts(r.Info) != r.Accepted {
			t.Errorf("info %s: accepted %v, by npm %v", show(r.Info), !r.Accepted, r.Accepted)
		}
		if r.Accepted {
			accepted++
		}
	}
	if accepted != 12 || len(rows) != 41 {
		t.Errorf("%d of %d rows are accepted, want 12 of 41", accepted, len(rows))
	}
}

func show(info *string) string {
	if info == nil {
		return "nothing"
	}
	return *info
}

func TestInfosThatAreNoJSONAreRefused(t *testing.T) {
	a := fresh(t, DefaultOptions())
	for _, info := range []string{
		"", " ", "{", "{}{}", "undefined", `{"captchaWidth":200`, `{"captchaWidth":0200}`, `{captchaWidth:200}`, `{"captchaWidth":1e999}`,
		`{"captchaWidth":NaN}`, `{"captchaWidth":200}` + strings.Repeat(" ", maxInfo),
	} {
		if a.Accepts(&info) {
			t.Errorf("info %.40q is accepted", info)
		}
	}
}

func TestAWishOverridesTheOwnersOption(t *testing.T) {
	a := fresh(t, DefaultOptions())
	info := `{"captchaWidth":301,"captchaBackground":"#FF8000"}`
	part, _ := issue(a, &info, 1, 1)
	drawn := picture(t, part[0])
	if b := drawn.Bounds(); b.Dx() != 301 || b.Dy() != 50 {
		t.Errorf("%v, want 301 x 50", b)
	}
	for _, x := range []int{0, 300} {
		if c := at(drawn, x, 0); c.R != 255 || c.G != 128 || c.B != 0 || c.A != 255 {
			t.Errorf("corner at %d is %v, want the background", x, c)
		}
	}
}

func TestDefaultsAreTheOriginals(t *testing.T) {
	terms := fresh(t, DefaultOptions()).Terms()
	for size, want := range map[int]int{1: 1, 4: 4, 6: 6, 100_000: 6} {
		if got := terms.Approvers.Of(size); got != want {
			t.Errorf("network of %d: %d approvers, want %d", size, got, want)
		}
	}
	if terms.Decision.Of(6) != 5 || terms.Decision.Of(4) != 3 || terms.Period != 5*time.Minute {
		t.Errorf("terms %v", terms)
	}
	part, _ := issue(fresh(t, DefaultOptions()), nil, 1, 1)
	drawn := picture(t, part[0])
	if b := drawn.Bounds(); b.Dx() != 240 || b.Dy() != 40 || at(drawn, 239, 0).A != 0 {
		t.Errorf("picture of %v with corner %v, want 240 x 40, transparent", b, at(drawn, 239, 0))
	}
}

func TestOptionsOutOfRangeAreNamed(t *testing.T) {
	for _, c := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.Length = 3 }, "captcha length 3: want 4 to 8 symbols"},
		{func(o *Options) { o.Length = 9 }, "captcha length 9: want 4 to 8 symbols"},
		{func(o *Options) { o.Period = 0 }, "captcha period 0s: want a duration above 0"},
		{func(o *Options) { o.Shadows = -1 }, "captcha shadows -1: want 0 to 3"},
		{func(o *Options) { o.Shadows = 4 }, "captcha shadows 4: want 0 to 3"},
		{func(o *Options) { o.Width = 99 }, "captcha width 99: want a whole number of pixels from 100 to 500"},
		{func(o *Options) { o.Width = 501 }, "captcha width 501: want a whole number of pixels from 100 to 500"},
		{func(o *Options) { o.Background = "white" }, `captcha background "white": want "transparent" or "#rrggbb"`},
		{func(o *Options) { o.Color = "#12345" }, `captcha color "#12345": want "random" or "#rrggbb"`},
		{func(o *Options) { o.Color = "#12345g" }, `captcha color "#12345g": want "random" or "#rrggbb"`},
	} {
		options := DefaultOptions()
		c.change(&options)
		if _, err := New(options); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}
