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

// Backup writes the state as of now, a whole state file, while the node goes on. It is
// copied to a file first: however slow the writer is, no transaction waits for it.
func (s *Store) Backup(to io.Writer) error {
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
	if err == nil {
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

// Restore puts a backup in the place of a data directory's state, which may be missing or
// damaged. It checks the whole backup first, and fails with ErrLocked while a node uses
// the directory. The state that was there before is kept aside; its new path is returned,
// or "" if there was none. At no moment is the directory without a state: a node that
// started then would start without one.
func Restore(dir, backup string, o Options) (aside string, err error) {
	o.fill()
	if _, err := inspectFile(backup); err != nil { // before anything is touched
		return "", fmt.Errorf("store: restore: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("store: restore: %w", err)
	}
	lock, err := lockDir(dir, o.LockTimeout)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	path := filepath.Join(dir, stateName)
	if err := copyFile(path+newSuffix, backup); err != nil {
		return "", fmt.Errorf("store: restore: %w", err)
	}
	// the copy is checked too, not only what it was made from
	if _, err := inspectFile(path + newSuffix); err != nil {
		return "", fmt.Errorf("store: restore: %w", err)
	}
	if aside, err = setAside(path, path+".replaced-"+o.stamp()); err != nil {
		return "", fmt.Errorf("store: restore: %w", err)
	}
	if err := errors.Join(os.Rename(path+newSuffix, path), syncDir(dir)); err != nil {
		return "", fmt.Errorf("store: restore: %w", err)
	}
	return aside, nil
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
	return aside, copyFile(aside, path)
}

// copyFile copies a file, durably.
func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, source)
	return errors.Join(err, file.Sync(), file.Close())
}
