// Package music adds, finds and reads songs in a network whose nodes have the extension
// music.
//
//	c, err := music.New(music.Options{Addresses: []string{"n1.example.com:4000"}})
//	added, err := c.AddFile(ctx, "song.mp3", music.Wish{})
//	found, err := c.Find(ctx, "bohemian rhapsody", 10)
//	err = c.AudioFile(ctx, &found.Songs[0], "copy.mp3")
//
// Artist and title are those of the file's tags. Audio is verified against its key, which
// is its SHA-256.
//
// Any number of goroutines may use one Client. As with package client, what is given as
// an address of the network is trusted with the password of a closed network, and with
// the addresses of other nodes.
package music

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"spreadable/client"
	"spreadable/client/internal/transfer"
	"spreadable/extensions/music"
)

// Song is a song that was found, Added one that was added, Found the answer to a
// question, and Stat how many copies there are of one.
type (
	Song  = music.Hit
	Added = music.Added
	Found = music.Answer
	Stat  = music.Stat
)

// Options of a Client.
type Options struct {
	// Addresses are some nodes of the network, "host:port" each. With more than one, the
	// client survives the loss of some. Required.
	Addresses []string
	// HTTPS, CA and Auth are as in client.Options.
	HTTPS bool
	CA    *x509.CertPool
	Auth  *client.Credentials
	// Stall is how long the client waits for the next bytes of a node, or for its answer:
	// 30 s. An upload or a download may take much longer as a whole.
	Stall time.Duration
	// Transport sends the requests; nil is one of the client's own.
	Transport http.RoundTripper
}

// Client adds and finds songs.
type Client struct{ nodes *transfer.Caller }

// New returns a client. It calls no node yet.
func New(o Options) (*Client, error) {
	nodes, err := transfer.NewCaller(transfer.Options(o), 2) // a node sends the client to one that has the audio
	if err != nil {
		return nil, fmt.Errorf("music: %w", err)
	}
	return &Client{nodes}, nil
}

// Error is what a node said instead of doing it. Its Status is that of HTTP; its Code is ""
// if there is none.
type Error = transfer.Error

// ErrDamaged says that bytes are not those of their key.
var ErrDamaged = errors.New("the bytes are not those of the key")

// Wish is what is wanted of a song that is added.
type Wish struct {
	// Priority is -1 for a version that loses against all others, else 0. Priority 1 takes
	// an approval.
	Priority music.Priority
	// Approval is one of kind captcha, got by client.Client.ApprovalQuestion at the first of
	// the addresses. With one the song has priority 1, unless Priority is -1.
	Approval *client.Approval
}

// Add adds a song of size bytes. If no node could be reached before the first byte was
// read, the next one is tried.
func (c *Client) Add(ctx context.Context, file io.Reader, size int64, w Wish) (*Added, error) {
	path, q := "add", url.Values{}
	if w.Priority != music.Normal {
		q.Set("priority", strconv.Itoa(int(w.Priority)))
	}
	if w.Approval != nil {
		path = "approved"
		if err := approve(q, w.Approval); err != nil {
			return nil, err
		}
	}
	added := new(Added)
	return added, c.nodes.Send(ctx, http.MethodPost, "/client/music/"+path+"?"+q.Encode(), file, size, added)
}

func approve(q url.Values, a *client.Approval) error {
	text, err := json.Marshal(a)
	q.Set("approvalInfo", string(text))
	return err
}

// AddFile adds a file of this machine.
func (c *Client) AddFile(ctx context.Context, path string, w Wish) (*Added, error) {
	file, size, err := transfer.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return c.Add(ctx, file, size, w)
}

// Find finds songs whose titles contain a text, the best first. Limit 0 is as many as a
// node gives.
func (c *Client) Find(ctx context.Context, text string, limit int) (*Found, error) {
	return c.ask(ctx, "find", text, limit)
}

// By finds the songs of an artist.
func (c *Client) By(ctx context.Context, artist string, limit int) (*Found, error) {
	return c.ask(ctx, "artist", artist, limit)
}

// Titled finds songs with a title like "Artist - Name", the most similar first.
func (c *Client) Titled(ctx context.Context, title string, limit int) (*Found, error) {
	return c.ask(ctx, "song", title, limit)
}

func (c *Client) ask(ctx context.Context, path, text string, limit int) (*Found, error) {
	found := new(Found)
	return found, c.post(ctx, path, map[string]any{"text": text, "limit": limit}, found)
}

// Stat counts the copies of the song with a title like "Artist - Name".
func (c *Client) Stat(ctx context.Context, title string) (*Stat, error) {
	stat := new(Stat)
	return stat, c.post(ctx, "stat", map[string]string{"text": title}, stat)
}

// Remove removes a song by its key, with an approval of kind captcha, and returns how
// many versions it had.
func (c *Client) Remove(ctx context.Context, song string, a *client.Approval) (int, error) {
	q := url.Values{}
	if err := approve(q, a); err != nil {
		return 0, err
	}
	var answer struct{ Removed int }
	err := c.post(ctx, "remove?"+q.Encode(), map[string]string{"song": song}, &answer)
	return answer.Removed, err
}

func (c *Client) post(ctx context.Context, path string, question, answer any) error {
	return c.nodes.Ask(ctx, http.MethodPost, "/client/music/"+path, question, answer)
}

// Audio writes the audio of a song, and fails with ErrDamaged if it is not what its key
// says: then the bytes that were written are worth nothing. If nothing was written yet when
// a node fails, the next one is tried.
func (c *Client) Audio(ctx context.Context, s *Song, to io.Writer) error {
	w := &writer{Writer: to}
	return c.nodes.Anywhere(func(address string) (bool, error) {
		err := c.audio(ctx, address, s, w)
		return !w.begun, err
	})
}

// writer knows whether something was written.
type writer struct {
	io.Writer
	begun bool
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	w.begun = true
	return w.Writer.Write(p)
}

func (c *Client) audio(ctx context.Context, address string, s *Song, to io.Writer) error {
	at := c.nodes.URL(address, "/music/audio/"+url.PathEscape(s.Audio))
	return c.nodes.Call(ctx, http.MethodGet, at, nil, 0, nil, http.StatusOK, func(resp *http.Response) error {
		sum := sha256.New()
		if _, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(resp.Body, s.Size+1)); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) != s.Audio {
			return ErrDamaged
		}
		return nil
	})
}

// AudioFile writes the audio of a song to a file of this machine, which appears when it
// is whole and on disk. When a node breaks off, or sends wrong bytes, it begins anew at the
// next one.
func (c *Client) AudioFile(ctx context.Context, s *Song, path string) error {
	return transfer.Save(path, func(file *os.File) error {
		return c.nodes.Anywhere(func(address string) (bool, error) {
			if err := transfer.Restart(file); err != nil {
				return false, err
			}
			return true, c.audio(ctx, address, s, file)
		})
	})
}
