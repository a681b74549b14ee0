package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"spreadable/sim/experiment"
)

// Names of what the server keeps.
const (
	streamName    = "SPREADSIM_RUNS"
	marksBucket   = "SPREADSIM_MARKS"
	resultsBucket = "SPREADSIM_RESULTS"
	runSubjects   = "spreadsim.run."
	aliveSubjects = "spreadsim.worker."
)

const (
	// DefaultLease is how long a worker may be silent about a run before another gets it.
	DefaultLease = 20 * time.Second

	// kept is how long the server keeps results: a sweep may be collected later, or again.
	kept = 7 * 24 * time.Hour

	connectTimeout = 5 * time.Second
	reconnectWait  = time.Second
	// answerTimeout bounds one request to the server.
	answerTimeout = 5 * time.Second
)

// Address says where a server is and how it lets us in.
type Address struct {
	URL   string // several are separated by commas
	Creds string // path of a credentials file, or ""
	CA    string // path of the certificates that sign the server's, or "" for the system's
	Cert  string // path of our own certificate, with Key, or ""
	Key   string
}

// Queue is a connection to a server. It survives outages of the server.
type Queue struct {
	version string // as part of subjects

	conn    *nats.Conn
	js      jetstream.JetStream
	stream  jetstream.Stream
	marks   jetstream.KeyValue
	results jetstream.ObjectStore
}

// Dial connects to a server for one version of the program, and makes there what is
// missing. Once connected, the queue connects again by itself whenever it must.
func Dial(ctx context.Context, a Address, version string) (*Queue, error) {
	sum := sha256.Sum256([]byte(version))
	q := &Queue{version: hex.EncodeToString(sum[:6])}
	var err error
	if q.conn, err = connect(ctx, a); err != nil {
		return nil, fmt.Errorf("queue %s: %w", a, plain(err))
	}
	if q.js, err = jetstream.New(q.conn); err == nil {
		err = q.open(ctx)
	}
	if err != nil {
		q.Close()
		return nil, fmt.Errorf("queue %s: %w", a, plain(err))
	}
	return q, nil
}

// connect waits a little for a server that is about to start.
func connect(ctx context.Context, a Address) (*nats.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	for {
		conn, err := nats.Connect(a.URL, a.options()...)
		if !errors.Is(err, nats.ErrNoServers) || ctx.Err() != nil {
			return conn, err
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// Close ends the connection.
func (q *Queue) Close() { q.conn.Close() }

// String is the address without passwords.
func (a Address) String() string {
	var list []string
	for text := range strings.SplitSeq(a.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil {
			return "at an address that is no URL"
		}
		list = append(list, u.Redacted())
	}
	return strings.Join(list, ",")
}

// Check says what is wrong with the address without connecting.
func (a Address) Check() error {
	for text := range strings.SplitSeq(a.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			return errors.New("flag --queue: expected nats://HOST:PORT or tls://HOST:PORT")
		}
	}
	if (a.Cert == "") != (a.Key == "") {
		return errors.New("flags --tls-cert and --tls-key: one is of no use without the other")
	}
	for _, f := range []struct{ flag, path string }{
		{"creds", a.Creds}, {"tls-ca", a.CA}, {"tls-cert", a.Cert}, {"tls-key", a.Key},
	} {
		if f.path == "" {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			return fmt.Errorf("flag --%s: %w", f.flag, err)
		}
	}
	return nil
}

func (a Address) options() []nats.Option {
	list := []nats.Option{
		nats.Name("spreadsim"), nats.Timeout(connectTimeout), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait),
		// During an outage a request fails at once and is repeated by us, rather than sent
		// some time later.
		nats.ReconnectBufSize(-1),
		// A server that restarts may refuse a login for a moment.
		nats.IgnoreAuthErrorAbort(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // each call has its own error
	}
	if a.Creds != "" {
		list = append(list, nats.UserCredentials(a.Creds))
	}
	if a.CA != "" {
		list = append(list, nats.RootCAs(a.CA))
	}
	if a.Cert != "" {
		list = append(list, nats.ClientCert(a.Cert, a.Key))
	}
	return list
}

// open finds what the server keeps for us, and makes it where it is missing.
func (q *Queue) open(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*answerTimeout)
	defer cancel()
	if q.stream, err = q.js.Stream(ctx, streamName); errors.Is(err, jetstream.ErrStreamNotFound) {
		q.stream, err = q.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: streamName, Subjects: []string{runSubjects + ">"}, Retention: jetstream.WorkQueuePolicy,
			Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgsPerSubject: 1,
		})
	}
	if err != nil {
		return err
	}
	if q.marks, err = q.js.KeyValue(ctx, marksBucket); errors.Is(err, jetstream.ErrBucketNotFound) {
		q.marks, err = q.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: marksBucket, TTL: kept})
	}
	if err != nil {
		return err
	}
	if q.results, err = q.js.ObjectStore(ctx, resultsBucket); errors.Is(err, jetstream.ErrBucketNotFound) {
		q.results, err = q.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: resultsBucket, TTL: kept})
	}
	return err
}

// consumer finds the consumer of our version, and makes it where it is missing. A lease
// other than 0 is set, also where there was another.
func (q *Queue) consumer(ctx context.Context, lease time.Duration) (jetstream.Consumer, error) {
	name := "V" + q.version
	if lease == 0 {
		found, err := q.stream.Consumer(ctx, name)
		if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return found, err
		}
		lease = DefaultLease
	}
	return q.stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, FilterSubject: q.subject("*"), AckPolicy: jetstream.AckExplicitPolicy, AckWait: lease,
		MaxAckPending: -1,
	})
}

// subject is that of a run.
func (q *Queue) subject(key string) string { return runSubjects + q.version + "." + key }

// contents reads an object by its hash, and makes sure that it has it.
func (q *Queue) contents(ctx context.Context, name, sha256 string) ([]byte, error) {
	content, err := q.results.GetBytes(ctx, name)
	if err == nil && experiment.Digest(content) != sha256 {
		err = errors.New("has another hash than was said of it")
	}
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", name, err)
	}
	return content, nil
}

// store keeps a content under a name that tells it from all others.
func (q *Queue) store(ctx context.Context, name string, content []byte) error {
	if _, err := q.results.GetInfo(ctx, name); err == nil {
		return nil
	}
	_, err := q.results.PutBytes(ctx, name, content)
	return err
}

// plain makes of the library's errors what a person can use.
func plain(err error) error {
	switch {
	case errors.Is(err, nats.ErrNoServers):
		return errors.New("no server answers there; spreadsim queue starts one")
	case errors.Is(err, nats.ErrAuthorization):
		return errors.New("the server refuses our user, password or credentials")
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount),
		errors.Is(err, nats.ErrNoResponders):
		return errors.New("the server runs without JetStream; deploy/nats-server.conf has it")
	}
	return err
}
