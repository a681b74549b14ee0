// Command embed is an application with a node of a Spreadable network inside. The node is
// configured by the environment, as spreadnode is; SPREADNODE_BOOTSTRAP makes it join a
// network.
//
//	SPREADNODE_HOSTNAME=127.0.0.1 go run .
//	curl --json '{"name": "you"}' http://127.0.0.1:4000/client/greet
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"

	"spreadable/config"
	"spreadable/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	options, err := config.Load(config.Given{Environ: os.Environ()})
	if err != nil {
		return err
	}
	n, err := node.New(node.Options{Config: options, Log: slog.Default()})
	if err != nil {
		return err
	}
	err = cmp.Or(
		n.Handle("greet", http.HandlerFunc(greet)),
		// only approved clients
		n.HandleApproved("greet-approved", "client", http.HandlerFunc(greet)),
	)
	if err != nil {
		return err
	}
	return n.Run(ctx)
}

// greet serves POST /client/greet: {"name": "you"} to {"greeting": "Hello, you!"}.
func greet(w http.ResponseWriter, r *http.Request) {
	var question struct{ Name string }
	if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(map[string]string{"greeting": "Hello, " + question.Name + "!"})
}
