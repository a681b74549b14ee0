package node

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"spreadable/admin"
	"spreadable/config"
)

// listen opens the local endpoint without serving it yet. It returns nil if the options
// say that there is none.
func (n *Node) listen(ctx context.Context) (net.Listener, error) {
	if n.options.Ephemeral || n.config.Admin == config.AdminOff {
		return nil, nil
	}
	endpoint, token := admin.ParseEndpoint(n.config.Admin), ""
	if endpoint.Network == "tcp" {
		var err error
		if token, err = admin.MakeToken(n.config.AdminTokenFile); err != nil {
			return nil, err
		}
	}
	listener, err := admin.Listen(ctx, endpoint)
	if err != nil {
		return nil, fmt.Errorf("admin endpoint: %w", err)
	}
	n.local = &http.Server{
		Handler: admin.NewHandler(admin.HandlerOptions{
			Node: n, Token: token, TestAnswers: n.options.TestAnswers, Metrics: n.metrics(),
			Command: n.Command,
		}),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(n.options.Log.Handler(), slog.LevelDebug),
	}
	return listener, nil
}

// endpoint is the local endpoint of a running node, as the options name it.
func (n *Node) endpoint() string {
	if n.local == nil {
		return config.AdminOff
	}
	return n.config.Admin
}

func closeIf(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}
