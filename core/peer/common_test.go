package peer

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// anyAddress draws addresses of every kind; few ports, so that some coincide.
func anyAddress() *rapid.Generator[Address] {
	return rapid.Custom(func(t *rapid.T) Address {
		host := rapid.OneOf(
			rapid.Just("localhost"),
			rapid.StringMatching(`[a-zA-Zя0-9]{3,8}(\.[a-zя]{2,4}){1,3}`),
			rapid.Map(anyNodeIP(), func(ip netip.Addr) string {
				if ip.Is4() {
					return ip.String()
				}
				return rapid.SampledFrom(spellings(ip)).Draw(t, "spelling")
			}),
		).Draw(t, "host")
		port := rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 65535)).Draw(t, "port")
		return MustParse(fmt.Sprintf("%s:%d", host, port))
	})
}

// anyNodeIP draws IPs of both versions that a node may have; some of them are
// IPv4-mapped IPv6.
func anyNodeIP() *rapid.Generator[netip.Addr] {
	v4 := rapid.Map(rapid.Uint32(), func(n uint32) netip.Addr {
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	})
	mapped := rapid.Map(v4, func(ip netip.Addr) netip.Addr { return netip.AddrFrom16(ip.As16()) })
	v6 := rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) netip.Addr {
		return netip.AddrFrom16([16]byte(b))
	})
	return rapid.OneOf(v4, mapped, v6).Filter(func(ip netip.Addr) bool { return checkSender(ip) == nil })
}

// spellings writes an IPv6 in brackets in all the ways that people do.
func spellings(ip netip.Addr) []string {
	var unpadded []string
	for group := range strings.SplitSeq(FullIPv6(ip), ":") {
		n, _ := strconv.ParseUint(group, 16, 16)
		unpadded = append(unpadded, strconv.FormatUint(n, 16))
	}
	texts := []string{ip.String(), ip.StringExpanded(), FullIPv6(ip), strings.Join(unpadded, ":")}
	for i, text := range texts {
		texts[i] = "[" + text + "]"
		texts = append(texts, strings.ToUpper(texts[i]))
	}
	return texts
}

func decimal(port uint16) string { return strconv.Itoa(int(port)) }

// checkError holds for every error of a decoder: no half result, and a message
// that is one short printable line, whatever the input was.
func checkError(t *testing.T, zero bool, err error) {
	t.Helper()
	if !zero {
		t.Fatalf("a result along with the error %v", err)
	}
	text := err.Error()
	if len(text) > 2000 || strings.ContainsAny(text, "\n\r\x00\x1b") || !utf8.ValidString(text) {
		t.Fatalf("error not fit for a log: %q", text)
	}
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}
