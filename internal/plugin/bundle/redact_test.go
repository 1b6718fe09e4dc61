package bundle

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestP7NumbersTokensAndMessageIDsAreHidden(t *testing.T) {
	r := NewRedactor(
		[][]byte{[]byte("s3cret"), []byte("s3cret-longer\n"), []byte("a&b c")}, []string{"106540352242922"},
	)
	for given, want := range map[string]string{
		"to +33612345678 failed":                                    "to [number] failed",
		"to +33 6 12 34 56 78, at last":                             "to [number], at last",
		"call (11) 99999-0000 or 06.12.34.56.78":                    "call [number] or [number]",
		`{"from":"5511999990000"}`:                                  `{"from":"[number]"}`,
		"user FR.13491208655302741918 is FR.ENT.118188 now":         "user [number] is [number] now",
		"wamid.HBgLNTUxMTk5OTk5MDAwMBUCABIYFA== is late":            "[message id] is late",
		"mid.$cAAJsujCd2ORovCx is late":                             "[message id] is late",
		"token EAAGm0PX4ZCpsBAKZCf9s8ZBq1234567890":                 "token [secret]",
		"Authorization: Bearer abc.def-123":                         "Authorization: [secret]",
		"s3cret-longer, s3cret, a%26b+c, YSZiIGM=":                  "[secret], [secret], [secret], [secret]",
		"channel 106540352242922 of 2026-11-20T11:59:50.123456789Z": "channel 106540352242922 of 2026-11-20T11:59:50.123456789Z",
		"ledger 5f3c8a3e-0b6d-4a8f-9f57-012345678901":               "ledger 5f3c8a3e-0b6d-4a8f-9f57-012345678901",
		"billed 61.234 USD on 2026-11-20, 9500 messages":            "billed 61.234 USD on 2026-11-20, 9500 messages",
		"guichet.dev/gateway:v0.1.0 took 1234567 ns":                "guichet.dev/gateway:v0.1.0 took 1234567 ns",
	} {
		if got := r.Redact(given); got != want {
			t.Errorf("Redact(%q)\n got %q\nwant %q", given, got, want)
		}
	}
}

// Whatever stands around a number or a secret, it does not come through.
func TestP7NothingComesThroughWhateverStandsAroundIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[!-~]{4,40}`).Draw(t, "secret")
		phone := rapid.StringMatching(`[1-9][0-9]{9,14}`).Draw(t, "phone")
		around := rapid.StringMatching(`[a-z :"{},=\n]{0,20}`)
		written := rapid.SampledFrom([]string{
			secret, base64.StdEncoding.EncodeToString([]byte(secret)), phone, "+" + phone, fmt.Sprintf("%q", phone),
		}).Draw(t, "written")
		text := around.Draw(t, "before") + written + around.Draw(t, "behind")
		got := NewRedactor([][]byte{[]byte(secret)}, nil).Redact(text)
		if strings.Contains(got, phone) || strings.Contains(got, written) {
			t.Fatalf("%q came through: %q", written, got)
		}
	})
}
