package network

import "context"

// FileSender is a Network whose clients bring files along in their requests: as one part of a form,
// before or behind fields.
type FileSender interface {
	// FileKind reads, in the fields before a file, what the file is sent as, in the network's word.
	// Part is the name of the file's part. Its error is an Error or a Refusal.
	FileKind(fields []byte, part string) (kind string, err error)
	// SaysAll tells whether the fields before a file decide on its message, whatever follows.
	SaysAll(fields []byte) bool
	// ParseWithFile reads the fields of a request to send whose file the upstream has under an id;
	// without one, the message can be decided on, and not be sent. The digest is that of the file's
	// bytes.
	ParseWithFile(fields []byte, id string, digest []byte) (*Outbound, error)
	// AnswerUpload is what the business is told of a file that it has stored for later messages,
	// for JSON.
	AnswerUpload(id string) any
}

// FileUpstream is the Upstream of a FileSender.
type FileUpstream interface {
	Upstream
	// StoreFile stores a file for messages and returns its id. The bytes are passed on as they
	// come.
	StoreFile(ctx context.Context, kind string, file Part) (id string, err error)
}
