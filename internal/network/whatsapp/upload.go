package whatsapp

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

// Fields of an upload.
const (
	fieldFile    = "file"
	fieldType    = "type"
	fieldProduct = "messaging_product"
	fieldMinutes = "ttl_minutes"

	// maxField bounds what a field other than the file holds, in bytes; maxFormFields how many
	// there may be, known or not.
	maxField      = 256
	maxFormFields = 16

	// How long a file may be kept under no storage, in minutes.
	leastMinutes, mostMinutes = 60, 43_200
)

// uploadCheck checks an upload while it arrives: its fields by name and value, its file by type and
// size. What it has not seen is not passed on.
type uploadCheck struct {
	query   map[string][]string
	fields  map[string]string
	hasFile bool
	// read is how many fields the form has had so far.
	read int
	// size is the file's so far, kind the type that its part declares.
	size int64
	kind string
}

func newUploadCheck(query map[string][]string) *uploadCheck {
	return &uploadCheck{query: query, fields: map[string]string{}}
}

type uploadField struct {
	Name  string
	Value string
}

// given are the fields that stand in the path, where some clients write them.
func (c *uploadCheck) given() (fields []uploadField) {
	for _, name := range []string{fieldProduct, fieldType, fieldMinutes} {
		if values := c.query[name]; len(values) == 1 {
			c.fields[name] = values[0]
			fields = append(fields, uploadField{name, values[0]})
		}
	}
	return fields
}

// copyField copies a field that uploads have. Others are left out: the upstream does not need them,
// and would take some for more than a field, such as a token.
func (c *uploadCheck) copyField(to *multipart.Writer, part network.Part) error {
	if c.read++; c.read > maxFormFields {
		return graph.NewError(graph.CodeInvalidParameter, "The form has too many fields.")
	}
	value, err := io.ReadAll(io.LimitReader(part.Content, maxField+1))
	if err != nil {
		return err
	}
	if len(value) > maxField {
		return graph.NewError(
			graph.CodeInvalidParameter, fmt.Sprintf("A field of the form is longer than %d bytes.", maxField),
		)
	}
	switch part.Name {
	case fieldProduct, fieldType, fieldMinutes:
	default:
		return nil
	}
	if _, again := c.fields[part.Name]; again {
		return nil
	}
	c.fields[part.Name] = string(value)
	if err := c.judge(); err != nil {
		return err
	}
	return to.WriteField(part.Name, string(value))
}

// copyFile copies the file, and stops at the first byte that is too many.
func (c *uploadCheck) copyFile(to *multipart.Writer, part network.Part) error {
	if c.hasFile {
		return graph.NewError(graph.CodeInvalidParameter, "The form has more than one file: upload one at a time.")
	}
	c.hasFile, c.kind = true, part.ContentType
	if err := c.judge(); err != nil {
		return err
	}
	into, err := createFile(to, part, c.typeOf())
	if err != nil {
		return err
	}
	_, err = io.Copy(into, io.TeeReader(part.Content, c))
	return err
}

// Write counts the file's bytes.
func (c *uploadCheck) Write(p []byte) (int, error) {
	c.size += int64(len(p))
	if err := c.judge(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// typeOf is the type of the file as far as it is known: the field's, or that of the file's part.
func (c *uploadCheck) typeOf() string {
	for _, declared := range []string{c.fields[fieldType], c.kind} {
		if kind, _, err := mime.ParseMediaType(declared); err == nil && strings.Contains(kind, "/") {
			return kind
		}
	}
	return ""
}

// judge refuses what is known to be wrong already.
func (c *uploadCheck) judge() error {
	if product, given := c.fields[fieldProduct]; given && product != request.Product {
		return graph.NewError(graph.CodeInvalidParameter, `messaging_product must be "whatsapp".`)
	}
	if text, given := c.fields[fieldMinutes]; given {
		if n, err := strconv.Atoi(text); err != nil || n < leastMinutes || n > mostMinutes {
			return graph.NewError(graph.CodeInvalidParameter,
				fmt.Sprintf("ttl_minutes must be a whole number from %d to %d.", leastMinutes, mostMinutes))
		}
	}
	kind := c.typeOf()
	limit := MediaLimit(kind)
	if kind != "" && limit == 0 {
		return graph.NewError(graph.CodeMediaUpload, fmt.Sprintf(
			"type %q is not taken. Audio may be %s; an image JPEG or PNG; a sticker WebP; a video MP4 or 3GPP.",
			kind, "AAC, AMR, MP3, M4A or OGG"))
	}
	if kind == "" {
		limit = maxDocument
	}
	if c.size > limit {
		return graph.NewError(graph.CodeMediaUpload, fmt.Sprintf(
			"file is larger than %d bytes, which is the most for %s.", limit, orAnything(kind)))
	}
	return nil
}

func orAnything(kind string) string {
	if kind == "" {
		return "any type"
	}
	return kind
}

// complete refuses an upload in which something was missing.
func (c *uploadCheck) complete() error {
	switch {
	case !c.hasFile:
		return graph.NewError(graph.CodeInvalidParameter, "file is missing: send it as a part of multipart/form-data.")
	case c.fields[fieldProduct] == "":
		return graph.NewError(graph.CodeInvalidParameter, `messaging_product is missing: it must be "whatsapp".`)
	case c.typeOf() == "":
		return graph.NewError(graph.CodeInvalidParameter, "type is missing: give the file's MIME type.")
	}
	return nil
}

// Sizes of files, in bytes. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
const (
	maxAudio    = 16 << 20
	maxVideo    = 16 << 20
	maxImage    = 5 << 20
	maxSticker  = 500 << 10
	maxDocument = 100 << 20
)

// MediaLimit is the most that a file of a type may have, in bytes; 0 for a type that is not taken.
// Which documents are, the upstream decides.
func MediaLimit(kind string) int64 {
	kind, _, _ = strings.Cut(kind, ";") // such as "; codecs=opus"
	family, _, _ := strings.Cut(kind, "/")
	switch family {
	case "audio":
		if slices.Contains([]string{
			"audio/aac", "audio/amr", "audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/ogg",
			"audio/opus",
		}, kind) {
			return maxAudio
		}
	case "image":
		switch kind {
		case "image/webp":
			return maxSticker
		case "image/jpeg", "image/jpg", "image/png":
			return maxImage
		}
	case "video":
		if slices.Contains([]string{"video/mp4", "video/3gpp", "video/3gp"}, kind) {
			return maxVideo
		}
	case "application", "text":
		return maxDocument
	}
	return 0
}
