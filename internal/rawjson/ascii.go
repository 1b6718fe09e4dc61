package rawjson

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

const lowerHex = "0123456789abcdef"

// ASCII returns the JSON text as Meta writes it: every character beyond ASCII as \uXXXX, a pair of
// them for characters beyond U+FFFF, and all hex digits in lower case. Everything else keeps its
// bytes, so that text in this form is returned unchanged. It decodes to the same value: bytes that
// are not UTF-8 become U+FFFD, as a decoder reads them. Source: "Validating payloads" of
// https://developers.facebook.com/docs/graph-api/webhooks/getting-started
func ASCII(text []byte) []byte {
	start := plainLength(text)
	if start == len(text) {
		return text
	}
	out := make([]byte, start, len(text)+len(text)/4)
	copy(out, text)
	for at := start; at < len(text); {
		switch c := text[at]; {
		case c == '\\':
			n := escapeLength(text[at:])
			out = appendEscape(out, text[at:at+n])
			at += n
		case c < utf8.RuneSelf:
			out = append(out, c)
			at++
		default:
			r, size := utf8.DecodeRune(text[at:])
			out = appendRune(out, r)
			at += size
		}
	}
	if bytes.Equal(out, text) {
		return text
	}
	return slices.Clip(out)
}

// plainLength is how many bytes stand before the first that may be written otherwise.
func plainLength(text []byte) int {
	for i, c := range text {
		if c == '\\' || c >= utf8.RuneSelf {
			return i
		}
	}
	return len(text)
}

// escapeLength is how many bytes the escape at the start of text has: \n has 2, \u00e9 has 6.
func escapeLength(text []byte) int {
	if len(text) > 1 && text[1] == 'u' {
		return min(6, len(text))
	}
	return min(2, len(text))
}

func appendEscape(out, escape []byte) []byte {
	if len(escape) < 6 {
		return append(out, escape...)
	}
	return append(out, bytes.ToLower(escape)...)
}

func appendRune(out []byte, r rune) []byte {
	if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
		return appendUnit(appendUnit(out, r1), r2)
	}
	return appendUnit(out, r)
}

func appendUnit(out []byte, unit rune) []byte {
	return append(out, '\\', 'u', lowerHex[unit>>12&15], lowerHex[unit>>8&15], lowerHex[unit>>4&15], lowerHex[unit&15])
}
