package bounds_test

import (
	"encoding/json"
	"strings"
	"testing"

	"spreadable/extensions/documents/bounds"
)

func TestOnlyDeepNestingAndLargeNumbersAreRefused(t *testing.T) {
	digits := strings.Repeat("9", 309)
	for _, text := range []string{
		`{}`, `[[[1]]]`, `[[1],[[2]],{"a":{"b":3}}]`, `{"a":"[[[[[["}`, `{"a":"\"[[[[[["}`, `"1e999"`, `1e308`, `-1e308`, `1e-999`,
		`[12345678901234567890,0.1,-0]`, `{"1e999":1}`, `0.` + digits,
	} {
		if err := bounds.Check([]byte(text), 3); err != nil {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	for _, text := range []string{`[[[[1]]]]`, `{"a":[{"b":{}}]}`, `[1e309]`, `{"a":-1e999999999}`, digits} {
		if err := bounds.Check([]byte(text), 3); err == nil {
			t.Errorf("%.40s is taken", text)
		} else {
			t.Logf("%v", err)
		}
	}
}

func TestANumberIsExactIfNoOtherOfItsFloatIsShorter(t *testing.T) {
	for number, want := range map[string]bool{
		"0": true, "-0": true, "0.0e5": true, "1": true, "1.0": true, "10e-1": true, "-1.5": true, "0.1": true, "1e21": true, "1E+308": true,
		"9007199254740991": true, "9007199254740992": true, "12345678901234567000": true,
		"9007199254740993": false, "12345678901234567890": false, "0.1000000000000000055": false,
		"1e-999999999": false, "1e-99999999999999999999": false,
	} {
		var value float64
		if err := json.Unmarshal([]byte(number), &value); err != nil {
			t.Fatalf("%s: %v", number, err)
		}
		if got := bounds.Exact(number, value); got != want {
			t.Errorf("%s: %v, want %v", number, got, want)
		}
	}
}

// Whatever a text is, looking at it ends, and what is taken decodes to numbers.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":[1e5,"\\\"",-0.5]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		err := bounds.Check(text, 10)
		var value any
		if json.Valid(text) && err == nil && json.Unmarshal(text, &value) != nil {
			t.Errorf("%q is taken, and cannot be decoded", text)
		}
	})
}
