// Package emoji recognises emoji in text. Some fields of a message must have
// one, and some fields of a template must have none.
//
// Source: https://www.unicode.org/reports/tr51/ (Unicode Emoji).
package emoji

import "unicode"

const (
	zeroWidthJoiner   = 0x200D
	textSelector      = 0xFE0E // asks for the text form of the character before it
	emojiSelector     = 0xFE0F // asks for its emoji form
	enclosingKeycap   = 0x20E3
	firstTag, lastTag = 0xE0020, 0xE007F // spell the region of a subdivision flag
)

// Contains reports whether text shows an emoji. Characters that are shown as text by default and
// appear in names, such as © and ™, do not count.
func Contains(text string) bool {
	const firstPicture = 0x231A // WATCH: the characters before it are text by default
	for _, r := range text {
		if r == emojiSelector || r >= firstPicture && unicode.Is(pictures, r) || regional(r) {
			return true
		}
	}
	return false
}

// Single reports whether text is exactly one emoji: a character, a flag, a keycap,
// or a sequence of characters that is shown as one picture.
func Single(text string) bool {
	rest := []rune(text)
	for {
		n := element(rest)
		if n == 0 {
			return false
		}
		rest = rest[n:]
		if len(rest) == 0 {
			return true
		}
		if rest[0] != zeroWidthJoiner {
			return false
		}
		rest = rest[1:]
	}
}

// element returns the length of the emoji at the start, in characters; 0 for none.
func element(text []rune) int {
	at := func(i int) rune {
		if i < len(text) {
			return text[i]
		}
		return 0
	}
	switch {
	case regional(at(0)):
		if regional(at(1)) {
			return 2
		}
		return 0
	case at(0) == '#' || at(0) == '*' || at(0) >= '0' && at(0) <= '9':
		n := 1
		if at(n) == emojiSelector {
			n++
		}
		if at(n) == enclosingKeycap {
			return n + 1
		}
		return 0
	case !unicode.Is(pictures, at(0)):
		return 0
	}
	n := 1
	if at(n) == emojiSelector || at(n) == textSelector {
		n++
	}
	if skinTone(at(n)) && !skinTone(at(0)) {
		n++
	}
	for at(n) >= firstTag && at(n) <= lastTag {
		n++
	}
	return n
}

func regional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

func skinTone(r rune) bool { return r >= 0x1F3FB && r <= 0x1F3FF }

// pictures are the characters with the property Emoji, except digits, # and *. The planes of
// pictographs are included whole, so that those of a later Unicode count.
var pictures = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00A9, 0x00A9, 1},
		{0x00AE, 0x00AE, 1},
		{0x203C, 0x203C, 1},
		{0x2049, 0x2049, 1},
		{0x2122, 0x2122, 1},
		{0x2139, 0x2139, 1},
		{0x2194, 0x2199, 1},
		{0x21A9, 0x21AA, 1},
		{0x231A, 0x231B, 1},
		{0x2328, 0x2328, 1},
		{0x23CF, 0x23CF, 1},
		{0x23E9, 0x23F3, 1},
		{0x23F8, 0x23FA, 1},
		{0x24C2, 0x24C2, 1},
		{0x25AA, 0x25AB, 1},
		{0x25B6, 0x25B6, 1},
		{0x25C0, 0x25C0, 1},
		{0x25FB, 0x25FE, 1},
		{0x2600, 0x2604, 1},
		{0x260E, 0x260E, 1},
		{0x2611, 0x2611, 1},
		{0x2614, 0x2615, 1},
		{0x2618, 0x2618, 1},
		{0x261D, 0x261D, 1},
		{0x2620, 0x2620, 1},
		{0x2622, 0x2623, 1},
		{0x2626, 0x2626, 1},
		{0x262A, 0x262A, 1},
		{0x262E, 0x262F, 1},
		{0x2638, 0x263A, 1},
		{0x2640, 0x2640, 1},
		{0x2642, 0x2642, 1},
		{0x2648, 0x2653, 1},
		{0x265F, 0x2660, 1},
		{0x2663, 0x2663, 1},
		{0x2665, 0x2666, 1},
		{0x2668, 0x2668, 1},
		{0x267B, 0x267B, 1},
		{0x267E, 0x267F, 1},
		{0x2692, 0x2697, 1},
		{0x2699, 0x2699, 1},
		{0x269B, 0x269C, 1},
		{0x26A0, 0x26A1, 1},
		{0x26A7, 0x26A7, 1},
		{0x26AA, 0x26AB, 1},
		{0x26B0, 0x26B1, 1},
		{0x26BD, 0x26BE, 1},
		{0x26C4, 0x26C5, 1},
		{0x26C8, 0x26C8, 1},
		{0x26CE, 0x26CF, 1},
		{0x26D1, 0x26D1, 1},
		{0x26D3, 0x26D4, 1},
		{0x26E9, 0x26EA, 1},
		{0x26F0, 0x26F5, 1},
		{0x26F7, 0x26FA, 1},
		{0x26FD, 0x26FD, 1},
		{0x2702, 0x2702, 1},
		{0x2705, 0x2705, 1},
		{0x2708, 0x270D, 1},
		{0x270F, 0x270F, 1},
		{0x2712, 0x2712, 1},
		{0x2714, 0x2714, 1},
		{0x2716, 0x2716, 1},
		{0x271D, 0x271D, 1},
		{0x2721, 0x2721, 1},
		{0x2728, 0x2728, 1},
		{0x2733, 0x2734, 1},
		{0x2744, 0x2744, 1},
		{0x2747, 0x2747, 1},
		{0x274C, 0x274C, 1},
		{0x274E, 0x274E, 1},
		{0x2753, 0x2755, 1},
		{0x2757, 0x2757, 1},
		{0x2763, 0x2764, 1},
		{0x2795, 0x2797, 1},
		{0x27A1, 0x27A1, 1},
		{0x27B0, 0x27B0, 1},
		{0x27BF, 0x27BF, 1},
		{0x2934, 0x2935, 1},
		{0x2B05, 0x2B07, 1},
		{0x2B1B, 0x2B1C, 1},
		{0x2B50, 0x2B50, 1},
		{0x2B55, 0x2B55, 1},
		{0x3030, 0x3030, 1},
		{0x303D, 0x303D, 1},
		{0x3297, 0x3297, 1},
		{0x3299, 0x3299, 1},
	},
	R32: []unicode.Range32{{0x1F004, 0x1F1E5, 1}, {0x1F200, 0x1FAFF, 1}},
}
