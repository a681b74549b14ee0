package film

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File is the name of a film in a results folder.
const File = "run.film"

// magic begins a file, before it is compressed.
const magic = "spreadsim-film/1\n"

// ErrNoFilm is the error of reading a file that is none.
var ErrNoFilm = errors.New("not a film of this version")

// maxFilm bounds what is read: more than any film has.
const maxFilm = 1 << 30

// Encode writes a film as a file holds it. Equal films give equal bytes.
func Encode(w io.Writer, film []byte) error {
	out := gzip.NewWriter(w)
	_, err := io.WriteString(out, magic)
	if err == nil {
		_, err = out.Write(film)
	}
	return errors.Join(err, out.Close())
}

// Decode reads a film that is whole.
func Decode(r io.Reader) ([]byte, error) {
	in, err := gzip.NewReader(r)
	if err != nil {
		return nil, ErrNoFilm
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFilm))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoFilm, err)
	}
	film, ok := bytes.CutPrefix(text, []byte(magic))
	if !ok {
		return nil, ErrNoFilm
	}
	if _, err := SettingOf(film); err != nil {
		return nil, err
	}
	last := Kind(0)
	for b, err := range Blocks(film) {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoFilm, err)
		}
		last = b.Kind
	}
	if last != KindEnd {
		return nil, fmt.Errorf("%w: it has no end", ErrNoFilm)
	}
	return film, nil
}

// SettingOf returns what a film says up front.
func SettingOf(film []byte) (s Setting, err error) {
	for b, err := range Blocks(film) {
		if err != nil || b.Kind != KindSetting || json.Unmarshal(b.Body, &s) != nil {
			break
		}
		return s, nil
	}
	return s, fmt.Errorf("%w: it does not begin with a setting", ErrNoFilm)
}

// Write writes a film into a results folder.
func Write(film []byte, dir string) error {
	file, err := os.Create(filepath.Join(dir, File))
	if err != nil {
		return err
	}
	return errors.Join(Encode(file, film), file.Close())
}

// Load reads the film of a results folder. The error is fs.ErrNotExist where there is
// none.
func Load(dir string) ([]byte, error) {
	path := filepath.Join(dir, File)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	film, err := Decode(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.ToSlash(path), err)
	}
	return film, nil
}
