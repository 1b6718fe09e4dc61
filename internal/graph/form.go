package graph

import (
	"mime"
	"net/textproto"
	"strings"
	"unicode"
)

// PartHeader is the header of a part of a form. It is always made here and never copied from a
// client, so that all parsers read the same name. The name must be plain; the name of the file is
// empty for a part that is none. A type that cannot be read is left out.
func PartHeader(name, filename, kind string) textproto.MIMEHeader {
	disposition := `form-data; name="` + name + `"`
	if filename != "" {
		disposition += `; filename="` + strings.Map(withoutQuotes, filename) + `"`
	}
	header := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if media, parameters, err := mime.ParseMediaType(kind); err == nil {
		header.Set("Content-Type", mime.FormatMediaType(media, parameters))
	}
	return header
}

// withoutQuotes drops the characters that could end a quoted string or a line.
func withoutQuotes(r rune) rune {
	if r == '"' || r == '\\' || unicode.IsControl(r) {
		return -1
	}
	return r
}
