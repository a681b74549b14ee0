package httptransport_test

import (
	"context"
	"fmt"

	"spreadable/core"
	"spreadable/core/peer"
	httptransport "spreadable/transport/http"
)

// A network of one node on this machine, asked by a client who its approvers are.
func Example() {
	address := peer.MustParse("127.0.0.1:4790")
	book := peer.NewBook(httptransport.DefaultBookLimit)
	self, err := book.Intern(address)
	if err != nil {
		fmt.Println(err)
		return
	}
	node, err := httptransport.New(httptransport.Options{
		Config:  &core.Config{Book: book, Bootstrap: []core.Peer{self}},
		Address: address,
		Listen:  address.String(),
	})
	if err == nil {
		err = node.Start(nil)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer node.Close(context.Background())

	client := httptransport.NewClient(httptransport.ClientOptions{})
	defer client.Close()
	approvers, err := client.Draw(context.Background(), address, "client")
	fmt.Println(approvers, err)
	// Output: [127.0.0.1:4790] <nil>
}
