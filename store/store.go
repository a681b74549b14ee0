package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"spreadable/core/state"
	"spreadable/internal/private"
)

// What can be wrong with a data directory. The errors of this package say the directory
// or file and wrap one of these.
var (
	ErrLocked  = errors.New("in use by another node")
	ErrForeign = errors.New("not the state of a spreadable node")
	ErrNewer   = errors.New("written by a newer version of this program")
	ErrDamaged = errors.New("damaged")
)

// Options of a store. The zero value of an option means its default.
type Options struct {
	// LockTimeout is how long to wait for another process to release the directory: 1 s
	// by default. A service manager may start a node while the previous one is still
	// ending.
	LockTimeout time.Duration

	// KeepBackups is how many backups BackupFile leaves in the directory: 3 by default,
	// as in the npm package.
	KeepBackups int

	// Pause bounds the saves that clients cause by asking for approvals and keys: after 20
	// at once there is one in this time, and those that come meanwhile share the next one.
	// 0 saves each at once.
	Pause time.Duration

	// BucketLimit is how many bytes the keys and values of each extension may take: 0 for any.
	BucketLimit int64

	// Now tells the time, for the names of backups, the ages of cached values and Pause:
	// time.Now by default.
	Now func() time.Time
}

// Names in a data directory.
const (
	stateName   = "state.db"
	lockName    = "lock"
	backupsName = "backups"
	newSuffix   = ".new" // of a file that is being made, worthless until it has its name
)

// Store is an open data directory. Commit, Save and Load belong to the node's thread; the
// rest may be called from anywhere.
type Store struct {
	dir  string
	opts Options
	db   *bbolt.DB
	lock *os.File

	mu    sync.Mutex // held by the one transaction that writes
	total tally
	// of the first write that failed: since then it is not known what is on disk
	broken error

	node    nodeWriter
	buckets map[string]*bucket // of extensions, by name
}

// Open opens a data directory, makes it if it does not exist, and checks all that is in
// its state file. A file that is not as this package wrote it is an error and stays as it
// is; so does the state of a newer version. A directory or a state file that other users
// may change is refused: the node believes what stands there.
func Open(dir string, o Options) (*Store, error) {
	o.fill()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	lock, err := lockDir(dir, o.LockTimeout)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, opts: o, lock: lock}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (o *Options) fill() {
	if o.LockTimeout == 0 {
		o.LockTimeout = time.Second
	}
	if o.KeepBackups == 0 {
		o.KeepBackups = 3
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// lockDir takes a directory, which must be private, for this process. The lock is a file
// of its own: the state file may be missing, torn or about to be replaced, and a lock on
// a replaced file protects nothing.
func lockDir(dir string, timeout time.Duration) (*os.File, error) {
	if err := private.Check(dir); err != nil {
		return nil, fmt.Errorf("store: data directory: %w", err)
	}
	const pause = 20 * time.Millisecond
	for {
		lock, taken, err := tryLock(filepath.Join(dir, lockName))
		switch {
		case err != nil:
			return nil, fmt.Errorf("store: lock %s: %w", dir, err)
		case !taken:
			return lock, nil
		case timeout <= 0:
			return nil, fmt.Errorf("store: data directory %s: %w", dir, ErrLocked)
		}
		time.Sleep(min(pause, timeout))
		timeout -= pause
	}
}

// open checks and opens the state file of a locked directory; it makes or migrates the
// file when that is needed.
func (s *Store) open() error {
	path := filepath.Join(s.dir, stateName)
	s.removeUnfinished()
	if err := private.Check(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: %w", err)
	}
	found, err := inspectFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return fmt.Errorf("store: create %s: %w", path, err)
		}
		found, err = inspectFile(path)
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if s.db, err = bbolt.Open(path, 0o600, boltOptions()); err != nil {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	s.db.AllocSize = growth
	s.total, s.node.exists = found.total, found.hasState
	if err := s.migrate(found.schema, migrations); err != nil {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	return nil
}

// removeUnfinished removes the files that a killed process was still writing: they never
// got their final names.
func (s *Store) removeUnfinished() {
	for _, dir := range []string{s.dir, filepath.Join(s.dir, backupsName)} {
		// only a bad pattern is an error
		unfinished, _ := filepath.Glob(filepath.Join(dir, "*"+newSuffix))
		for _, path := range unfinished {
			os.RemoveAll(path) // if it fails, the file stays and does no harm
		}
	}
}

// boltOptions: the list of free pages is not stored but found when the file is opened,
// which saves a page with each commit, and the file has no part that only bbolt could
// check. The map is large from the start, because making it larger waits for all readers,
// and a backup reads for a long time; it costs addresses, not memory. Every commit is
// synced.
func boltOptions() *bbolt.Options {
	return &bbolt.Options{
		Timeout: time.Second, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapSize,
		NoStatistics: true,
	}
}

// growth is by how much the file grows at a time, in bytes. A state has some dozen
// kilobytes; bbolt's default of 16 MB is meant for larger files.
const growth = 256 << 10

// create makes an empty state file under another name first: a file with the final name
// is always complete.
func create(path string) error {
	fresh := path + newSuffix
	db, err := bbolt.Open(fresh, 0o600, boltOptions())
	if err != nil {
		return err
	}
	err = (&Store{db: db}).update(func(w *writer) error {
		return w.put(formatBucket, schemaKey, schemaValue(schemaVersion))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// migrations turn the state of version i+1 into that of version i+2. They read and write
// through the writer; all that are needed run in one transaction.
var migrations = []func(*writer) error{splitApprovals, scoresByRow, beginTree, withExtensions, ages}

// schemaVersion is the version that this program writes. It changes with the form of any
// record.
const schemaVersion = 6

func (s *Store) migrate(from int, steps []func(*writer) error) error {
	if from > len(steps) {
		return nil
	}
	return s.update(func(w *writer) error {
		for i, step := range steps[from-1:] {
			if err := step(w); err != nil {
				return fmt.Errorf("migrate from version %d: %w", from+i, err)
			}
		}
		return w.put(formatBucket, schemaKey, schemaValue(len(steps)+1))
	})
}

// Dir returns the data directory.
func (s *Store) Dir() string { return s.dir }

// Close releases the directory. All that was committed is on disk already.
func (s *Store) Close() error {
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	return errors.Join(err, s.lock.Close())
}

// nodeWriter is what a store knows of the node that it serves.
type nodeWriter struct {
	exists bool           // there was a state when the store was opened
	loaded bool           // and it was loaded, or there was none
	begun  bool           // saved is the revision that is on disk
	saved  state.Revision // only then
	due    time.Time      // of the next save at the steady rate; only with a Pause
	waits  time.Duration  // until what the last Commit has left may be saved
}
