package files

import (
	"errors"
	"fmt"
	"io"

	"spreadable/core/host"
)

// counters are what has happened since the start.
type counters struct {
	puts, existed, kept, removed, misses     *host.Counter
	repaired, repairedBytes                  *host.Counter
	scrubbed, damaged, mended, evicted, over *host.Counter
}

// measure declares the metrics.
func (s *Store) measure(h *host.Host) {
	s.count = counters{
		puts:          h.Count("puts", "Files that clients have brought."),
		existed:       h.Count("existed", "Files that clients have brought and that were there already."),
		kept:          h.Count("kept", "Copies that this node has taken from others."),
		removed:       h.Count("removed", "Files that clients have removed through this node."),
		misses:        h.Count("misses", "Searches that had to ask all nodes, because no summary knew the file."),
		repaired:      h.Count("repaired", "Copies made because others were lost."),
		repairedBytes: h.Count("repaired-bytes", "Bytes of these copies."),
		scrubbed:      h.Count("scrubbed-bytes", "Bytes read again in the background to find damage."),
		damaged:       h.Count("damaged", "Own copies that were found damaged."),
		mended:        h.Count("mended-blocks", "Blocks of damaged copies that were served from other nodes."),
		evicted:       h.Count("evicted", "Copies given up for want of space, of files with more than wanted."),
		over:          h.Count("over-quota", "Uploads refused because of the option host_quota."),
	}
	h.Gauge("count", "Files that this node keeps.", func() float64 { return float64(s.Count()) })
	h.Gauge("bytes", "Bytes of the files that this node keeps.", func() float64 { return float64(s.bytes) })
	h.Gauge("missing", "Files of this node whose bytes are damaged or gone.", func() float64 { return float64(s.missing) })
	h.Gauge("due", "Files whose copies are to be counted.", func() float64 { return float64(len(s.due)) })
	h.OnStatus(func() any {
		return map[string]any{
			"files": s.Count(), "bytes": s.bytes, "missing": s.missing, "due": len(s.due), "draining": s.draining,
		}
	})
	h.OnLoad(func() float64 {
		if blobs := h.Blobs(); blobs != nil && blobs.Space().Limit > 0 {
			return s.place().Used
		}
		return 0
	})
}

// command declares what the owner can make the store do.
func (s *Store) command(h *host.Host) {
	h.Command(host.Command{Name: "stat", Help: "KEY: which nodes keep a file, and how many are wanted", Run: s.runStat})
	h.Command(host.Command{Name: "check", Help: "count the copies of all own files, and make those that are missing", Run: s.runCheck})
	h.Command(host.Command{Name: "list", Help: "the keys, sizes and names of all own files", Run: s.runList})
	h.Command(host.Command{Name: "drain", Help: "copy all own files to other nodes, and take no more", Run: s.runDrain})
}

func (s *Store) runStat(t *host.Task, args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("stat takes one key")
	}
	key, err := host.ParseKey(args[0])
	if err != nil {
		return err
	}
	holders, coverage, err := s.Copies(t, key)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d copies at nodes; %d of %d nodes have answered\n", len(holders), coverage.Answered, coverage.Asked)
	for _, address := range holders {
		fmt.Fprintln(out, address)
	}
	return nil
}

func (s *Store) runCheck(t *host.Task, args []string, out io.Writer) error {
	if len(args) > 0 {
		return errors.New("check takes no arguments")
	}
	before := s.count.repaired.Value()
	s.checkAll(t)
	fmt.Fprintf(out, "%d files: %d copies made, %d files still to be counted, %d without their bytes\n",
		len(s.index), s.count.repaired.Value()-before, len(s.due), s.missing)
	return nil
}

func (s *Store) runList(_ *host.Task, args []string, out io.Writer) error {
	if len(args) > 0 {
		return errors.New("list takes no arguments")
	}
	s.scan(fileRecord, func(key host.Key, _ []byte) {
		if f := s.file(key); f != nil {
			fmt.Fprintf(out, "%s %d %s\n", key, f.Size, f.Name)
		}
	})
	return nil
}

func (s *Store) runDrain(t *host.Task, args []string, out io.Writer) error {
	if len(args) > 0 {
		return errors.New("drain takes no arguments")
	}
	made, failed, err := s.Drain(t)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d files: %d copies made, %d files have too few elsewhere\n", len(s.index), made, failed)
	if failed > 0 {
		return errors.New("the node should not leave yet")
	}
	return nil
}
