// Package progress runs the go tool and tells, while a program is compiled, how long that has taken
// and which package it is at.
package progress

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Build is one call of go build.
type Build struct {
	// Label says what is compiled, such as "[1/5] compiling etcd".
	Label string
	// Directory is where the go tool runs; empty for the working directory. Environment is added to
	// this process's.
	Directory   string
	Environment []string
	// Arguments follow "go build".
	Arguments []string
}

const (
	liveEvery  = time.Second
	quietEvery = 30 * time.Second
)

// Run compiles, and says on out that it does and how long it took: on a terminal in one line that
// is written anew, elsewhere with a line now and then. An error has what the compiler said.
func (b Build) Run(ctx context.Context, out io.Writer) error {
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-v"}, b.Arguments...)...)
	command.Dir = b.Directory
	command.Env = append(os.Environ(), b.Environment...)
	printed, err := command.StderrPipe()
	if err != nil {
		return err
	}
	command.Stdout = command.Stderr
	teller := &teller{out: out, label: b.Label, live: isTerminal(out), began: time.Now()}
	if err := command.Start(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	stop := teller.start()
	said := teller.read(printed)
	err = command.Wait()
	stop()
	if err != nil {
		fmt.Fprintln(out, "failed")
		return fmt.Errorf("go build: %w\n%s", err, said)
	}
	fmt.Fprintf(out, "%.0f s\n", time.Since(teller.began).Seconds())
	return nil
}

// teller tells how far a compilation is.
type teller struct {
	out   io.Writer
	label string
	live  bool
	began time.Time

	mu       sync.Mutex
	packages int
	latest   string
}

// start begins to tell, and returns how to stop, which leaves the line open for its end.
func (t *teller) start() (stop func()) {
	fmt.Fprint(t.out, t.label, " ... ")
	every := quietEvery
	if t.live {
		every = liveEvery
	}
	ticker, ending, ended := time.NewTicker(every), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ticker.C:
				t.tell(time.Since(t.began))
			case <-ending:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(ending)
		<-ended
		if t.live {
			fmt.Fprint(t.out, "\r", t.label, " ... \x1b[K")
		}
	}
}

func (t *teller) tell(elapsed time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := fmt.Sprintf("%s, %d packages", elapsed.Round(time.Second), t.packages)
	if t.latest != "" {
		at += ", now " + t.latest
	}
	if t.live {
		fmt.Fprintf(t.out, "\r%s ... %s\x1b[K", t.label, at)
		return
	}
	fmt.Fprintf(t.out, "\n      %s ... ", at)
}

// read takes what go build -v prints: the path of each package, which is counted, and complaints,
// which are returned.
func (t *teller) read(printed io.Reader) string {
	var said bytes.Buffer
	lines := bufio.NewScanner(printed)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.ContainsAny(line, " \t") {
			fmt.Fprintln(&said, line)
			continue
		}
		t.mu.Lock()
		t.packages++
		t.latest = line
		t.mu.Unlock()
	}
	return strings.TrimSpace(said.String())
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
