package store

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"spreadable/core/host"
)

// A backup of a node whose extensions store blobs is a tar file: the state, each blob as
// blobs/EXTENSION/KEY, and at last an entry that says how many blobs there are, because a
// tar file that is cut between two entries looks whole. Without blobs a backup is the
// state file alone, as it always was.

const (
	blobsName = "blobs"
	endName   = "end"
	mostEnd   = 20 // digits
)

// BlobsDir is where the blobs of an extension are in a data directory.
func BlobsDir(data, extension string) string { return filepath.Join(data, blobsName, extension) }

// writeArchive writes a backup: the state, which is in a file, and the blobs of each
// extension. A blob that is removed meanwhile is left out.
func writeArchive(to io.Writer, state *os.File, blobs map[string]*Blobs) error {
	stat, err := state.Stat()
	if err != nil {
		return err
	}
	w := tar.NewWriter(to)
	if err := writeEntry(w, stateName, stat.Size(), state); err != nil {
		return err
	}
	count := 0
	for _, extension := range slices.Sorted(maps.Keys(blobs)) {
		var failed error
		blobs[extension].List(host.Key{}, func(blob host.Blob) bool {
			var written bool
			written, failed = writeBlob(w, blobs[extension], extension, blob.Key)
			if written {
				count++
			}
			return failed == nil
		})
		if failed != nil {
			return failed
		}
	}
	end := strconv.Itoa(count)
	return errors.Join(writeEntry(w, endName, int64(len(end)), strings.NewReader(end)), w.Close())
}

func writeEntry(w *tar.Writer, name string, size int64, content io.Reader) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600}); err != nil {
		return err
	}
	if n, err := io.Copy(w, content); err != nil || n != size {
		return fmt.Errorf("%s: %d of %d bytes: %w", name, n, size, errors.Join(io.ErrShortWrite, err))
	}
	return nil
}

// writeBlob reports whether there still was one.
func writeBlob(w *tar.Writer, b *Blobs, extension string, key host.Key) (bool, error) {
	file, err := b.root.Open(place(key))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		return false, err
	}
	return true, writeEntry(w, path.Join(blobsName, extension, key.String()), stat.Size(), file)
}

// contents is a backup that is open and has been looked through.
type contents struct {
	file  *os.File
	state *io.SectionReader
	blobs []entry
	tar   bool // it holds the blobs, too, even if there are none
}

// entry is a blob in a tar file.
type entry struct {
	extension string
	key       host.Key
	content   *io.SectionReader
}

// openBackup opens a backup and checks all of it but the bytes of blobs. The caller closes
// the file.
func openBackup(path string) (c *contents, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
		}
	}()
	stat, err := file.Stat()
	if err != nil {
		return nil, err
	}
	c = &contents{file: file, state: io.NewSectionReader(file, 0, stat.Size())}
	r := tar.NewReader(file)
	if first, notTar := r.Next(); notTar == nil && first.Name == stateName {
		c.tar = true
		if err := c.read(r, first); err != nil {
			return nil, err
		}
	}
	if _, err := inspect(c.state, c.state.Size()); err != nil {
		return nil, err
	}
	return c, nil
}

// read finds the entries of a tar file, of which the first is the state.
func (c *contents) read(r *tar.Reader, first *tar.Header) error {
	state, err := c.here(first)
	if err != nil {
		return err
	}
	c.state = state
	for {
		header, err := r.Next()
		if err != nil {
			return fmt.Errorf("%w: it ends too early: %w", ErrDamaged, err)
		}
		if header.Name == endName && header.Size <= mostEnd {
			return c.checkEnd(r)
		}
		if err := c.add(header); err != nil {
			return err
		}
	}
}

// here is the content of an entry whose header has just been read.
func (c *contents) here(header *tar.Header) (*io.SectionReader, error) {
	at, err := c.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	if header.Typeflag != tar.TypeReg {
		return nil, fmt.Errorf("%w: %.80q is no file", ErrForeign, header.Name)
	}
	return io.NewSectionReader(c.file, at, header.Size), nil
}

// add takes the entry of a blob.
func (c *contents) add(header *tar.Header) error {
	parts := strings.Split(header.Name, "/")
	if len(parts) != 3 || parts[0] != blobsName || host.CheckName(parts[1]) != nil {
		return fmt.Errorf("%w: a backup has no %.80q", ErrForeign, header.Name)
	}
	key, err := host.ParseKey(parts[2])
	if err != nil {
		return fmt.Errorf("%w: %.80q: %w", ErrForeign, header.Name, err)
	}
	content, err := c.here(header)
	if err != nil {
		return err
	}
	c.blobs = append(c.blobs, entry{parts[1], key, content})
	return nil
}

func (c *contents) checkEnd(r io.Reader) error {
	text, err := io.ReadAll(r)
	if count, bad := strconv.Atoi(string(text)); err != nil || bad != nil || count != len(c.blobs) {
		return fmt.Errorf("%w: it has %d blobs and says %.20q", ErrDamaged, len(c.blobs), text)
	}
	return nil
}

// unpack writes the blobs into a directory, and returns how many of them are damaged: these
// are left out. An extension gets them from other nodes, as when its disk fails.
func (c *contents) unpack(dir string) (kept, damaged int, err error) {
	stores := make(map[string]*Blobs)
	defer func() {
		for _, b := range stores {
			err = errors.Join(err, b.Close())
		}
	}()
	for _, e := range c.blobs {
		b := stores[e.extension]
		if b == nil {
			if b, err = OpenBlobs(filepath.Join(dir, e.extension), noLimit); err != nil {
				return kept, damaged, err
			}
			stores[e.extension] = b
		}
		good, err := b.take(e)
		switch {
		case err != nil:
			return kept, damaged, err
		case good:
			kept++
		default:
			damaged++
		}
	}
	return kept, damaged, nil
}

// noLimit is the capacity of a directory into which a backup is unpacked: all that the
// file holds. It leaves a sum of two sizes representable.
const noLimit = 1 << 61

// take makes a blob of an entry, if it has the bytes of its key.
func (b *Blobs) take(e entry) (good bool, err error) {
	d, err := b.Create(e.content.Size())
	if err != nil {
		return false, err
	}
	defer d.Discard()
	if n, err := io.Copy(d, e.content); err != nil || n != e.content.Size() {
		return false, errors.Join(io.ErrUnexpectedEOF, err)
	}
	if key, _ := d.Sum(); key != e.key {
		return false, nil
	}
	return true, d.Commit()
}
