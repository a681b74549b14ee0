//go:build unix

package private

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatOthersCanWriteToIsNotPrivate(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, file, link} {
		for mode, private := range map[fs.FileMode]bool{
			0o700: true, 0o755: true, 0o744: true, 0o720: false, 0o702: false, 0o777: false, 0o770: false,
		} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			err := Check(path)
			if (err == nil) != private || err != nil && !strings.Contains(err.Error(), "others can write to "+path) {
				t.Errorf("mode %#o: %v", mode, err)
			}
		}
	}
	if err := Check(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestWhatBelongsToAnotherUserIsNotPrivate(t *testing.T) {
	dir := t.TempDir()
	stat, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	own := os.Geteuid()
	if err := CheckInfo(dir, stat, own); err != nil {
		t.Error(err)
	}
	// Root may own what any user uses, but no user what root uses, or another user.
	owner := own
	if own == 0 {
		owner = 12345
		if err := os.Chown(dir, owner, -1); err != nil {
			t.Fatal(err)
		}
		if stat, err = os.Stat(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range []int{0, owner + 1} {
		if err := CheckInfo(dir, stat, user); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
			t.Errorf("owner %d, user %d: %v", owner, user, err)
		}
	}
	root, err := os.Stat("/")
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckInfo("/", root, own+1); err != nil {
		t.Errorf("root's directory: %v", err)
	}
}
