package captcha

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"
)

// The wire's smallest, usual and largest pictures, and the largest that needs edges.
var benchInfos = []struct{ name, info string }{
	{"width=100", `{"captchaWidth":100}`},
	{"width=240", `{}`},
	{"width=500", `{"captchaWidth":500}`},
	{"width=500,edges", `{"captchaWidth":500,"captchaColor":"#ffffff"}`},
}

func BenchmarkIssue(b *testing.B) {
	a := fresh(b, DefaultOptions())
	for _, bench := range benchInfos {
		b.Run(bench.name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2)).IntN
			size := 0
			for b.Loop() {
				part, _ := a.Issue(netip.Addr{}, &bench.info, random)
				size += len(part)
			}
			b.ReportMetric(float64(size)/float64(b.N), "base64-bytes/op")
		})
	}
}

func BenchmarkCompose(b *testing.B) {
	a := fresh(b, DefaultOptions())
	for _, bench := range benchInfos {
		for _, count := range []int{4, 6} {
			b.Run(bench.name+",parts="+strconv.Itoa(count), func(b *testing.B) {
				parts, _ := issue(a, &bench.info, count, 1)
				size := 0
				for b.Loop() {
					question, err := a.Compose(netip.Addr{}, &bench.info, parts)
					if err != nil {
						b.Fatal(err)
					}
					size += len(question)
				}
				b.ReportMetric(float64(size)/float64(b.N), "base64-bytes/op")
			})
		}
	}
}
