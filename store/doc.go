// Package store keeps the state of one node on disk: what [spreadable/core/state.State]
// says it must not forget, and a cache for applications. After a crash, a kill or a power
// cut the node goes on with its lists, bans and approvals.
//
// The smallest use:
//
//	st, err := store.Open("/var/lib/spreadnode", store.Options{})
//	...
//	node.Init(config, env, pool, self)
//	state, ok, err := st.Load()
//	if ok {
//		err = node.Restore(state)
//	}
//	node.Start()
//	// in the node's thread, after each step of its loop:
//	err = st.Commit(node)
//	// only then: send the requests and answers that the step caused
//	...
//	st.Close()
//
// # What is on disk, when
//
// A node is a single thread that takes events in turn: requests, answers, timers. What an
// event makes it send waits until [Store.Commit] has returned, and Commit returns when
// everything that the event changed is on disk: bbolt writes the new pages, syncs, writes
// the meta page that makes them count, and syncs again. So what the node has told others,
// it still knows after a crash. A slave that was told it is listed is listed; an approver
// that has answered a node does not answer it twice; a banned peer stays banned. The
// reverse may happen: after a crash the state may hold a change that no peer was told of,
// because the last transaction was written and the answer was not sent. For the peer this
// is the same as a lost answer, which the protocol handles.
//
// Events that arrive while a commit is under way wait in the loop's queue, are taken
// together and committed together: under load one sync of the disk serves many answers,
// without an extra timer or thread. When a step changes nothing that must survive, which
// is true of nearly all, Commit compares a few counters and returns.
//
// One thing is not worth a sync of its own: how often requests to a peer have failed. No
// peer is told of it. It goes to disk with the next other change, at the latest at the
// end of the next sync cycle. And with [Options.Pause], approvals that clients ask for and
// keys that they get share a save, so that a flood of clients does not occupy the disk. The
// driver holds back what it would send of them until then ([Store.Waits]).
//
// # Files
//
// A data directory holds
//
//	state.db                   the state, a bbolt file
//	lock                       locked by the process that uses the directory
//	backups/state-<time>.db    the latest backups, three by default
//	blobs/<extension>/         large values, see [Blobs]
//	state.db.replaced-<time>   what a Restore replaced, and
//	blobs.replaced-<time>      the blobs of then
//	*.new                      files in the making, swept at the next Open
//
// A file gets its name when it is complete and synced, so the store itself never leaves
// an empty or torn state.db: Open refuses such a file and leaves it for its owner to look
// at. The lock is a file of its own, because state.db may be missing, damaged or replaced
// while the directory must stay locked.
//
// # Records
//
// Bucket "node" holds eight JSON records, one for each section of the state: small lists
// that change as one. "approvals" and "keys" have a record for each row, since there can
// be a hundred thousand. "cache" holds values as they are, preceded by the times when
// they were last used and first set. "spreadable" holds the version of the schema, and
// the tally: the number of records and the sum of their hashes, renewed in each
// transaction.
//
// # Trust in a file
//
// bbolt trusts its pages, and a damaged one can crash the process or, worse, make it
// overwrite a page in use. So Open first reads the file on its own: every page in use,
// its place, bounds and order, then the tally over all records, then each record. A file
// that passes holds what the last transaction wrote, or, if the newer of the two meta
// pages is unreadable, the one before it: a power cut leaves a torn meta page only of a
// transaction that was never acknowledged. A file of a newer version of the program is
// refused as well; one of an older version is migrated in one transaction.
//
// Errors name the directory or file and wrap [ErrLocked], [ErrForeign], [ErrNewer] or
// [ErrDamaged].
//
// # Backups
//
// [Store.Backup] and [Store.BackupFile] take a snapshot while the node runs; commits go
// on meanwhile. [Restore] puts one back, when no node uses the directory: it reads the
// whole backup first, keeps the old state aside, and replaces it by a rename, so that one
// of the two is always there. With blobs a backup is a tar file that holds them behind the
// state. Each is verified when it is restored; one that is damaged is left out, because an
// extension has other copies, and a backup with one bad sector must not be worthless.
package store
