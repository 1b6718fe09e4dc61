package bundle

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"time"
)

// File is a file of the archive.
type File struct {
	Name string
	Text string
}

// Write writes the files into a gzipped archive, each redacted, in a folder of the archive's own.
func Write(out io.Writer, folder string, files []File, r *Redactor, now time.Time) error {
	packed := gzip.NewWriter(out)
	archive := tar.NewWriter(packed)
	for _, file := range files {
		text := []byte(r.Redact(file.Text))
		err := archive.WriteHeader(&tar.Header{
			Name: folder + "/" + file.Name, Mode: 0o600, Size: int64(len(text)), ModTime: now, Format: tar.FormatPAX,
		})
		if err != nil {
			return err
		}
		if _, err := archive.Write(text); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return packed.Close()
}
