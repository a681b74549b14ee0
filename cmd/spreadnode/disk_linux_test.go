package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"spreadable/internal/nettest"
)

// A node whose disk is full ends, because it could not keep its word, and says where. With
// space again it goes on with all that it had acknowledged.
func TestANodeEndsWhenTheDiskIsFull(t *testing.T) {
	nettest.Alone(t, func(t *testing.T) {
		dir := t.TempDir()
		data := filepath.Join(dir, "data")
		if err := os.Mkdir(data, 0o700); err != nil {
			t.Fatal(err)
		}
		err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") // or the machine would see it
		if err == nil {
			err = syscall.Mount("tmpfs", data, "tmpfs", 0, "size=20M,mode=700")
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Unmount(data, syscall.MNT_DETACH) })
		p := startProcess(t, dir, "--hostname", "127.0.0.1")
		admin := "unix:" + filepath.Join(data, "admin.sock")
		if code, _, said := inProcess("ban", "add", "192.0.2.1:80", "--reason", "kept", "--admin", admin); code != 0 {
			t.Fatalf("ban add: %s", said)
		}
		fill(t, filepath.Join(data, "filler"))
		bans := 1 // acknowledged
		until(t, "a ban is refused", func() bool {
			code, _, _ := inProcess("ban", "add", fmt.Sprintf("192.0.%d.%d:80", 3+bans/200, bans%200), "--reason", strings.Repeat("x", 200), "--admin", admin)
			if code == 0 {
				bans++
			}
			return code != 0
		})
		if code, said := p.exit(); code != 1 || !strings.Contains(said, "cannot be saved") || !strings.Contains(said, filepath.Join("data", "state.db")+": no space left on device") {
			t.Errorf("the node ends with exit code %d and says\n%s", code, said)
		}
		if err := os.Remove(filepath.Join(data, "filler")); err != nil {
			t.Fatal(err)
		}
		startProcess(t, dir, "--hostname", "127.0.0.1")
		if code, out, said := inProcess("ban", "ls", "--admin", admin); code != 0 || !strings.Contains(out, "kept") || strings.Count(out, ":80") != bans {
			t.Errorf("%d bans were acknowledged; ban ls: exit code %d, %s%s", bans, code, out, said)
		}
	})
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
