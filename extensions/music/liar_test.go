package music_test

import (
	"fmt"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/music"
)

// A member can write what it wants into the document store, and so claim an approval that
// it has not. With that it can do what a client can that has one, and no more.

// lie has a node write a version that says it was approved, without an approval.
func (w *town) lie(at int, number int, added time.Duration) {
	w.t.Helper()
	v := upload("A - B", number, func(v *music.Version) {
		v.Priority, v.Added, v.Quality.BitRate = music.Approved, added.Milliseconds(), 1_000_000
	}).Version
	w.do(at, func(t *host.Task, _ *music.Store) {
		if _, err := w.documents[at].Put(t, documents.Write{Collection: "music", Document: music.Record("a - b", v)}); err != nil {
			w.t.Error(err)
		}
	})
	w.Run(time.Second)
}

// approve uploads a version with an approval.
func (w *town) approve(at, number int) *music.Added {
	w.t.Helper()
	a := upload("A - B", number, func(v *music.Version) { v.Priority, v.Added = music.Approved, w.wall(at).Milliseconds() })
	a.Approved = true
	return w.mustAdd(at, a)
}

func (w *town) wall(at int) (now time.Duration) {
	w.do(at, func(*host.Task, *music.Store) { now = w.documents[at].Wall() })
	return now
}

// plays fails unless all nodes play the audio of that number.
func (w *town) plays(what string, number int) {
	w.t.Helper()
	for at := range w.stores[1:] {
		songs := w.find(at+1, "a b")
		if len(songs) != 1 || songs[0].Audio != fmt.Sprintf("%064x", number) {
			w.t.Errorf("%s: node %d plays %+v, want %d", what, at+1, songs, number)
			return
		}
	}
}

func TestALiarIsNoNewerThanAnApprovalAfterIt(t *testing.T) {
	w := newTown(t, 9)
	added := w.mustAdd(1, upload("A - B", 1))
	if added.Song != "a - b" {
		t.Fatalf("the key is %q", added.Song)
	}
	w.lie(5, 2, w.wall(5)+50*time.Minute)
	w.plays("a lie", 2)
	if added := w.approve(3, 3); !added.Best {
		t.Errorf("an approval after the lie: %+v", added)
	}
	w.plays("an approval after the lie", 3)
}

// What claims to be of a later time is never played: not now, and not when the time comes.
func TestALiarCannotWriteInAdvance(t *testing.T) {
	w := newTown(t, 4)
	w.mustAdd(1, upload("A - B", 1))
	for hours := 3; hours < 20; hours += 3 {
		w.lie(2, 100+hours, w.wall(2)+time.Duration(hours)*time.Hour)
	}
	w.plays("lies of the future", 1)
	w.approve(1, 3)
	w.Run(4 * time.Hour)
	w.plays("when their time has come", 3)
}

// However many lies there are, the versions without an approval stay, and are played when
// the lies are gone.
func TestALiarPushesOutNoVersionWithoutApproval(t *testing.T) {
	w := newTown(t, 9)
	w.mustAdd(1, upload("A - B", 1))
	w.mustAdd(2, upload("A - B", 2, func(v *music.Version) { v.Quality.BitRate *= 2 }))
	for i := range 20 {
		w.lie(5, 100+i, w.wall(5)+time.Duration(i))
	}
	w.mustAdd(3, upload("A - B", 3, func(v *music.Version) { v.Quality.BitRate *= 3 })) // removes what is not kept
	w.Run(time.Minute)
	for _, number := range []int{2, 3} {
		filter := fmt.Appendf(nil, `{"audio": "%064x"}`, number)
		w.do(4, func(t *host.Task, _ *music.Store) {
			if count, _, _, err := w.documents[4].Tally(t, "music", filter); count != 1 || err != nil {
				w.t.Errorf("version %d is gone: %d, %v", number, count, err)
			}
		})
	}
}
