package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"slices"

	"spreadable/client/internal/transfer"
)

// Get writes a file. When a node breaks off, the next one goes on. Only at the end is known
// whether all bytes were right: then the error is ErrDamaged if they were not, so nothing
// may be done with them before.
func (c *Client) Get(ctx context.Context, key Key, to io.Writer) error {
	d := &download{Client: c, key: key, to: to, sum: sha256.New()}
	return d.run(ctx)
}

// GetFile writes a file to a path of this machine, where it appears only when all bytes
// have come and are those of the key. After wrong bytes it begins anew at other nodes.
func (c *Client) GetFile(ctx context.Context, key Key, path string) error {
	return transfer.Save(path, func(file *os.File) error {
		d := &download{Client: c, key: key, to: file, sum: sha256.New()}
		var damaged error
		for {
			err := d.run(ctx)
			if err == nil {
				return nil
			}
			if !errors.Is(err, ErrDamaged) || !d.restart() {
				return errors.Join(damaged, err)
			}
			damaged = errors.Join(damaged, err)
			if err := transfer.Restart(file); err != nil {
				return errors.Join(damaged, err)
			}
		}
	})
}

// download is a Get under way.
type download struct {
	*Client
	key  Key
	to   io.Writer
	sum  hash.Hash
	have int64
	used []string // links whose bytes are among those that have come
	bad  []string // links that are not asked again
}

// run asks one link after the other until all has come. Links are asked for again once,
// since the nodes may have changed.
func (d *download) run(ctx context.Context) error {
	var failed error
	for range 2 {
		links, err := d.Links(ctx, d.key)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, link := range links {
			if slices.Contains(d.bad, link) {
				continue
			}
			whole, err := d.from(ctx, link)
			if whole {
				return d.verify()
			}
			d.bad = append(d.bad, link)
			failed = errors.Join(failed, err)
			if ctx.Err() != nil || errors.As(err, new(writeError)) {
				return failed
			}
		}
	}
	if failed == nil {
		return errNoOther
	}
	return failed
}

var errNoOther = errors.New("no other node has the file")

// verify compares what has come with the key.
func (d *download) verify() error {
	if got := Key(d.sum.Sum(nil)); got != d.key {
		return fmt.Errorf("%w %s, from %v", ErrDamaged, d.key, d.used)
	}
	return nil
}

// restart begins anew without the links whose bytes were wrong, or might have been.
func (d *download) restart() bool {
	if len(d.used) == 0 {
		return false
	}
	d.bad = append(d.bad[:0], d.used...)
	d.used, d.have = nil, 0
	d.sum.Reset()
	return len(d.bad) < 16
}

// writeError is an error of the writer: no other node helps.
type writeError struct{ error }

// from reads the rest of the file from a link, and reports whether it has come to the end.
func (d *download) from(ctx context.Context, link string) (whole bool, err error) {
	header, wanted := http.Header{}, http.StatusOK
	if d.have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		wanted = http.StatusPartialContent
	}
	err = d.nodes.Call(ctx, http.MethodGet, link+"?from=client", nil, 0, header, wanted, func(resp *http.Response) error {
		if resp.ContentLength < 0 {
			return fmt.Errorf("%s: no length", resp.Request.URL.Host)
		}
		d.used = append(d.used, link)
		n, err := io.CopyBuffer(writer{d}, resp.Body, make([]byte, 256<<10))
		whole = err == nil && n == resp.ContentLength
		return err
	})
	if said := new(Error); d.have > 0 && errors.As(err, &said) && said.Status == http.StatusRequestedRangeNotSatisfiable {
		return true, nil // all had come before it broke off
	}
	return whole, err
}

// writer takes the bytes of a download.
type writer struct{ *download }

// Write implements io.Writer.
func (w writer) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.sum.Write(p[:n])
	w.have += int64(n)
	if err != nil {
		return n, writeError{err}
	}
	return n, nil
}
