package rig

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm wakes one goroutine at an instant. It is a timer of the kernel's that the runtime waits for
// as for a connection: a sleep of Go's may end a millisecond late, and one in the kernel keeps a
// processor from the other goroutines.
type alarm struct{ file *os.File }

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &alarm{os.NewFile(uintptr(fd), "alarm")}, nil
}

func (a *alarm) sleepUntil(due time.Time) error {
	left := time.Until(due)
	if left <= 0 {
		return nil
	}
	raw, err := a.file.SyscallConn()
	if err != nil {
		return err
	}
	var setting error
	if err := raw.Control(func(fd uintptr) {
		setting = unix.TimerfdSettime(
			int(fd), 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(left.Nanoseconds())}, nil,
		)
	}); err != nil || setting != nil {
		return os.NewSyscallError("timerfd_settime", setting)
	}
	var expirations [8]byte
	_, err = a.file.Read(expirations[:])
	return err
}

func (a *alarm) close() { _ = a.file.Close() }
