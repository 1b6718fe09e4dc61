package emoji

import "testing"

func TestSingle(t *testing.T) {
	for text, want := range map[string]bool{
		"👍": true, "👍🏽": true, "❤": true, "❤️": true, "🇫🇷": true, "1️⃣": true, "#⃣": true, "©️": true, "🫡": true,
		"👩‍👩‍👧‍👦": true, "🏳️‍🌈": true, "🤦🏼‍♂️": true, "🏴󠁧󠁢󠁥󠁮󠁧󠁿": true,
		"": false, "ok": false, "1": false, "👍👍": false, "👍 ": false, " 👍": false, "👍ok": false, "🇫": false,
		"👍\u200d": false, "\u200d👍": false, "\ufe0f": false, "🇫🇷🇫🇷": false, ":)": false, "1️": false, "\ufffd": false,
	} {
		if got := Single(text); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}

func TestContains(t *testing.T) {
	for text, want := range map[string]bool{
		"Hi 👋": true, "Sun ☀": true, "Love ❤️": true, "Done ✅": true, "🇫🇷": true, "Call ☎": true,
		"": false, "Order 881": false, "Acme™ © 2026": false, "Caffè – 日本語": false, "#1 * 2": false, "→ next": false, "✓ 5/5 ★": false,
	} {
		if got := Contains(text); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}

func FuzzSingle(f *testing.F) {
	for _, seed := range []string{"👍", "👩‍👩‍👧‍👦", "ok", "1️⃣", "\xff", "🇫🇷"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if Single(text) && Single(text+text) {
			t.Fatalf("%q twice is one emoji", text)
		}
	})
}
