// Package private tells whether other users of the machine may change a file or a
// directory. What a node believes without proof, its state and the token of its local
// endpoint, must not be theirs to write.
package private

import (
	"fmt"
	"io/fs"
	"os"
)

// Check says what lets others change the file or directory at path: its mode, or an owner
// that is neither root nor the user of this process. Links are followed. It is also an
// error if there is no such file. On Windows, whose rights are of another kind, it checks
// only that.
func Check(path string) error {
	stat, err := os.Stat(path)
	if err != nil {
		return err
	}
	return CheckInfo(path, stat, os.Geteuid())
}

// CheckInfo is [Check] of a file that has been looked at, for a user.
func CheckInfo(path string, stat fs.FileInfo, user int) error {
	switch owner, known := ownerOf(stat); {
	case !known:
		return nil
	case owner != 0 && owner != user:
		return fmt.Errorf("%s belongs to another user (uid %d): want the node's own user (uid %d), or root", path, owner, user)
	}
	const othersWrite = 0o022
	if mode := stat.Mode().Perm(); mode&othersWrite != 0 {
		return fmt.Errorf("others can write to %s (mode %#o): chmod go-w it", path, mode)
	}
	return nil
}
