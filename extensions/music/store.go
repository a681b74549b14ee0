package music

import (
	"spreadable/core/host"
	"spreadable/extensions/documents"
	"spreadable/extensions/files"
	"spreadable/extensions/web"
)

// Store is the music store of one node. It is a host.Extension that stands on two others;
// see Extensions.
type Store struct {
	options   Options
	documents *documents.Store
	files     *files.Store
	h         *host.Host
	run       web.Runner // nil in a simulation
	shelf     shelf
	working   working
	find      host.Ask[question, found]
	count     counters
}

// counters are what the owner sees of the store's work.
type counters struct{ added, refused, removed, searches, unreadable *host.Counter }

var (
	_ host.Extension = (*Store)(nil)
	_ web.Server     = (*Store)(nil)
)

// Extensions returns a music store and the two stores on which it stands, in the order
// that a node needs. Documents and files are the options of these; nil is for defaults
// without any routes by which clients could store something else.
func Extensions(o Options, d *documents.Options, f *files.Options) (*Store, []host.Extension, error) {
	s := &Store{options: o}
	if err := s.options.complete(); err != nil {
		return nil, nil, err
	}
	var docs documents.Options
	if d != nil {
		docs = *d
	}
	docs.Collections = append(docs.Collections[:len(docs.Collections):len(docs.Collections)], s.collection())
	blobs := files.Defaults()
	blobs.Copies = s.options.Copies // so it is the rule of the owner, not that of a client
	if f != nil {
		blobs = *f
	}
	var err error
	if s.documents, err = documents.New(docs); err != nil {
		return nil, nil, err
	}
	if s.files, err = files.New(blobs); err != nil {
		return nil, nil, err
	}
	all := []host.Extension{s.documents, s.files, s}
	if d == nil {
		all[0] = reading{s.documents}
	}
	if f == nil {
		all[1] = reading{s.files}
	}
	return s, all, nil
}

// reading is an extension without its routes for clients: what is public stays, so that
// nodes can send browsers to each other.
type reading struct{ web.Server }

// Routes implements web.Server.
func (e reading) Routes(r web.Runner) (public []web.Route) {
	for _, route := range e.Server.Routes(r) {
		if route.Zone == web.Public && route.Method == "GET" {
			public = append(public, route)
		}
	}
	return public
}

// Name implements host.Extension.
func (*Store) Name() string { return "music" }

// Start implements host.Extension.
func (s *Store) Start(h *host.Host) {
	s.h = h
	s.count = counters{
		added:      h.Count("added", "Uploads that clients have made through this node."),
		refused:    h.Count("refused", "Uploads that this node has refused."),
		removed:    h.Count("removed", "Songs that clients have removed through this node."),
		searches:   h.Count("searches", "Searches that clients have made through this node."),
		unreadable: h.Count("unreadable", "Documents among the songs that are none, or of the future, which this node passes over."),
	}
	h.Gauge("versions", "Versions of songs that this node keeps.", func() float64 { return float64(len(s.shelf.versions)) })
	h.OnStatus(func() any {
		return map[string]int{"songs": len(s.shelf.songs), "versions": len(s.shelf.versions)}
	})
	h.OnStart(s.sweep)
	s.offerFind()
}

// sweep removes uploads that a crash has left.
func (s *Store) sweep(t *host.Task) {
	blobs := s.h.Blobs()
	if blobs == nil {
		return
	}
	var left []host.Key
	blobs.List(host.Key{}, func(b host.Blob) bool {
		left = append(left, b.Key)
		return true
	})
	for _, key := range left {
		if err := s.h.RemoveBlob(t, key); err != nil {
			s.h.Log(host.Warn, "an old upload cannot be removed", "key", key, "error", err)
		}
	}
}

// refusal is an error for a client.
func refusal(code, message string) error {
	return &host.Error{Code: "ERR_MUSIC_" + code, Message: message}
}
