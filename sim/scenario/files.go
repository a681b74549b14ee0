package scenario

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"spreadable/internal/phrase"
)

// File is the path of a file that a scenario names, as seen from the scenario's own
// folder. It may be compressed by gzip, and then have .gz behind the name that is given.
type File string

// FilesFolder is the folder in that of a run which keeps the files that the scenario names.
const FilesFolder = "files"

// maxFile bounds the size of such a file, unpacked.
const maxFile = 512 << 20

// Attachment is a file that a scenario names, as it is kept with a run.
type Attachment struct {
	Name    string // with slashes, as the resolved scenario names it, or with .gz behind it
	Content []byte
}

// large is the size from which a file is kept compressed: some measurements have hundreds
// of megabytes.
const large = 1 << 20

// Attachments are the files that the scenario names, with their contents.
func (s *Scenario) Attachments() []Attachment {
	var list []Attachment
	_ = s.eachFile("", reflect.ValueOf(s).Elem(), func(path string, file File) error { // which returns no error
		list = append(list, attachment(copied(string(file)), s.files[path]))
		return nil
	})
	return list
}

// Named are the paths of the files that the scenario names.
func (s *Scenario) Named() []string {
	var list []string
	_ = s.eachFile("", reflect.ValueOf(s).Elem(), func(_ string, file File) error { // which returns no error
		list = append(list, string(file))
		return nil
	})
	return list
}

// attachment is a file as it is kept.
func attachment(name string, content []byte) Attachment {
	if len(content) < large {
		return Attachment{name, content}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		// A buffer takes all that is written.
		panic(fmt.Sprintf("scenario: compress %s: %v", name, err))
	}
	return Attachment{name + ".gz", packed.Bytes()}
}

// copied is the name of a file in the folder of a run. It does not tell where the file was,
// so a scenario has the same hash in every folder.
func copied(file string) string {
	base := strings.TrimSuffix(filepath.Base(filepath.FromSlash(file)), ".gz")
	return FilesFolder + "/" + base
}

// readFiles reads all files that the scenario names; name is its own path. They are read
// once, at the start, so that a run does not depend on what becomes of them meanwhile.
func (s *Scenario) readFiles(name string) error {
	taken := make(map[string]string)
	return s.eachFile("", reflect.ValueOf(s).Elem(), func(path string, file File) error {
		if other, again := taken[copied(string(file))]; again {
			return s.errorf(path, "%s: %s and %s name files of the same name, and a run keeps both in one folder",
				path, other, path)
		}
		taken[copied(string(file))] = path
		if strings.HasPrefix(path, "latency.") && s.Latency.row().Name != "" {
			if err := s.checkLatencyKeys(); err != nil {
				return err
			}
		}
		content, err := readData(beside(name, string(file)))
		if err != nil {
			return s.errorf(path, "%s: %w", path, err)
		}
		if s.files == nil {
			s.files = make(map[string][]byte)
		}
		s.files[path] = content
		return nil
	})
}

// beside is the path of a file as seen from the folder of another.
func beside(name, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(name), filepath.FromSlash(file))
}

// eachFile calls a function with each key that names a file, in the order of the struct.
func (s *Scenario) eachFile(path string, v reflect.Value, do func(path string, file File) error) error {
	for f := range v.Type().Fields() {
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		at, field := join(path, key), v.FieldByIndex(f.Index)
		var err error
		switch {
		case field.Kind() == reflect.Struct:
			err = s.eachFile(at, field, do)
		case f.Type == fileType && field.String() != "":
			err = do(at, File(field.String()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readData reads a file, and unpacks it if it is compressed: published measurements are
// large, and mostly come so.
func readData(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if packed, failed := os.Open(path + ".gz"); failed == nil {
			file, err = packed, nil
		}
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	if there, err := file.Stat(); err != nil || !there.Mode().IsRegular() {
		return nil, unreadable(path, errNoFile)
	}
	content, err := readMost(file)
	if err == nil && bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
		var packed *gzip.Reader
		if packed, err = gzip.NewReader(bytes.NewReader(content)); err == nil {
			content, err = readMost(packed)
		}
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	return content, nil
}

var (
	errTooLarge = fmt.Errorf("larger than %d MiB", maxFile>>20)
	errNoFile   = errors.New("not a file")
)

func readMost(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if len(content) > maxFile {
		err = errTooLarge
	}
	return content, err
}

// unreadable says why a file cannot be read, without what is said already.
func unreadable(path string, err error) error {
	if inner := (*os.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("cannot read %s: %w", phrase.OneLine(filepath.ToSlash(path)), err)
}
