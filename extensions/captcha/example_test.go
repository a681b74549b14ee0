package captcha_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"spreadable/extensions/captcha"
)

// Four approvers issue their parts, an entry node composes the question, and each
// approver judges the client's answer by its own symbols.
func Example() {
	pictures, err := captcha.New(captcha.DefaultOptions())
	if err != nil {
		fmt.Println(err)
		return
	}
	client := netip.MustParseAddr("192.0.2.7")
	info := `{"captchaWidth":300,"captchaBackground":"#ffffff"}`
	random := rand.New(rand.NewPCG(1, 2)).IntN
	var parts, texts []string
	for range 4 {
		part, text := pictures.Issue(client, &info, random)
		parts, texts = append(parts, part), append(texts, text)
	}
	question, err := pictures.Compose(client, &info, parts)
	fmt.Println(question[:22], err)

	answer, _ := pictures.ExpectedAnswer(texts) // what a person reads
	for i, text := range texts {
		fmt.Println(i, pictures.Check(answer, text, i, 4), pictures.Check("??????", text, i, 4))
	}
	// Output:
	// data:image/png;base64, <nil>
	// 0 true false
	// 1 true false
	// 2 true false
	// 3 true false
}
