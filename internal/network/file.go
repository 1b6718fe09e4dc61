package network

import (
	"context"
)

// FileSender is a Network whose clients bring files along in their requests. A file stands in a
// form behind all fields, which are read first.
type FileSender interface {
	// ParseWithFile reads the fields of a request to send whose file stands in a part of a name.
	// Its error is an Error.
	ParseWithFile(fields []byte, part string) (*WithFile, error)
	// ParseUpload reads those of a request to store a file for later messages: what it is sent as.
	ParseUpload(fields []byte, part string) (kind string, err error)
	// AnswerUpload is what the business is told of such a file, for JSON.
	AnswerUpload(id string) any
}

// WithFile is a message whose file has yet to be stored at the upstream.
type WithFile struct {
	// Outbound is the message without its file, to be decided on and never to be accepted.
	Outbound *Outbound
	// Kind is what the file is sent as, in the network's word.
	Kind string
	// Attach is the message with the file, by the id that the upstream has given to it and the hash
	// of its bytes.
	Attach func(id string, digest []byte) (*Outbound, error)
}

// FileUpstream is the Upstream of a FileSender.
type FileUpstream interface {
	Upstream
	// StoreFile stores a file for messages and returns its id. The bytes are passed on as they
	// come.
	StoreFile(ctx context.Context, kind string, file Part) (id string, err error)
}
