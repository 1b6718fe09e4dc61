package sqlite

import "golang.org/x/sys/unix"

// volumeSpace is the free space for this process and the size of the file system of a directory, in
// bytes.
func volumeSpace(directory string) (free, size int64, err error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(directory, &stat); err != nil {
		return 0, 0, err
	}
	block := uint64(stat.Frsize)
	return int64(stat.Bavail * block), int64(stat.Blocks * block), nil
}
