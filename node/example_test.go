package node_test

import (
	"context"
	"fmt"
	"net/http"

	"spreadable/client"
	"spreadable/config"
	"spreadable/node"
)

// An application puts a node into its process, adds a handler, and stops the node. A
// client calls the handler.
func Example() {
	options := config.Defaults()
	options.Hostname, options.Port = "127.0.0.1", 4793
	n, err := node.New(node.Options{Config: options, Ephemeral: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	n.Handle("greet", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, `{"greeting": "hello"}`)
	}))
	ctx := context.Background()
	go n.Run(ctx)
	if err := n.Ready(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer n.Stop()

	c, err := client.Connect(ctx, client.Options{Addresses: []string{n.Address()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	var answer struct{ Greeting string }
	err = c.Request(ctx, "greet", nil, &answer)
	fmt.Println(answer.Greeting, err)
	// Output: hello <nil>
}
