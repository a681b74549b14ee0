package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spreadable/admin"
	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/host/memory"
	"spreadable/extensions/web"
	"spreadable/store"
)

// What a running node lends to its extensions.

// world is the node's host.World.
type world struct {
	node    *Node
	memory  memory.Disk             // the buckets of an ephemeral node
	buckets map[string]*bucket      // by extension
	blobs   map[string]*store.Blobs // opened with the node, by extension
	scratch string                  // the directory of an ephemeral node's blobs
	panics  sync.Map                // how many, as *atomic.Uint64 by extension; shared
}

var (
	_ host.World = (*world)(nil)
	_ host.Guard = (*world)(nil)
)

// bucket is the bucket of an extension, which may ask for it before the store is open.
type bucket struct {
	world   *world
	name    string
	refused uint64    // values for want of space
	logged  time.Time // when that was logged
}

func (b *bucket) host() host.Bucket {
	if s := b.world.node.store; s != nil {
		return s.Bucket(b.name)
	}
	m := b.world.memory.BucketOf(b.name)
	m.Limit = b.world.node.config.ExtensionKeys
	return m
}

// fullPause is how often the log says that a bucket is full.
const fullPause = time.Minute

// Put implements host.Bucket, as do the following.
func (b *bucket) Put(key string, value []byte) error {
	err := b.host().Put(key, value)
	if !errors.Is(err, host.ErrFull) {
		return err
	}
	b.refused++
	if now := time.Now(); now.Sub(b.logged) >= fullPause {
		b.logged = now
		b.world.Log(b.name, host.Warn, "a value of an extension is refused: no space is left; see the option extension_keys", "error", err, "refused", b.refused)
	}
	return err
}

func (b *bucket) Get(key string) []byte                             { return b.host().Get(key) }
func (b *bucket) Space() host.Space                                 { return b.host().Space() }
func (b *bucket) Delete(key string)                                 { b.host().Delete(key) }
func (b *bucket) Scan(from string, visit func(string, []byte) bool) { b.host().Scan(from, visit) }

// Bucket implements host.World.
func (w *world) Bucket(extension string) host.Bucket { return w.bucketOf(extension) }

func (w *world) bucketOf(extension string) *bucket {
	b := w.buckets[extension]
	if b == nil {
		b = &bucket{world: w, name: extension}
		w.buckets[extension] = b
	}
	return b
}

// Blobs implements host.World. They are open while the node runs.
func (w *world) Blobs(extension string) host.Blobs {
	if b := w.blobs[extension]; b != nil {
		return b
	}
	return nil
}

// Log implements host.World.
func (w *world) Log(extension string, level host.Level, text string, args ...any) {
	w.node.options.Log.Log(context.Background(), slog.Level(level), text, append(args, "extension", extension)...)
}

// Panicked implements host.Guard.
func (w *world) Panicked(extension, doing string, value any, stack []byte) {
	w.panicsOf(extension).Add(1)
	w.node.options.Log.Error("an extension panicked", "extension", extension, "doing", doing,
		"panic", fmt.Sprint(value), "stack", string(stack))
}

// panicsOf counts the panics of an extension.
func (w *world) panicsOf(extension string) *atomic.Uint64 {
	count, _ := w.panics.LoadOrStore(extension, new(atomic.Uint64))
	return count.(*atomic.Uint64)
}

// attach gives the core its extensions.
func (n *Node) attach(c *core.Node) (err error) {
	n.hosts, err = host.Attach(c, n.world, n.options.Extensions...)
	if err != nil {
		return err
	}
	for _, f := range c.Folds() {
		if err := n.taken.take(f.Name(), "an extension"); err != nil {
			return err
		}
	}
	return nil
}

// draft begins a blob for a stream to an extension.
func (n *Node) draft(extension string, size int64) (host.Draft, error) {
	if b := n.world.blobs[extension]; b != nil {
		return b.Create(size)
	}
	return nil, host.ErrFull
}

// open opens the blobs of all extensions: in the data directory, or for an ephemeral node
// in one that goes with it.
func (w *world) open() error {
	n := w.node
	if len(n.options.Extensions) == 0 {
		return nil
	}
	data := n.config.Data
	if n.options.Ephemeral {
		var err error
		if w.scratch, err = os.MkdirTemp("", "spreadnode-"); err != nil {
			return fmt.Errorf("blobs of extensions: %w", err)
		}
		data = w.scratch
	}
	for _, e := range n.options.Extensions {
		b, err := store.OpenBlobs(store.BlobsDir(data, e.Name()), n.config.ExtensionSpace)
		if err != nil {
			return err
		}
		w.blobs[e.Name()] = b
	}
	return nil
}

// close ends what open has begun.
func (w *world) close() (err error) {
	for _, b := range w.blobs {
		err = errors.Join(err, b.Close())
	}
	if w.scratch != "" {
		err = errors.Join(err, os.RemoveAll(w.scratch))
	}
	return err
}

// Perform runs a procedure of the application in the node's thread, in a task of its own,
// and waits until it has ended and what it changed is on disk. If ctx ends before, the
// procedure goes on. Without a running node it returns ErrNotRunning.
func (n *Node) Perform(ctx context.Context, procedure func(t *core.Task)) error {
	if !n.isRunning() {
		return ErrNotRunning
	}
	return n.wire.Run(ctx, procedure)
}

// runner is the web.Runner of an extension.
type runner struct {
	node      *Node
	extension string
}

var _ web.Runner = runner{}

// Run implements web.Runner.
func (r runner) Run(ctx context.Context, procedure func(t *host.Task)) error {
	var panicked error
	err := r.node.Perform(ctx, func(t *host.Task) {
		i := slices.IndexFunc(r.node.hosts, func(h *host.Host) bool { return h.Name() == r.extension })
		panicked = r.node.hosts[i].Perform(t, "route", procedure)
	})
	if err != nil {
		return err // the procedure may go on
	}
	return panicked
}

// busy is core.Config.Load: the process, and of the extensions the one that is most busy.
func (n *Node) busy() (heap, cpu float64) {
	heap, cpu = n.load.read()
	for _, h := range n.hosts {
		heap = max(heap, h.Load())
	}
	return heap, cpu
}

// extensionStatus is what extensions say of themselves; nil without any.
func (n *Node) extensionStatus() map[string]any {
	if len(n.hosts) == 0 {
		return nil
	}
	status := make(map[string]any, len(n.hosts))
	for _, h := range n.hosts {
		status[h.Name()] = h.Status()
	}
	return status
}

// Command makes an extension run one of its commands, and returns what that has written.
func (n *Node) Command(ctx context.Context, extension, name string, args []string) (string, error) {
	for _, h := range n.hosts {
		if h.Name() != extension {
			continue
		}
		var known []string
		for _, c := range h.Commands() {
			if c.Name == name {
				return n.command(ctx, c, args)
			}
			known = append(known, c.Name)
		}
		if len(known) == 0 {
			return "", admin.NotFound("extension %q has no commands", extension)
		}
		return "", admin.NotFound("extension %q has no command %.40q, but: %s", extension, name, strings.Join(known, ", "))
	}
	return "", admin.NotFound("there is no extension %.40q", extension)
}

func (n *Node) command(ctx context.Context, c host.Command, args []string) (string, error) {
	var out strings.Builder
	var failed error
	if err := n.Perform(ctx, func(t *core.Task) { failed = c.Run(t, args, &out) }); err != nil {
		return "", err
	}
	if failed != nil {
		return "", admin.Refuse("%v", failed)
	}
	return out.String(), nil
}
