package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// stampLayout of a moment in a file name sorts by time.
const stampLayout = "20060102T150405.000000000Z"

func (o *Options) stamp() string { return o.Now().UTC().Format(stampLayout) }

// Backup writes the state as of now while the node goes on, and the blobs of extensions
// behind it; without any it is a whole state file. The state is copied to a file first:
// however slow the writer is, no transaction waits for it.
func (s *Store) Backup(to io.Writer, blobs map[string]*Blobs) error {
	file, err := os.CreateTemp(s.dir, "backup-*"+newSuffix)
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	err = s.copyTo(file)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	switch {
	case err != nil:
	case len(blobs) > 0:
		err = writeArchive(to, file, blobs)
	default:
		_, err = io.Copy(to, file)
	}
	if err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	return nil
}

// copyTo writes a snapshot of the file.
func (s *Store) copyTo(to io.Writer) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(to)
		return err
	})
}

// BackupFile makes a backup in the data directory, named after the time, and returns its
// path. The file gets its name once it has been read back and found good; then the oldest
// backups beyond Options.KeepBackups are removed.
func (s *Store) BackupFile() (string, error) {
	dir := filepath.Join(s.dir, backupsName)
	path := filepath.Join(dir, "state-"+s.opts.stamp()+".db")
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = s.backupTo(path)
	}
	if err == nil {
		err = rotate(s.dir, s.opts.KeepBackups)
	}
	if err != nil {
		return "", fmt.Errorf("store: backup: %w", err)
	}
	return path, nil
}

func (s *Store) backupTo(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	fresh := path + newSuffix
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = errors.Join(s.copyTo(file), file.Sync(), file.Close()); err == nil {
		_, err = inspectFile(fresh)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Backups lists the backups in a data directory, the oldest first.
func Backups(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, backupsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var backups []string
	for _, e := range entries {
		if stamp, ok := strings.CutPrefix(e.Name(), "state-"); ok {
			if _, err := time.Parse(stampLayout+".db", stamp); err == nil {
				backups = append(backups, filepath.Join(dir, backupsName, e.Name()))
			}
		}
	}
	slices.Sort(backups)
	return backups, nil
}

func rotate(dir string, keep int) error {
	backups, err := Backups(dir)
	if err != nil {
		return err
	}
	for _, old := range backups[:max(0, len(backups)-keep)] {
		err = errors.Join(err, os.Remove(old))
	}
	return err
}

// Restored says what a Restore has done.
type Restored struct {
	// Where the state and the blobs that were there before are kept; "" for none.
	State, Blobs string
	// How many blobs were restored, and how many the backup holds that are damaged.
	Kept, Damaged int
}

// Restore puts a backup in the place of a data directory's state, which may be missing or
// damaged. It checks the whole backup first, and fails with ErrLocked while a node uses
// the directory. What was there before is kept aside. At no moment is the directory
// without a state: a node that started then would start without one. The blobs stay if the
// backup is a state file alone.
func Restore(dir, backup string, o Options) (r Restored, err error) {
	o.fill()
	defer func() {
		if err != nil {
			err = fmt.Errorf("store: restore: %w", err)
		}
	}()
	c, err := openBackup(backup) // before anything is touched
	if err != nil {
		return r, err
	}
	defer c.file.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return r, err
	}
	lock, err := lockDir(dir, o.LockTimeout)
	if err != nil {
		return r, err
	}
	defer lock.Close()
	path := filepath.Join(dir, stateName)
	if err := copyFile(path+newSuffix, c.state); err != nil {
		return r, err
	}
	// the copy is checked too, not only what it was made from
	if _, err := inspectFile(path + newSuffix); err != nil {
		return r, err
	}
	if c.tar {
		if err := c.restoreBlobs(filepath.Join(dir, blobsName), o.stamp(), &r); err != nil {
			return r, err
		}
	}
	if r.State, err = setAside(path, path+".replaced-"+o.stamp()); err != nil {
		return r, err
	}
	return r, errors.Join(os.Rename(path+newSuffix, path), syncDir(dir))
}

// restoreBlobs puts the blobs of a backup in the place of a directory.
func (c *contents) restoreBlobs(dir, stamp string, r *Restored) (err error) {
	fresh := dir + newSuffix
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o700)); err != nil {
		return err
	}
	if r.Kept, r.Damaged, err = c.unpack(fresh); err != nil {
		return err
	}
	aside := dir + ".replaced-" + stamp
	switch err := os.Rename(dir, aside); {
	case err == nil:
		r.Blobs = aside
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return os.Rename(fresh, dir)
}

// setAside gives a file a second name, by a copy where the file system has no links.
func setAside(path, aside string) (string, error) {
	err := os.Link(path, aside)
	switch {
	case err == nil:
		return aside, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case errors.Is(err, fs.ErrExist):
		return "", err
	}
	source, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer source.Close()
	return aside, copyFile(aside, source)
}

// copyFile writes a file, durably.
func copyFile(to string, source io.Reader) error {
	file, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, source)
	return errors.Join(err, file.Sync(), file.Close())
}
