package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startTimeout bounds the start of the embedded server, which reads all that it has kept.
const startTimeout = time.Minute

// Server is an embedded NATS server, for those that have none.
type Server struct {
	Listen string // host:port; port 0 takes a free one
	Data   string // folder of what the server keeps
	Config string // a file of nats-server's, which stands for both; or ""

	// Tell gets the server's warnings and errors.
	Tell func(format string, args ...any)
}

// Serve runs the server until the context ends. It calls ready with its address.
func (s Server) Serve(ctx context.Context, ready func(url string) error) error {
	options, err := s.options()
	if err != nil {
		return err
	}
	running, err := server.NewServer(options)
	if err != nil {
		return err
	}
	log := &serverLog{tell: s.Tell}
	running.SetLoggerV2(log, false, false, false)
	running.Start()
	defer running.WaitForShutdown()
	defer running.Shutdown()
	if err := started(ctx, running, log); err != nil || ctx.Err() != nil {
		return err
	}
	if !running.JetStreamEnabled() {
		return errors.New("the server runs without JetStream: its configuration needs a block jetstream")
	}
	if err := ready(running.ClientURL()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// started waits until the server serves. It ends early with the context, and once the
// server has said why it cannot: the library would go on waiting.
func started(ctx context.Context, running *server.Server, log *serverLog) error {
	const step = 100 * time.Millisecond
	for range startTimeout / step {
		ready := running.ReadyForConnections(step)
		if err := log.fatal(); err != nil || ready || ctx.Err() != nil {
			return err
		}
	}
	return errors.New("the server did not start")
}

// options are those of the file, or ours.
func (s Server) options() (*server.Options, error) {
	if s.Config != "" {
		options, err := server.ProcessConfigFile(s.Config)
		if err != nil {
			return nil, err
		}
		options.NoSigs = true
		return options, nil
	}
	host, text, err := net.SplitHostPort(s.Listen)
	port, err2 := strconv.ParseUint(text, 10, 16)
	if err != nil || err2 != nil {
		return nil, fmt.Errorf("flag --listen: expected HOST:PORT, not %q", s.Listen)
	}
	options := &server.Options{
		ServerName: "spreadsim", Host: host, Port: int(port), NoSigs: true,
		JetStream: true, StoreDir: s.Data,
		// A result that was acknowledged survives a power cut.
		SyncAlways: true,
	}
	if port == 0 {
		options.Port = server.RANDOM_PORT
	}
	return options, nil
}

// serverLog passes on what a person should know of a server.
type serverLog struct {
	tell  func(format string, args ...any)
	mutex sync.Mutex
	first error
}

// fatal is why the server could not start; nil if it could.
func (l *serverLog) fatal() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.first
}

// Fatalf implements server.Logger. The server goes on as well as it can.
func (l *serverLog) Fatalf(format string, args ...any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.first == nil {
		l.first = errors.New(strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}

// Warnf implements server.Logger.
func (l *serverLog) Warnf(format string, args ...any) { l.tell("server: "+format, args...) }

// Errorf implements server.Logger.
func (l *serverLog) Errorf(format string, args ...any) { l.tell("server: "+format, args...) }

// Noticef implements server.Logger.
func (l *serverLog) Noticef(string, ...any) {}

// Debugf implements server.Logger.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef implements server.Logger.
func (l *serverLog) Tracef(string, ...any) {}
