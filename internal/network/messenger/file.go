package messenger

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

var (
	_ network.FileSender   = Network{}
	_ network.FileUpstream = (*upstream)(nil)
)

// Files in requests. Source, under
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/: reference/send-api
// and reference/attachment-upload-api.
const (
	// fieldFile is the part of a form that holds a file.
	fieldFile = "filedata"
	// maxFile is the largest file of a message, in bytes.
	maxFile = 25 << 20
	// idToCome stands where the id of a file will be, while a message is decided on.
	idToCome = "0"
)

// memberAttachmentID names a file that was uploaded.
const memberAttachmentID = "attachment_id"

// FileKind implements network.FileSender.
func (n Network) FileKind(fields []byte, part string) (kind string, err error) {
	if part != fieldFile {
		return "", network.Refuse(network.Malformed, "A file must be in the part "+fieldFile+".")
	}
	_, object, err := bodyRules().Read(fields)
	if err != nil {
		return "", err
	}
	if !object.Has(memberMessage) {
		return "", network.Refuse(network.Malformed,
			"The form must have "+memberMessage+", before the part "+fieldFile+".")
	}
	kind, _, err = readAttachedKind(object)
	return kind, err
}

// SaysAll implements network.FileSender. Published clients write messaging_type and recipient
// behind the file.
func (n Network) SaysAll(fields []byte) bool {
	_, object, err := bodyRules().Read(fields)
	if err != nil || !object.Has(memberRecipient) || !object.Has(memberMessage) {
		return false
	}
	return object.Has("tag") || object.Has("messaging_type") && object.Text("messaging_type") != typeTag
}

// ParseWithFile implements network.FileSender. The message names the file, which is uploaded.
func (n Network) ParseWithFile(fields []byte, id string, digest []byte) (*network.Outbound, error) {
	_, object, err := bodyRules().Read(fields)
	if err != nil {
		return nil, err
	}
	_, reusable, err := readAttachedKind(object)
	if err != nil {
		return nil, err
	}
	message := object.Child(memberMessage)
	with := func(id string) []byte {
		payload := fmt.Appendf(nil, `{"%s":%s}`, memberAttachmentID, rawjson.Quote(id))
		attachment := message.Child("attachment").Set("payload", payload)
		return object.Set(memberMessage, message.Set("attachment", attachment))
	}
	s, err := n.ParseSend(with(cmp.Or(id, idToCome)))
	if err != nil {
		return nil, err
	}
	if reusable {
		s.attachmentID = id
	}
	out := n.outbound(s)
	out.Identity = append(rawjson.Canonical(with(idToCome)), hex.EncodeToString(digest)...)
	return out, nil
}

// AnswerUpload implements network.FileSender.
func (Network) AnswerUpload(id string) any { return map[string]string{memberAttachmentID: id} }

// readAttachedKind reads what the file of a form is sent as.
func readAttachedKind(object rawjson.Object) (kind string, reusable bool, err error) {
	message, err := clientbody.At(object, memberMessage).Object()
	if err != nil {
		return "", false, err
	}
	attachment, err := message.At("attachment").Object()
	if err != nil {
		return "", false, err
	}
	if kind, err = attachment.At("type").OneOf(attachmentImage, "video", "audio", "file"); err != nil {
		return "", false, err
	}
	field := attachment.At("payload")
	if field.Absent() {
		return kind, false, nil
	}
	payload, err := field.Object()
	if err != nil {
		return "", false, err
	}
	for _, other := range []string{"url", memberAttachmentID} {
		if payload.Has(other) {
			return "", false, payload.Fail("must have no " + other + " beside the part " + fieldFile)
		}
	}
	again := payload.Bool("is_reusable")
	return kind, again != nil && *again, nil
}

// StoreFile implements network.FileUpstream.
func (u *upstream) StoreFile(ctx context.Context, kind string, file network.Part) (string, error) {
	answer, err := u.api.UploadForm(ctx, u.path+"/message_attachments", u.api.Proof(),
		func(form *multipart.Writer) error { return writeFile(form, kind, file) })
	if err != nil {
		return "", err
	}
	if answer.Status != http.StatusOK {
		return "", graph.ParseError(answer.Status, answer.Header, answer.Body)
	}
	object, err := rawjson.ParseObject(answer.Body)
	if id := object.Text(memberAttachmentID); err == nil && id != "" {
		return id, nil
	}
	return "", &network.TransportError{
		API: "the Graph API", Err: errors.New("the answer names no " + memberAttachmentID),
	}
}

// writeFile writes a form with a file. The message makes it an upload that can be sent: what is
// uploaded for one message alone has no id.
func writeFile(form *multipart.Writer, kind string, file network.Part) error {
	message := fmt.Sprintf(`{"attachment":{"type":%s,"payload":{"is_reusable":true}}}`, rawjson.Quote(kind))
	if err := form.WriteField(memberMessage, message); err != nil {
		return err
	}
	into, err := form.CreatePart(graph.PartHeader(fieldFile, orName(file.Filename), file.ContentType))
	if err != nil {
		return err
	}
	size, err := io.Copy(into, io.LimitReader(file.Content, maxFile+1))
	switch {
	case err != nil:
		return err
	case size > maxFile:
		return network.Refuse(network.TooLarge, "A file may have 25 MiB at most.")
	case size == 0:
		return network.Refuse(network.Malformed, "The file is empty.")
	}
	return nil
}

// orName is a file's name; one without is no file to the upstream.
func orName(name string) string {
	if name == "" {
		return "file"
	}
	return name
}
