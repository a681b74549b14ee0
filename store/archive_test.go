package store_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"spreadable/core/host"
	"spreadable/store"
)

// kept is a data directory with a state and two blobs, and its backup.
func kept(t *testing.T) (dir string, keys []host.Key, backup []byte) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir)
	blobs := openBlobs(t, store.BlobsDir(dir, "files"))
	keys = []host.Key{keep(t, blobs, "one"), keep(t, blobs, "another")}
	var out bytes.Buffer
	if err := s.Backup(&out, map[string]*store.Blobs{"files": blobs, "empty": openBlobs(t, t.TempDir())}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), blobs.Close()); err != nil {
		t.Fatal(err)
	}
	return dir, keys, out.Bytes()
}

// restore puts a backup into a directory.
func restore(t *testing.T, dir string, backup []byte) (store.Restored, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup")
	writeFile(t, path, backup)
	return store.Restore(dir, path, impatient)
}

// A backup holds the blobs: they are back in an empty directory, and in one that has
// others, which are kept aside.
func TestABackupHoldsTheBlobs(t *testing.T) {
	t.Parallel()
	_, keys, backup := kept(t)
	other := t.TempDir()
	if err := errors.Join(open(t, other).Close()); err != nil {
		t.Fatal(err)
	}
	there := openBlobs(t, store.BlobsDir(other, "files"))
	replaced := keep(t, there, "of later")
	_ = there.Close()
	for _, dir := range []string{t.TempDir(), other} {
		r, err := restore(t, dir, backup)
		if err != nil || r.Kept != 2 || r.Damaged != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		b := openBlobs(t, store.BlobsDir(dir, "files"))
		for _, key := range keys {
			if err := b.Verify(key); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
		if _, found := b.Stat(replaced); found {
			t.Error("a blob of later is still there")
		}
		if (r.Blobs != "") != (dir == other) {
			t.Errorf("the replaced blobs are kept in %q", r.Blobs)
		}
	}
}

// A backup without blobs, as earlier versions wrote it, leaves the blobs as they are.
func TestAStateFileLeavesTheBlobs(t *testing.T) {
	t.Parallel()
	dir, keys, _ := kept(t)
	source, _ := filled(t, 5)
	if r, err := store.Restore(dir, filepath.Join(source, "state.db"), impatient); err != nil || r.Blobs != "" || r.Kept != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := openBlobs(t, store.BlobsDir(dir, "files")).Verify(keys[0]); err != nil {
		t.Error(err)
	}
}

// A blob that is damaged in the backup is left out and counted; the rest is restored.
func TestADamagedBlobOfABackupIsLeftOut(t *testing.T) {
	t.Parallel()
	_, _, backup := kept(t)
	r, err := restore(t, t.TempDir(), bytes.Replace(backup, []byte("another"), []byte("anether"), 1))
	if err != nil || r.Kept != 1 || r.Damaged != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// A backup that is cut, wherever, or holds what no backup does, is refused, and the
// directory stays as it is.
func TestABackupThatIsCutIsRefused(t *testing.T) {
	t.Parallel()
	dir, _, backup := kept(t)
	before := fileContent(t, dir)
	bad := map[string][]byte{
		"a path":        archive(t, backup, "blobs/files/../../x"),
		"no key":        archive(t, backup, "blobs/files/00"),
		"no extension":  archive(t, backup, "blobs/FILES/"+host.Key{}.String()),
		"another entry": archive(t, backup, "passwd"),
		"a wrong count": archive(t, backup, "blobs/files/"+host.Key{9}.String()),
	}
	for at := len(backup) - 1536; at > 512; at -= 512 {
		if _, err := restore(t, t.TempDir(), backup[:at]); err == nil {
			t.Fatalf("cut at %d of %d it is taken", at, len(backup))
		}
	}
	for name, content := range bad {
		if _, err := restore(t, dir, content); err == nil {
			t.Errorf("%s: it is taken", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
	if !bytes.Equal(fileContent(t, dir), before) {
		t.Error("the state has been changed")
	}
}

// archive is a backup with one entry more.
func archive(t *testing.T, backup []byte, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for r := tar.NewReader(bytes.NewReader(backup)); ; {
		header, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "end" {
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600}); err != nil {
				t.Fatal(err)
			}
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A directory of blobs without a format is of the first version and gets it; one of a
// newer version is refused.
func TestTheFormatOfBlobs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := openBlobs(t, dir)
	key := keep(t, b, "some bytes")
	_ = b.Close()
	format := filepath.Join(dir, "format")
	if err := os.Remove(format); err != nil {
		t.Fatal(err)
	}
	b = openBlobs(t, dir)
	if err := b.Verify(key); err != nil {
		t.Errorf("a directory of earlier: %v", err)
	}
	_ = b.Close()
	for text, want := range map[string]error{"2": store.ErrNewer, "x": store.ErrDamaged, "": store.ErrDamaged} {
		writeFile(t, format, []byte(text))
		if _, err := store.OpenBlobs(dir, 100); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
