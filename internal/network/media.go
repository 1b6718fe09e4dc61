package network

import (
	"context"
	"io"
	"net/http"
	"time"
)

// MediaUpstream is the Upstream of a channel whose network keeps files.
type MediaUpstream interface {
	Upstream
	// Upload stores a file, whose request is read as it arrives. The answer is for the client.
	Upload(ctx context.Context, file Upload) (*Answer, error)
	// Media describes a file of the channel's. Another channel's, or an id of something else, is a
	// Refusal for UnknownObject.
	Media(ctx context.Context, id string) (Media, error)
	// DeleteMedia deletes a file of the channel's.
	DeleteMedia(ctx context.Context, id string) (*Answer, error)
	// Fetch reads a file at an address that the upstream has given, with the channel's token. Of
	// the header only ranges and conditions are passed on. The caller closes the body.
	Fetch(ctx context.Context, address string, header http.Header) (*http.Response, error)
	// Resume adds bytes to an upload that was begun by a Desk, or with a nil body asks how far it
	// has come.
	Resume(ctx context.Context, part ResumedUpload) (*Answer, error)
}

// Upload is a client's request to store a file, in parts.
type Upload struct {
	// Next returns the parts in their order, and io.EOF behind the last one.
	Next func() (Part, error)
	// Query are the parameters that stand in the path.
	Query map[string][]string
}

// Part is one field of a form, or its file.
type Part struct {
	Name, Filename, ContentType string
	Content                     io.Reader
}

// ResumedUpload is a part of an upload that takes several requests.
type ResumedUpload struct {
	// Session is the upstream's name of the upload, Offset where the bytes begin.
	Session, Offset string
	Length          int64
	Content         io.Reader
}

// Media is what the upstream says of a file.
type Media struct {
	// URL is where its bytes are, for a few minutes.
	URL string
	// SHA256 is the digest of the bytes, as the network writes it; empty if it does not tell.
	SHA256 string
	// WithURL is the description with another address in it; everything else is as it came.
	WithURL func(address string) []byte
}

// File is a file that an event brings.
type File struct {
	// URL is where its bytes are. It may be replaced before the business is told.
	URL string
	// SHA256 is the digest of the bytes, as the network writes it; empty if it does not tell.
	SHA256 string
}

// MediaLife is how long the address of a file can be used. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
const MediaLife = 5 * time.Minute
