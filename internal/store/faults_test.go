package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// proxy stands between a store and its server, and can cut their connections at chosen moments.
type proxy struct {
	listener net.Listener
	target   string
	// cutAtRequest cuts before a request that holds the text reaches the server, cutAtAnswer before
	// an answer that holds it reaches the store; nil cuts nowhere.
	cutAtRequest, cutAtAnswer atomic.Pointer[string]
	// silentAtRequest lets a connection stand from a request on that holds the text, and nothing of
	// it reaches the server any more.
	silentAtRequest atomic.Pointer[string]
	cuts            atomic.Int64
	refuse          atomic.Bool
	// lacking is a word that the server does not get as it was sent, and so does not know.
	lacking atomic.Pointer[string]

	mutex sync.Mutex
	open  map[net.Conn]bool
}

// newProxy returns the proxy and the database's URL by way of it.
func newProxy(t *testing.T, database string) (*proxy, string) {
	t.Helper()
	parsed, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: parsed.Host, open: map[net.Conn]bool{}}
	t.Cleanup(func() {
		listener.Close()
		p.cutAll()
	})
	go p.accept()
	parsed.Host = listener.Addr().String()
	return p, parsed.String()
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil || p.refuse.Load() {
			near.Close()
			continue
		}
		p.mutex.Lock()
		p.open[near], p.open[far] = true, true
		p.mutex.Unlock()
		go p.forward(far, near, &p.cutAtRequest)
		go p.forward(near, far, &p.cutAtAnswer)
	}
}

func (p *proxy) forward(to, from net.Conn, cutAt *atomic.Pointer[string]) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if at := cutAt.Load(); at != nil && bytes.Contains(buffer[:n], []byte(*at)) {
			cutAt.Store(nil)
			p.cuts.Add(1)
			return
		}
		if at := p.silentAtRequest.Load(); at != nil && bytes.Contains(buffer[:n], []byte(*at)) {
			p.silentAtRequest.Store(nil)
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if word := p.lacking.Load(); word != nil {
			unknown := bytes.Repeat([]byte("x"), len(*word))
			copy(buffer[:n], bytes.ReplaceAll(buffer[:n], []byte(*word), unknown))
		}
		if _, writeErr := to.Write(buffer[:n]); writeErr != nil || err != nil {
			return
		}
	}
}

func (p *proxy) cutAll() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for conn := range p.open {
		conn.Close()
	}
	clear(p.open)
}

func openThroughProxy(t *testing.T) (*proxy, *store.Store, *store.Store) {
	t.Helper()
	where, keys := shared.newPlace(t), newKeys(t)
	p, through := newProxy(t, where.url)
	return p, place{url: through}.open(t, keys), where.open(t, keys)
}

func isThere(t *testing.T, s *store.Store, id string) (found bool) {
	t.Helper()
	view(t, s, func(tx *store.Tx) (err error) {
		_, found, err = tx.Messages().ByID(id)
		return err
	})
	return found
}

// The commit took place and its answer is lost: the operation is acknowledged, because the database
// was asked, and it is there once.
func TestP1P2LostAnswerToACommitIsLookedUp(t *testing.T) {
	p, s, direct := openThroughProxy(t)
	answer := "COMMIT\x00"
	p.cutAtAnswer.Store(&answer)
	update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("a", customer(1))) })
	if p.cuts.Load() != 1 {
		t.Fatalf("the proxy cut %d times; want 1", p.cuts.Load())
	}
	if !isThere(t, direct, "a") {
		t.Error("the message was acknowledged and is not there")
	}
	update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("b", customer(1))) })
	view(t, direct, func(tx *store.Tx) error {
		depth, err := tx.Depth(store.Outbound)
		if depth != 2 {
			t.Errorf("%d messages are outbound; want 2", depth)
		}
		return err
	})
}

// The commit never reached the server: nothing is acknowledged, nothing is there, and the next
// operation works.
func TestP1CommitThatNeverArrivedIsNotAcknowledged(t *testing.T) {
	p, s, direct := openThroughProxy(t)
	p.cutAll() // on a new connection the statement's text travels once more
	request := "COMMIT\x00"
	p.cutAtRequest.Store(&request)
	err := s.Update(context.Background(), func(tx *store.Tx) error {
		return tx.Queue().Accept(newMessage("a", customer(1)))
	})
	if !errors.Is(err, store.ErrUnavailable) || p.cuts.Load() != 1 {
		t.Fatalf("Update = %v after %d cuts; want ErrUnavailable after 1", err, p.cuts.Load())
	}
	if isThere(t, direct, "a") {
		t.Error("the message was not acknowledged and is there")
	}
	update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("a", customer(1))) })
	if !isThere(t, direct, "a") {
		t.Error("the message was acknowledged and is not there")
	}
}

// Connections are cut again and again in the midst of operations: each operation is there if and
// only if it was acknowledged, also where transactions overlap because nobody else is at work.
func TestP1P2CutConnectionsLoseAndRepeatNothing(t *testing.T) {
	t.Parallel()
	for name, others := range map[string]int{"alone": 0, "beside another replica": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			where, keys := shared.newPlace(t), newKeys(t)
			p, through := newProxy(t, where.url)
			for range others {
				where.open(t, keys)
			}
			s := place{url: through}.open(t, keys)
			acknowledged := acceptWhileCut(t, p, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			direct, succeeded := where.open(t, keys), int64(0)
			for id, want := range acknowledged {
				if found := isThere(t, direct, id); found != want {
					t.Errorf("whether message %s was acknowledged is %v, whether it is there %v", id, want, found)
				}
				if want {
					succeeded++
				}
			}
			if all := int64(len(acknowledged)); succeeded == 0 || succeeded > all*4/5 {
				t.Errorf("%d of %d operations succeeded: the cuts prove nothing", succeeded, all)
			}
			if head, err := direct.Audit(context.Background()); err != nil || head.Sequence != succeeded {
				t.Errorf("Audit = sequence %d, %v; want %d", head.Sequence, err, succeeded)
			}
		})
	}
}

// acceptWhileCut accepts and settles messages, and cuts the connections meanwhile. It tells which
// of them were acknowledged.
func acceptWhileCut(t *testing.T, p *proxy, s *store.Store) (acknowledged map[string]bool) {
	t.Helper()
	const workers, each = 4, 25
	var mutex sync.Mutex
	acknowledged = map[string]bool{}
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for n := range each {
				id := fmt.Sprintf("%d-%d", worker, n)
				err := s.Update(context.Background(), func(tx *store.Tx) error {
					if err := tx.Queue().Accept(newMessage(id, customer(worker))); err != nil {
						return err
					}
					if n%5 == worker {
						p.cutAll()
					}
					_, err := settle(tx, id)
					return err
				})
				if err != nil && !errors.Is(err, store.ErrUnavailable) {
					t.Error(err)
				}
				mutex.Lock()
				acknowledged[id] = err == nil
				mutex.Unlock()
			}
		})
	}
	group.Wait()
	return acknowledged
}

func TestP1DatabaseThatCrashesComesBack(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	s := place{url: server.Database(t)}.open(t, newKeys(t))
	for round := range 3 {
		id := fmt.Sprint(round)
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage(id, customer(round))) })
		server.Crash(t)
		deadline := time.Now().Add(time.Minute)
		for {
			err := s.Update(context.Background(), func(*store.Tx) error { return nil })
			if err == nil {
				break
			}
			if err != nil && !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("Update while the database is away = %v; want ErrUnavailable", err)
			}
			if time.Now().After(deadline) {
				t.Fatalf("the store has not come back: %v", err)
			}
		}
		if !isThere(t, s, id) {
			t.Errorf("message %s was acknowledged and is not there", id)
		}
	}
}

func TestDeadDatabaseFailsAtOnceAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	p, s, _ := openThroughProxy(t)
	p.refuse.Store(true)
	p.cutAll()
	began := time.Now()
	const attempts = 50
	for range attempts {
		if err := s.Update(
			context.Background(), func(*store.Tx) error { return nil },
		); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("Update = %v; want ErrUnavailable", err)
		}
		if err := s.View(
			context.Background(), func(*store.Tx) error { return nil },
		); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("View = %v; want ErrUnavailable", err)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("%d refusals took %s", attempts, took)
	}
	p.refuse.Store(false)
	deadline := time.Now().Add(time.Minute)
	for err := io.EOF; err != nil; {
		if err = s.Update(context.Background(), func(*store.Tx) error { return nil }); time.Now().After(deadline) {
			t.Fatalf("the store has not come back: %v", err)
		}
	}
}

// A server that falls silent while it is connected to holds nobody up for longer than an attempt to
// connect may take.
func TestServerThatFallsSilentDuringTheConnectionIsGivenUp(t *testing.T) {
	t.Parallel()
	p, s, _ := openThroughProxy(t)
	setting := "synchronous_commit"
	p.silentAtRequest.Store(&setting)
	p.cutAll()
	outcome := make(chan error, 1)
	go func() { outcome <- s.Update(context.Background(), func(*store.Tx) error { return nil }) }()
	select {
	case err := <-outcome:
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("Update = %v; want ErrUnavailable", err)
		}
	case <-time.After(20 * time.Second):
		p.cutAll() // so that the store can be closed
		t.Fatal("the writer waits for a server that does not answer")
	}
}
