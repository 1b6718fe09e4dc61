//go:build !linux

package sqlite

import "errors"

func volumeSpace(string) (free, size int64, err error) { return 0, 0, errors.ErrUnsupported }
