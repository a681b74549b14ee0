package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/config"
)

// wire speaks to nodes as a client of the network does: POST /client/<endpoint>, JSON both ways.
type wire struct {
	http               *http.Client
	scheme, version    string
	username, password string
}

// maxReply bounds an answer, in bytes.
const maxReply = 1 << 20

func newWire(c *cli.Context) (*wire, error) {
	options, err := config.Load(given(c))
	if err == nil {
		err = options.ReadPassword()
	}
	if err != nil {
		return nil, inputError{err}
	}
	w := &wire{scheme: "http", version: options.NetworkVersion, username: options.Username, password: options.Password}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if options.HTTPS != config.HTTPSOff {
		w.scheme = "https"
	}
	if options.TLSCA != "" {
		pem, err := os.ReadFile(options.TLSCA)
		if err != nil {
			return nil, inputError{fmt.Errorf("tls_ca: %w", err)}
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(pem) {
			return nil, inputError{fmt.Errorf("tls_ca: %s: no certificate in PEM", options.TLSCA)}
		}
	}
	w.http = &http.Client{
		// No connection is kept: npm nodes drop idle ones without a word.
		Transport:     &http.Transport{TLSClientConfig: secure, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w, nil
}

// post sends a request; into is where its answer goes, nil for one of no interest.
func (w *wire) post(ctx context.Context, node, endpoint string, body map[string]any, into any) error {
	now := time.Now()
	if end, limited := ctx.Deadline(); limited {
		body["timeout"] = end.Sub(now).Milliseconds()
	}
	body["timestamp"] = now.UnixMilli()
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.scheme+"://"+node+"/client/"+endpoint, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Client-Version", w.version)
	if w.username != "" {
		r.SetBasicAuth(w.username, w.password)
	}
	resp, err := w.http.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", node, errors.Unwrap(err)) // without the URL, which says the same again
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return fmt.Errorf("%s: %w", node, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", node, refusal(resp.Status, data))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: not an answer of a node: %w", node, err)
	}
	return nil
}

// refusal is the error that a node has sent.
func refusal(status string, data []byte) string {
	var body struct{ Message, Code string }
	if json.Unmarshal(data, &body) != nil || body.Message == "" {
		return status
	}
	if body.Code != "" {
		return body.Message + " (" + body.Code + ")"
	}
	return body.Message
}

// vouch asks all approvers at once and returns those that say yes, in the same order; an error only if none does.
func (w *wire) vouch(ctx context.Context, a *approval, info any) ([]string, error) {
	failures := make([]error, len(a.Approvers))
	done := make(chan struct{})
	for i, node := range a.Approvers {
		go func() {
			body := map[string]any{"action": a.Action, "key": a.Key, "startedAt": a.StartedAt}
			if info != nil {
				body["info"] = info
			}
			failures[i] = w.post(ctx, node, "add-approval-info", body, nil)
			done <- struct{}{}
		}()
	}
	for range a.Approvers {
		<-done
	}
	var confirmed []string
	for i, err := range failures {
		if err == nil {
			confirmed = append(confirmed, a.Approvers[i])
		}
	}
	if len(confirmed) == 0 {
		return nil, errors.Join(failures...)
	}
	return confirmed, nil
}
