package gateway

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// atOnce is how many tests run at the same time: most wait for a disk, a database or another
	// process more than they compute.
	atOnce = "8"
	// heapGrowth is that of the real program, see cmd/gateway.
	heapGrowth = 400
	// memoryDisk is where files are in memory. No test takes the machine's power away, so nothing
	// is proved by waiting for its disk.
	memoryDisk = "/dev/shm"
)

// emptyStore is a store's file as a new gateway makes it.
var emptyStore []byte

func TestMain(m *testing.M) {
	flag.Parse()
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "the tests cannot be prepared:", err)
		os.Exit(1)
	}
	code := m.Run()
	if compiled != "" {
		_ = os.RemoveAll(compiled)
	}
	os.Exit(code)
}

func prepare() (err error) {
	debug.SetGCPercent(heapGrowth)
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			return err
		}
	}
	if info, err := os.Stat(memoryDisk); err == nil && info.IsDir() && os.Getenv("TMPDIR") == "" {
		if err := os.Setenv("TMPDIR", memoryDisk); err != nil {
			return err
		}
	}
	emptyStore, err = newStore()
	return err
}

// newStore makes a store and returns its file.
func newStore() (content []byte, err error) {
	directory, err := os.MkdirTemp("", "guichet-store-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory)
	material, err := seal.NewKeys()
	if err != nil {
		return nil, err
	}
	keys, err := seal.Parse(material.Keyset, material.CustomerKey)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(directory, "gateway.db")
	s, err := store.Open(context.Background(), store.Options{
		Path: path, AccountUID: gatewaytest.AccountUID, Keys: keys,
	})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
