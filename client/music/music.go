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
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
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
	// Stall is how long the client waits for the head of an answer, and for the next bytes
	// of a song: 30 s. An upload or a download may take much longer as a whole.
	Stall time.Duration
}

// Client adds and finds songs.
type Client struct {
	options Options
	http    *http.Client
}

// New returns a client. It calls no node yet.
func New(o Options) (*Client, error) {
	if len(o.Addresses) == 0 {
		return nil, errors.New("music: no addresses of nodes")
	}
	o.Stall = cmp.Or(o.Stall, 30*time.Second)
	c := &Client{options: o}
	c.http = &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12}, ResponseHeaderTimeout: o.Stall,
			IdleConnTimeout: 3 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
		// A node sends the client to one that has the file.
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 2 {
				return errors.New("more than two redirects")
			}
			c.login(r)
			return nil
		},
	}
	return c, nil
}

func (c *Client) login(r *http.Request) {
	if c.options.Auth != nil {
		r.SetBasicAuth(c.options.Auth.Username, c.options.Auth.Password)
	}
}

// Error is what a node said instead of doing it.
type Error struct {
	Address string
	Status  int    // of HTTP
	Code    string // "" if there is none
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s (%s)", e.Address, e.Message, cmp.Or(e.Code, strconv.Itoa(e.Status)))
}

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
	body := &transfer.Body{Reader: file}
	added := new(Added)
	return added, c.somewhere(func(address string) (bool, error) {
		err := c.post(ctx, address, path+"?"+q.Encode(), body, size, added)
		return !body.Begun(), err
	})
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
	return found, c.json(ctx, path, map[string]any{"text": text, "limit": limit}, found)
}

// Stat counts the copies of the song with a title like "Artist - Name".
func (c *Client) Stat(ctx context.Context, title string) (*Stat, error) {
	stat := new(Stat)
	return stat, c.json(ctx, "stat", map[string]string{"text": title}, stat)
}

// Remove removes a song by its key, with an approval of kind captcha, and returns how
// many versions it had.
func (c *Client) Remove(ctx context.Context, song string, a *client.Approval) (int, error) {
	q := url.Values{}
	if err := approve(q, a); err != nil {
		return 0, err
	}
	var answer struct{ Removed int }
	err := c.json(ctx, "remove?"+q.Encode(), map[string]string{"song": song}, &answer)
	return answer.Removed, err
}

// json asks with a body of JSON, which any of the nodes may get.
func (c *Client) json(ctx context.Context, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.somewhere(func(address string) (bool, error) {
		return true, c.post(ctx, address, path, bytes.NewReader(text), int64(len(text)), answer)
	})
}

// somewhere tries the addresses until one answers.
func (c *Client) somewhere(try func(address string) (again bool, err error)) (failed error) {
	for _, address := range c.options.Addresses {
		again, err := try(address)
		if err == nil {
			return nil
		}
		failed = errors.Join(failed, err)
		if said := new(Error); !again || errors.As(err, &said) && said.Status < 500 {
			break
		}
	}
	return failed
}

func (c *Client) url(address, path string) string {
	if c.options.HTTPS {
		return "https://" + address + path
	}
	return "http://" + address + path
}

// maxAnswer is the most bytes of an answer: some hundred songs with long tags.
const maxAnswer = 8 << 20

func (c *Client) post(ctx context.Context, address, path string, body io.Reader, size int64, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(address, "/client/music/"+path), body)
	if err != nil {
		return err
	}
	r.ContentLength = size
	c.login(r)
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return refused(address, resp.StatusCode, text)
	}
	return json.Unmarshal(text, answer)
}

// refused makes an error of an answer that is no success.
func refused(address string, status int, text []byte) error {
	var said struct{ Code, Message string }
	if json.Unmarshal(text, &said) != nil || said.Message == "" {
		said.Message = string(bytes.TrimSpace(text[:min(len(text), 500)]))
	}
	return &Error{address, status, said.Code, said.Message}
}

// Audio writes the audio of a song, and fails with ErrDamaged if it is not what its key
// says: then the bytes that were written are worth nothing. If nothing was written yet when
// a node fails, the next one is tried.
func (c *Client) Audio(ctx context.Context, s *Song, to io.Writer) error {
	w := &writer{Writer: to}
	return c.somewhere(func(address string) (bool, error) {
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
	ctx, watch := transfer.NewWatch(ctx, c.options.Stall)
	defer watch.End()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url(address, "/music/audio/"+url.PathEscape(s.Audio)), nil)
	if err != nil {
		return err
	}
	c.login(r)
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body := watch.Reads(resp.Body)
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(body, 64<<10)) // what has come is enough to say why
		return refused(address, resp.StatusCode, text)
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(body, s.Size+1)); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != s.Audio {
		return ErrDamaged
	}
	return nil
}

// AudioFile writes the audio of a song to a file of this machine, which appears when it
// is whole and on disk. When a node breaks off, or sends wrong bytes, it begins anew at the
// next one.
func (c *Client) AudioFile(ctx context.Context, s *Song, path string) error {
	return transfer.Save(path, func(file *os.File) error {
		return c.somewhere(func(address string) (bool, error) {
			if err := transfer.Restart(file); err != nil {
				return false, err
			}
			return true, c.audio(ctx, address, s, file)
		})
	})
}
