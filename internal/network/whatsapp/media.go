package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

var _ network.MediaUpstream = (*upstream)(nil)

const (
	paramPhoneNumber = "phone_number_id"
	urlMember        = "url"
)

// Upload implements network.MediaUpstream. The request is written anew while it is read, so that
// nothing of it is left that was not looked at. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func (u *upstream) Upload(ctx context.Context, file network.Upload) (*network.Answer, error) {
	write := func(form *multipart.Writer) error { return copyForm(form, file) }
	return u.api.UploadForm(ctx, u.path+"/media", nil, write)
}

// copyForm copies the parts of an upload whose fields are as documented.
func copyForm(to *multipart.Writer, file network.Upload) error {
	check := newUploadCheck(file.Query)
	for _, field := range check.given() {
		if err := to.WriteField(field.Name, field.Value); err != nil {
			return err
		}
	}
	for {
		part, err := file.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if part.Name == fieldFile {
			err = check.copyFile(to, part)
		} else {
			err = check.copyField(to, part)
		}
		if err != nil {
			return err
		}
	}
	return check.complete()
}

// createFile begins the part of the file.
func createFile(to *multipart.Writer, part network.Part, kind string) (io.Writer, error) {
	name := part.Filename
	if name == "" {
		name = fieldFile
	}
	return to.CreatePart(graph.PartHeader(fieldFile, name, kind))
}

// Media implements network.MediaUpstream. The upstream is asked for a file of this number alone.
func (u *upstream) Media(ctx context.Context, id string) (network.Media, error) {
	raw, err := u.api.Call(ctx, http.MethodGet, url.PathEscape(id), u.ofThisNumber(), nil)
	if err != nil {
		return network.Media{}, unknownIfMissing(err)
	}
	described, err := rawjson.ParseObject(raw)
	address := described.Text(urlMember)
	isFile := err == nil && json.Valid(raw) && described.Text("mime_type") != ""
	if !isFile || address == "" || described.Text("id") != id {
		// an object of another kind: nothing of it is passed on
		return network.Media{}, network.Refuse(network.UnknownObject, "")
	}
	return network.Media{
		URL: address, SHA256: described.Text("sha256"),
		WithURL: func(address string) []byte { return described.Set(urlMember, rawjson.Quote(address)) },
	}, nil
}

// DeleteMedia implements network.MediaUpstream. Any object can be deleted by its id alone, so it is
// asked first whether it is a file of this number.
func (u *upstream) DeleteMedia(ctx context.Context, id string) (*network.Answer, error) {
	if _, err := u.Media(ctx, id); err != nil {
		return nil, err
	}
	return u.api.Pass(ctx, graph.Passed{Method: http.MethodDelete, Path: url.PathEscape(id), Query: u.ofThisNumber()})
}

func (u *upstream) ofThisNumber() url.Values { return url.Values{paramPhoneNumber: {u.id}} }

// unknownIfMissing is the refusal for an object that the token does not see, and else the error.
func unknownIfMissing(err error) error {
	failure, ok := graph.AsError(err)
	if ok && (failure.Code == graph.CodeInvalidParameter || failure.Code == graph.CodeUnknownPhoneNumberID) {
		return network.Refuse(network.UnknownObject, "")
	}
	return err
}

// Fetch implements network.MediaUpstream.
func (u *upstream) Fetch(ctx context.Context, address string, header http.Header) (*http.Response, error) {
	passed := http.Header{"Accept-Encoding": {"identity"}} // the bytes that the digest is of
	for _, name := range []string{"Range", "If-Range", "If-None-Match", "If-Modified-Since"} {
		if values := header.Values(name); len(values) > 0 {
			passed[name] = slices.Clone(values)
		}
	}
	return u.api.Fetch(ctx, address, passed)
}

// Resume implements network.MediaUpstream. Source:
// https://developers.facebook.com/docs/graph-api/guides/upload
func (u *upstream) Resume(ctx context.Context, part network.ResumedUpload) (*network.Answer, error) {
	e := graph.Exchange{Method: http.MethodGet, Path: part.Session}
	if part.Content != nil {
		e = graph.Exchange{
			Method: http.MethodPost, Path: part.Session, Body: part.Content, Length: part.Length,
			ContentType: "application/octet-stream", Header: http.Header{},
		}
		e.Header["file_offset"] = []string{part.Offset} // as it is documented: not in canonical form
	}
	return u.api.Resume(ctx, e)
}
