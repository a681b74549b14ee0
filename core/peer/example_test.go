package peer_test

import (
	"fmt"
	"net/netip"

	"spreadable/core/peer"
)

func ExampleParse() {
	a, _ := peer.Parse("[2001:db8::5]:80")
	fmt.Println(a, a.IP())

	_, err := peer.Parse("node1:80")
	fmt.Println(err)
	// Output:
	// [2001:0db8:0000:0000:0000:0000:0000:0005]:80 2001:db8::5
	// address "node1:80": host "node1": npm peers would refuse it: a single label, want "localhost", an IP or a name with a domain
}

func ExampleBook() {
	book := peer.NewBook(1000)
	p, err := book.Intern(peer.MustParse("n1.example.com:80"))
	if err != nil {
		fmt.Println(err)
		return
	}
	book.SetIP(p, netip.MustParseAddr("192.0.2.7")) // looked up elsewhere
	fmt.Println(p.ID(), book.Text(p), book.IP(p))
	// Output: 1 n1.example.com:80 192.0.2.7
}

func ExampleList_Match() {
	blacklist, err := peer.ParseList([]string{"n1.example.com", "2001:db8::5", "10.0.0.7:80"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"n1.example.com:4000", "[2001:db8:0::5]:1", "10.0.0.7:80", "10.0.0.7:81"} {
		fmt.Println(text, blacklist.Match(peer.MustParse(text), netip.Addr{}))
	}
	// Output:
	// n1.example.com:4000 true
	// [2001:db8:0::5]:1 true
	// 10.0.0.7:80 true
	// 10.0.0.7:81 false
}
