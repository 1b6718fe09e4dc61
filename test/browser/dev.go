package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/guichet-dev/guichet/test/port"
)

// startDev runs guichet dev, whose clock can be set forward, and waits until it says where its page
// is.
func (s *stage) startDev(ctx context.Context, directory string) error {
	addresses, err := port.Free(2)
	if err != nil {
		return err
	}
	folder := filepath.Join(directory, "dev")
	s.devLedger = filepath.Join(folder, "data", "gateway.db")
	// #nosec G204 -- the program was compiled for this
	dev := exec.CommandContext(ctx, s.guichet(), "dev", "--listen", addresses[0], "--listen-page", addresses[1],
		"--dir", folder)
	dev.Stderr = os.Stderr
	output, err := dev.StdoutPipe()
	if err != nil {
		return err
	}
	if err := dev.Start(); err != nil {
		return err
	}
	s.closers = append(s.closers, func() {
		_ = dev.Process.Signal(os.Interrupt) // it may have ended already
		_ = dev.Wait()                       // that it was ended is no news
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "page" {
			s.devPage = fields[1]
			go func() { _, _ = io.Copy(io.Discard, output) }() // so that it can print on
			return nil
		}
	}
	return errors.New("guichet dev ended without an address")
}
