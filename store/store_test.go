package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/state"
	"spreadable/store"
)

// impatient does not wait for locks.
var impatient = store.Options{LockTimeout: -1}

func open(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir, impatient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func load(t testing.TB, s *store.Store) state.State {
	t.Helper()
	saved, _, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

// filled makes a directory with the state of a node after so many steps, and returns that
// state.
func filled(t testing.TB, steps int) (dir string, saved state.State) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir)
	w := newWorld()
	for k := range steps {
		w.step(k)
		if err := s.Commit(&w.node); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, w.node.State()
}

func TestNewDirectoryHasNoState(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "some", "where"))
	if saved, ok, err := s.Load(); ok || err != nil || text(saved) != text(state.State{}) {
		t.Errorf("got %v, %v, %+v", ok, err, saved)
	}
}

// What a node remembers comes back from the disk as it was, and the node that gets it has
// it again.
func TestStateComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		path, err := os.MkdirTemp(dir, "")
		if err != nil {
			rt.Fatal(err)
		}
		before := restored(t, drawState(rt), begin).node.State()
		for range 2 { // once through a fresh directory, once over what is there
			s, err := store.Open(path, impatient)
			if err != nil {
				rt.Fatal(err)
			}
			load(t, s)
			if err := s.Commit(&restored(t, before, begin).node); err != nil {
				rt.Fatal(err)
			}
			s.Close()
			s, err = store.Open(path, impatient)
			if err != nil {
				rt.Fatal(err)
			}
			after := load(t, s)
			s.Close()
			if text(restored(t, after, begin).node.State()) != text(before) {
				rt.Fatalf("saved\n%s, got\n%s", text(before), text(after))
			}
			before = restored(t, drawState(rt), begin).node.State()
		}
	})
}

// Each commit brings the file to the node's state, although it writes only what has
// changed.
func TestCommitsFollowTheNode(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	w := newWorld()
	used := false
	for k := range 150 {
		w.step(k)
		if err := s.Commit(&w.node); err != nil {
			t.Fatal(err)
		}
		if got, want := text(load(t, s)), text(w.node.State()); got != want {
			t.Fatalf("after step %d: on disk\n%s, want\n%s", k, got, want)
		}
		used = used || len(w.node.State().Uses) > 0
	}
	end := w.node.State()
	if len(end.Slaves) < 5 || len(end.Bans) < 5 || len(end.Approvals) < 5 || !used {
		t.Errorf("too little has happened: %s", text(end))
	}
}

// fileContent is the state file as it is.
func fileContent(t testing.TB, dir string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestNothingNewCostsNothing(t *testing.T) {
	dir, _ := filled(t, 50)
	s := open(t, dir)
	w := restored(t, load(t, s), begin+time.Hour)
	if err := s.Commit(&w.node); err != nil {
		t.Fatal(err)
	}
	before := fileContent(t, dir)
	if n := testing.AllocsPerRun(100, func() {
		if err := s.Commit(&w.node); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a commit without changes allocates %v times", n)
	}
	if !bytes.Equal(before, fileContent(t, dir)) {
		t.Error("a commit without changes writes")
	}
}

// Failures of peers are not worth a write, and go with the next one.
func TestFailuresWaitForCompany(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	w := newWorld()
	commit := func() state.State {
		if err := s.Commit(&w.node); err != nil {
			t.Fatal(err)
		}
		return load(t, s)
	}
	w.node.Offer(silence{})
	w.start()
	ask := message.Request{From: w.peer("10.0.1.1:4000"), Root: w.node.NetworkRoot(), Timeout: time.Second}
	ask.Kind, ask.Body = message.KindRegister, &message.RegisterRequest{Target: ask.From}
	w.serve(&ask)
	commit()
	w.dead = true
	ask.Kind, ask.Body = message.KindQueryButler, &message.QueryRequest{Name: "silence", Level: 1}
	w.serve(&ask)
	if fails := w.node.State().Fails; len(fails) != 1 {
		t.Fatalf("the node remembers the failures %v", fails)
	}
	if saved := commit(); len(saved.Fails) > 0 {
		t.Errorf("a failure alone was written: %v", saved.Fails)
	}
	w.node.Bans().Add(behavior.Ban{Peer: w.peer("10.0.1.2:4000"), Since: w.now, Until: w.now + time.Hour})
	if saved := commit(); len(saved.Bans) != 1 || len(saved.Fails) != 1 {
		t.Errorf("with a ban were written: %v, %v", saved.Bans, saved.Fails)
	}
}

// What a commit costs: when nothing has changed, for one client more among 10,000, and
// for a ban.
func BenchmarkCommit(b *testing.B) {
	s := open(b, b.TempDir())
	w := newWorld()
	add := func(i int) {
		client := netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})
		body := &message.ApprovalAddRequest{Action: "client", Key: client.String(), StartedAt: w.now.Truncate(5 * time.Minute)}
		w.serve(&message.Request{Kind: message.KindApprovalAdd, Client: client, Body: body})
	}
	for i := range 10_000 {
		add(i)
	}
	commit := func() {
		if err := s.Commit(&w.node); err != nil {
			b.Fatal(err)
		}
	}
	commit()
	b.Run("nothing", func(b *testing.B) {
		for b.Loop() {
			commit()
		}
	})
	b.Run("approval", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			add(10_000 + i)
			commit()
		}
	})
	b.Run("ban", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			w.node.Bans().Add(behavior.Ban{Peer: w.peer("10.0.1.1:4000"), Until: w.now + time.Duration(i)})
			commit()
		}
	})
}

func TestCommitKeepsAStateThatWasNotLoaded(t *testing.T) {
	t.Parallel()
	dir, _ := filled(t, 20)
	s := open(t, dir)
	if err := s.Commit(&newWorld().node); err == nil || !strings.Contains(err.Error(), "not loaded") {
		t.Errorf("got %v", err)
	}
}

func TestOneStoreForOneNode(t *testing.T) {
	t.Parallel()
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	w := newWorld()
	if err := a.Commit(&w.node); err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(&w.node); err == nil {
		t.Error("the changes of a node went to two stores, each of which has a part of them")
	}
}

func TestDirectoryIsLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	_, err := store.Open(dir, impatient)
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// foreignFile is a bbolt file of another program.
func foreignFile(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("members"))
		if err != nil {
			return err
		}
		return b.Put([]byte("k"), []byte("v"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// newerFile is a state file with another schema version.
func newerFile(t testing.TB, version string) []byte {
	t.Helper()
	dir, _ := filled(t, 5)
	db, err := bbolt.Open(filepath.Join(dir, "state.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("spreadable")).Put([]byte("schema"), []byte(version))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return fileContent(t, dir)
}

// badFiles are files that are no state, and what is wrong with them.
func badFiles(t testing.TB) map[string]struct {
	content []byte
	want    error
} {
	dir, _ := filled(t, 60)
	good := fileContent(t, dir)
	damage := func(at int) []byte {
		bad := bytes.Clone(good)
		bad[at] ^= 4
		return bad
	}
	return map[string]struct {
		content []byte
		want    error
	}{
		"empty":                    {nil, store.ErrDamaged},
		"a text":                   {[]byte(strings.Repeat("This is no database.\n", 1000)), store.ErrForeign},
		"short":                    {[]byte("x"), store.ErrForeign},
		"zeros":                    {make([]byte, 32<<10), store.ErrForeign},
		"another program's":        {foreignFile(t), store.ErrForeign},
		"a newer version's":        {newerFile(t, "7"), store.ErrNewer},
		"a much newer version's":   {newerFile(t, "1000"), store.ErrNewer},
		"of no version":            {newerFile(t, "one"), store.ErrDamaged},
		"cut in the middle":        {good[:12<<10], store.ErrDamaged},
		"cut behind the head":      {good[:4096], store.ErrDamaged},
		"with a letter changed":    {damage(bytes.LastIndex(good, []byte("10.0.2."))), store.ErrDamaged},
		"with both heads damaged":  {func() []byte { b := damage(40); b[4096+40] ^= 1; return b }(), store.ErrDamaged},
		"with the same page twice": {append(bytes.Clone(good[:8192]), bytes.Repeat(good[8192:12288], len(good)/4096-2)...), store.ErrDamaged},
	}
}

// A file that is not what the store wrote is named, and left as it is.
func TestBadFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	for name, c := range badFiles(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "state.db")
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(dir, impatient)
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if !bytes.Equal(fileContent(t, dir), c.content) {
				t.Error("the file has been changed")
			}
			if _, err := store.Open(dir, impatient); errors.Is(err, store.ErrLocked) {
				t.Error("the directory is still locked")
			}
		})
	}
}

// Whatever bit flips, the store either says that the file is damaged or gives the whole
// state as it was, or, if the newest meta page is hit, as it was one transaction before.
func TestFlippedBitsAreNoticed(t *testing.T) {
	t.Parallel()
	dir, saved := filled(t, 60)
	good := fileContent(t, dir)
	before := func() state.State {
		w := newWorld()
		last := text(saved)
		for k := 0; ; k++ {
			was := w.node.State()
			if w.step(k); text(w.node.State()) == last {
				return was
			}
		}
	}()
	random := rand.New(rand.NewPCG(1, 2))
	noticed := 0
	path := filepath.Join(dir, "state.db")
	for range 40 {
		bit := random.IntN(48 << 10 * 8) // where the records are
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(dir, impatient)
		if err != nil {
			if noticed++; !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrForeign) && !errors.Is(err, store.ErrNewer) {
				t.Fatalf("bit %d: %v", bit, err)
			}
			continue
		}
		got := text(load(t, s))
		s.Close()
		if got != text(saved) && (got != text(before) || bit/8 >= 8192) {
			t.Fatalf("bit %d of byte %d goes unnoticed and makes the state\n%s, instead of\n%s", bit%8, bit/8, got, text(saved))
		}
	}
	if noticed == 0 {
		t.Error("no flipped bit was noticed")
	}
}

// What a killed process was making is swept away.
func TestUnfinishedFilesAreSwept(t *testing.T) {
	t.Parallel()
	dir, saved := filled(t, 20)
	for _, name := range []string{"state.db.new", "backup-17.new"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half a"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := load(t, open(t, dir)); text(got) != text(saved) {
		t.Errorf("got %+v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	st, err := store.Open(dir, store.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()

	w := newWorld() // of a node that is initialised and has not started
	saved, ok, err := st.Load()
	if err != nil {
		panic(err)
	}
	if ok {
		err = w.node.Restore(saved)
	}
	w.node.Start()
	err = errors.Join(err, st.Commit(&w.node)) // and so after each step of its loop
	saved, ok, _ = st.Load()
	fmt.Println(saved.Self, ok, err)
	// Output: 10.0.0.1:4000 true <nil>
}

// What a check of an answer writes does not grow with the checks before it.
func TestUsesOfAnApprovalAreWrittenOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	w := newWorld()
	w.start()
	if err := s.Commit(&w.node); err != nil {
		t.Fatal(err)
	}
	client := netip.MustParseAddr("192.0.2.1")
	ask := func(from core.Peer, kind message.Kind, body any) {
		w.serve(&message.Request{Kind: kind, From: from, Root: w.node.NetworkRoot(), Client: client, Timeout: time.Second, Body: body})
	}
	member := w.peer("10.0.1.1:4000")
	ask(member, message.KindRegister, &message.RegisterRequest{Target: member})
	ask(core.Peer{}, message.KindApprovalAdd, &message.ApprovalAddRequest{Action: "client", Key: "key", StartedAt: w.now.Truncate(5 * time.Minute)})
	ask(member, message.KindApprovalInfo, &message.ApprovalInfoRequest{Action: "client", Key: "key"})
	check := func(i int) (rows, uses int) {
		before := w.node.Revision()
		from := w.peer(fmt.Sprintf("10.%d.%d.1:4000", 2+i/250, i%250))
		ask(from, message.KindRegister, &message.RegisterRequest{Target: from})
		c := w.node.Changes(before)
		ask(from, message.KindApprovalCheck, &message.ApprovalCheckRequest{Key: "key", Answer: client.String(), Approvers: []core.Peer{w.peer(self)}, ClientIP: client})
		c = w.node.Changes(c.Revision)
		if err := s.Save(c); err != nil {
			t.Fatal(err)
		}
		return len(c.State.Approvals), len(c.State.Uses)
	}
	for i := range 1000 {
		if rows, uses := check(i); uses != 1 || rows > 0 && i > 0 {
			t.Fatalf("check %d writes %d approvals and %d uses, want only its own", i, rows, uses)
		}
	}
	if got := len(load(t, s).Uses); got != 1000 {
		t.Errorf("%d uses are on disk, want 1000", got)
	}
}

// What others can write is not what this node has written.
func TestADirectoryThatOthersMayChangeIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir).Close()
	file := filepath.Join(dir, "state.db")
	for _, path := range []string{dir, file} {
		stat, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, stat.Mode().Perm()|0o020); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(dir, impatient)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "others can write to "+path) {
			t.Errorf("%s: %v", path, err)
		}
		if err := os.Chmod(path, stat.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir).Close()
}

// Any stranger can cause a score, so scores alone cause no write. The next sync writes
// those that have changed, not all.
func TestScoresAreWrittenAtSyncsByRow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	load(t, s)
	w := newWorld()
	w.start()
	file := filepath.Join(dir, "state.db")
	content := func() []byte {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	commit := func(sync bool) {
		if sync {
			w.now += 16 * time.Second
			w.node.Sync()
			w.answer()
		}
		if err := s.Commit(&w.node); err != nil {
			t.Fatal(err)
		}
	}
	commit(true)
	before := content()
	ip := netip.MustParseAddr("10.7.0.0")
	for range 3000 {
		w.node.LogIn(core.Login{IP: ip})
		ip = ip.Next()
		commit(false)
	}
	if !bytes.Equal(content(), before) {
		t.Error("wrong logins alone cause writes")
	}
	commit(true)
	before = content()
	w.node.LogIn(core.Login{IP: netip.MustParseAddr("10.7.5.5")})
	commit(true)
	const page = 4096
	after, changed := content(), 0
	for at := 0; at < min(len(before), len(after)); at += page {
		if !bytes.Equal(before[at:min(at+page, len(before))], after[at:min(at+page, len(after))]) {
			changed++
		}
	}
	if changed > 24 {
		t.Errorf("one of 3000 scores has changed, and %d pages of %d", changed, len(after)/page)
	}
	want := w.node.State().Scores
	s.Close()
	if got := load(t, open(t, dir)).Scores; len(want) != 3000 || !slices.Equal(got, want) {
		t.Errorf("%d scores come back, want %d", len(got), len(want))
	}
}
