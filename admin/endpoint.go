package admin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"spreadable/internal/private"
)

// Endpoint is where a node's local endpoint listens.
type Endpoint struct {
	Network string // unix, tcp
	Address string // path, host:port
}

// ParseEndpoint reads "unix:path" or "host:port". It does not check that the host is a
// loopback one: the options do.
func ParseEndpoint(text string) Endpoint {
	if path, found := strings.CutPrefix(text, "unix:"); found {
		return Endpoint{"unix", path}
	}
	return Endpoint{"tcp", text}
}

func (e Endpoint) String() string {
	if e.Network == "unix" {
		return "unix:" + e.Address
	}
	return e.Address
}

// Listen opens the endpoint. A socket belongs to the user alone from its first moment.
// One that a killed node has left is replaced; one at which a process listens is an
// error.
func Listen(ctx context.Context, e Endpoint) (net.Listener, error) {
	if e.Network != "unix" {
		return new(net.ListenConfig).Listen(ctx, e.Network, e.Address)
	}
	if err := clearSocket(ctx, e.Address); err != nil {
		return nil, err
	}
	return listenPrivately(ctx, e.Address)
}

// clearSocket removes what a killed node has left.
func clearSocket(ctx context.Context, path string) error {
	stat, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case stat.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is not a socket: remove it, or set admin to another path", path)
	}
	dialer := net.Dialer{Timeout: time.Second}
	if conn, err := dialer.DialContext(ctx, "unix", path); err == nil {
		conn.Close()
		return fmt.Errorf("another process listens at %s", path)
	}
	return os.Remove(path)
}

// listenPrivately makes the socket in a directory that no other user can enter, and then
// moves it to its place. Otherwise any user could connect between the making of the
// socket and the change of its mode.
func listenPrivately(ctx context.Context, path string) (net.Listener, error) {
	private, err := os.MkdirTemp(filepath.Dir(path), ".")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	first := filepath.Join(private, "s")
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", first)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err = os.Chmod(first, 0o600); err == nil {
		err = os.Rename(first, path)
	}
	if err != nil {
		listener.Close()
		return nil, err
	}
	return &socket{listener, path}, nil
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener
	path string
}

func (s *socket) Close() error {
	os.Remove(s.path) // first, so that no client finds a dead socket
	return s.Listener.Close()
}

// MakeToken reads the token of a TCP endpoint, or makes one if the file is not there. A
// file that others can read, or that they may have written, is an error.
func MakeToken(path string) (string, error) {
	token, err := readToken(path)
	if err == nil {
		err = private.Check(path)
	}
	switch {
	case err == nil:
		return token, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("admin token: %w", err)
	}
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	token = hex.EncodeToString(secret[:])
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("admin token: %w", err)
	}
	_, err = f.WriteString(token + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("admin token: %w", err)
	}
	return token, nil
}

// ReadToken reads the token of a TCP endpoint.
func ReadToken(path string) (string, error) {
	token, err := readToken(path)
	if err != nil {
		return "", fmt.Errorf("admin token: %w", err)
	}
	return token, nil
}

func readToken(path string) (string, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if stat.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others can read %s (mode %#o): chmod 600 it", path, stat.Mode().Perm())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	const least = 16 // characters
	token := strings.TrimSpace(string(data))
	if len(token) < least || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s: want one word of %d characters or more", path, least)
	}
	return token, nil
}
