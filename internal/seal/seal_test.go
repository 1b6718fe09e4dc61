package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/seal"
)

// countingKey is the bytes 0 to 31, in standard base64.
const countingKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func newMaterial(t *testing.T) seal.Material {
	t.Helper()
	material, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return material
}

func parse(t *testing.T, keyset, customerKey []byte) *seal.Keys {
	t.Helper()
	keys, err := seal.Parse(keyset, customerKey)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestP7SealedValueHidesItsText(t *testing.T) {
	material := newMaterial(t)
	keys := parse(t, material.Keyset, material.CustomerKey)
	plaintext := []byte("33612345678 your parcel has arrived")
	sealed, err := keys.Seal(plaintext, "messages.content/m1")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("3361234")) || bytes.Contains(sealed, []byte("parcel")) {
		t.Error("The sealed value holds a part of its text")
	}
	again, err := keys.Seal(plaintext, "messages.content/m1")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(sealed, again) {
		t.Error("Two values of the same text are equal: they must not be recognised")
	}
	opened, err := keys.Open(sealed, "messages.content/m1")
	if err != nil || !bytes.Equal(opened, plaintext) {
		t.Errorf("Open = %q, %v; want the text", opened, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	material := newMaterial(t)
	keys := parse(t, material.Keyset, material.CustomerKey)
	sealed, err := keys.Seal([]byte("your parcel"), "messages.content/m1")
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	stranger := newMaterial(t)
	tests := map[string]struct {
		keys   *seal.Keys
		sealed []byte
		place  string
	}{
		"another row":    {keys, sealed, "messages.content/m2"},
		"another column": {keys, sealed, "messages.envelope/m1"},
		"a changed bit":  {keys, changed, "messages.content/m1"},
		"cut short":      {keys, sealed[:8], "messages.content/m1"},
		"nothing":        {keys, nil, "messages.content/m1"},
		"another key":    {parse(t, stranger.Keyset, stranger.CustomerKey), sealed, "messages.content/m1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			opened, err := tc.keys.Open(tc.sealed, tc.place)
			if !errors.Is(err, seal.ErrOpen) || opened != nil {
				t.Errorf("Open = %q, %v; want nothing and ErrOpen", opened, err)
			}
		})
	}
}

func addKey(t *testing.T, keyset []byte) []byte {
	t.Helper()
	added, err := seal.AddKey(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func promoteKey(t *testing.T, keyset []byte) []byte {
	t.Helper()
	promoted, err := seal.PromoteKey(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return promoted
}

// Each row is a replica that seals, each column one that opens: neighbours in the order of the
// steps always read each other.
func TestRotationInTwoStepsNeighboursReadEachOther(t *testing.T) {
	material := newMaterial(t)
	added := addKey(t, material.Keyset)
	steps := []struct {
		name  string
		keys  *seal.Keys
		opens [3]bool // by the replica before, with the key added, with the key promoted
	}{
		{"before", parse(t, material.Keyset, material.CustomerKey), [3]bool{true, true, true}},
		{"added", parse(t, added, material.CustomerKey), [3]bool{true, true, true}},
		{"promoted", parse(t, promoteKey(t, added), material.CustomerKey), [3]bool{false, true, true}},
	}
	for _, from := range steps {
		sealed, err := from.keys.Seal([]byte("parcel"), "p")
		if err != nil {
			t.Fatal(err)
		}
		for i, to := range steps {
			opened, err := to.keys.Open(sealed, "p")
			if got := err == nil && string(opened) == "parcel"; got != from.opens[i] {
				t.Errorf(
					"sealed %s, opened %s: %q, %v; want readable: %t", from.name, to.name, opened, err, from.opens[i],
				)
			}
		}
		if from.keys.CustomerHash("c", "1") != steps[0].keys.CustomerHash("c", "1") {
			t.Errorf("%s: a customer became a stranger", from.name)
		}
	}
}

func TestRotationRefusesAStepOutOfTurn(t *testing.T) {
	fresh := newMaterial(t).Keyset
	added := addKey(t, fresh)
	tests := map[string]struct {
		step   func([]byte) ([]byte, error)
		keyset []byte
		want   string
	}{
		"add while one waits":         {seal.AddKey, added, "waits to be promoted"},
		"promote what is primary":     {seal.PromoteKey, fresh, "add one first"},
		"promote twice":               {seal.PromoteKey, promoteKey(t, added), "add one first"},
		"add to what is no keyset":    {seal.AddKey, []byte("SECRET"), "Tink keyset in JSON"},
		"promote what is no keyset":   {seal.PromoteKey, []byte("SECRET"), "Tink keyset in JSON"},
		"promote in an empty keyset":  {seal.PromoteKey, []byte(`{"primaryKeyId":1,"key":[]}`), "Tink keyset in JSON"},
		"add where nothing was given": {seal.AddKey, nil, "Tink keyset in JSON"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := tc.step(tc.keyset)
			if err == nil || out != nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(
				err.Error(), "SECRET",
			) {
				t.Errorf("got %q, %v; want nothing and an error with %q", out, err, tc.want)
			}
		})
	}
}

func TestTakeOverSealsWithTheNewKeyAndOpensTheOld(t *testing.T) {
	material := newMaterial(t)
	keys := parse(t, material.Keyset, material.CustomerKey)
	old, err := keys.Seal([]byte("before"), "p")
	if err != nil {
		t.Fatal(err)
	}
	rotated := promoteKey(t, addKey(t, material.Keyset))
	if err := keys.TakeOver(parse(t, rotated, material.CustomerKey), false); err != nil {
		t.Fatal(err)
	}
	if opened, err := keys.Open(old, "p"); err != nil || string(opened) != "before" {
		t.Errorf("Open of an old value = %q, %v; want \"before\"", opened, err)
	}
	young, err := keys.Seal([]byte("after"), "p")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, material.Keyset, material.CustomerKey).Open(young, "p"); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("the old keyset opened a new value: %v; want ErrOpen", err)
	}
	if opened, err := parse(
		t, rotated, material.CustomerKey,
	).Open(young, "p"); err != nil || string(opened) != "after" {
		t.Errorf("Open of a new value = %q, %v; want \"after\"", opened, err)
	}
}

func TestTakeOverRefusesWhatWouldLoseSomething(t *testing.T) {
	material, stranger := newMaterial(t), newMaterial(t)
	added := addKey(t, material.Keyset)
	tests := map[string]struct {
		keyset, customerKey []byte
		want                error
	}{
		"another customer key":           {added, stranger.CustomerKey, seal.ErrCustomerKeyChanged},
		"another account's keyset":       {stranger.Keyset, material.CustomerKey, seal.ErrKeyDropped},
		"the keyset before the addition": {material.Keyset, material.CustomerKey, seal.ErrKeyDropped},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			keys := parse(t, added, material.CustomerKey)
			hash := keys.CustomerHash("c", "1")
			if err := keys.TakeOver(parse(t, tc.keyset, tc.customerKey), true); !errors.Is(err, tc.want) {
				t.Fatalf("TakeOver = %v; want %v", err, tc.want)
			}
			sealed, err := keys.Seal([]byte("parcel"), "p")
			if err != nil {
				t.Fatal(err)
			}
			if opened, err := parse(
				t, material.Keyset, material.CustomerKey,
			).Open(sealed, "p"); err != nil || string(opened) != "parcel" {
				t.Errorf("after the refusal it seals with another key: %q, %v", opened, err)
			}
			if keys.CustomerHash("c", "1") != hash {
				t.Error("after the refusal a customer is a stranger")
			}
		})
	}
}

// The literal is HMAC-SHA256 with the key 00 01 … 1f over 0000000f "106540352242922" 0000000b
// "33612345678", computed with another library.
func TestCustomerHashLiteral(t *testing.T) {
	keys := parse(t, newMaterial(t).Keyset, []byte(countingKey+"\n"))
	const want = "64355432eccb0be838364f2d69d73580a56dceb394f740c405edbc62bb5319b3"
	if got := keys.CustomerHash("106540352242922", "33612345678").String(); got != want {
		t.Errorf("CustomerHash = %s; want %s", got, want)
	}
}

func TestCustomerHashIsTextOfItsDigits(t *testing.T) {
	const digits = "00ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
	var hash seal.CustomerHash
	if err := json.Unmarshal([]byte(`"`+digits+`"`), &hash); err != nil || hash.String() != digits {
		t.Fatalf("%s was read as %s: %v", digits, hash, err)
	}
	if text, err := json.Marshal(hash); err != nil || string(text) != `"`+digits+`"` {
		t.Errorf("written as %s: %v", text, err)
	}
	for _, text := range []string{"", digits[2:], digits[1:], digits + "0", digits + "00", "zz" + digits[2:]} {
		if err := hash.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestCustomerHashTellsPairsApart(t *testing.T) {
	keys := parse(t, newMaterial(t).Keyset, []byte(countingKey))
	if keys.CustomerHash("12", "3") == keys.CustomerHash("1", "23") {
		t.Error("The boundary between channel and address is not part of the hash")
	}
	if keys.CustomerHash("1", "3") == keys.CustomerHash("2", "3") {
		t.Error("The channel is not part of the hash")
	}
	other := parse(t, newMaterial(t).Keyset, newMaterial(t).CustomerKey)
	if keys.CustomerHash("1", "3") == other.CustomerHash("1", "3") {
		t.Error("The key is not part of the hash")
	}
}

func TestParseRefusesWithoutShowingKeys(t *testing.T) {
	good := newMaterial(t)
	tests := map[string]struct {
		keyset, customerKey []byte
		want                string
	}{
		"keyset is no JSON":       {[]byte("SECRETKEYSET"), good.CustomerKey, "Tink keyset in JSON"},
		"keyset is empty":         {nil, good.CustomerKey, "Tink keyset in JSON"},
		"keyset has no key":       {[]byte(`{"primaryKeyId":1,"key":[]}`), good.CustomerKey, "Tink keyset in JSON"},
		"customer key no base64":  {good.Keyset, []byte("SECRET KEY!"), "standard base64"},
		"customer key of 6 bytes": {good.Keyset, []byte(base64.StdEncoding.EncodeToString([]byte("SECRET"))), "has 6 bytes"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := seal.Parse(tc.keyset, tc.customerKey)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("Parse = %v; want an error with %q", err, tc.want)
			}
			for _, secret := range []string{"SECRET", "U0VDUkVU"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error %q shows a part of a key", err)
				}
			}
		})
	}
}

func TestNewKeysAreNewAndOfTheirSize(t *testing.T) {
	a, b := newMaterial(t), newMaterial(t)
	if bytes.Equal(a.Keyset, b.Keyset) || bytes.Equal(a.CustomerKey, b.CustomerKey) ||
		bytes.Equal(a.ReportToken, b.ReportToken) {
		t.Error("Two accounts got the same key material")
	}
	if n := len(a.CustomerKey); n != 44 { // 32 bytes in padded base64
		t.Errorf("the customer key has %d characters; want 44", n)
	}
	if n := len(a.ReportToken); n != 43 { // 32 bytes in base64 without padding
		t.Errorf("the report token has %d characters; want 43", n)
	}
	if !bytes.Contains(a.Keyset, []byte("AesGcmKey")) {
		t.Error("the keyset must hold an AES-GCM key")
	}
}

func TestRetireKeysLeavesTheOneThatSeals(t *testing.T) {
	material := newMaterial(t)
	added := addKey(t, material.Keyset)
	promoted := promoteKey(t, added)
	for name, keyset := range map[string][]byte{"one key": material.Keyset, "a key waits": added} {
		if _, err := seal.RetireKeys(keyset); err == nil {
			t.Errorf("%s: nothing may be retired", name)
		}
	}
	retired, err := seal.RetireKeys(promoted)
	if err != nil {
		t.Fatal(err)
	}
	keys, after := parse(t, promoted, material.CustomerKey), parse(t, retired, material.CustomerKey)
	primary, _ := keys.Keyset()
	if kept, size := after.Keyset(); kept != primary || size != 1 {
		t.Errorf("%d keys, of which %d seals; want %d alone", size, kept, primary)
	}
	before, err := parse(t, material.Keyset, material.CustomerKey).Seal([]byte("x"), "p")
	if err != nil {
		t.Fatal(err)
	}
	now, err := keys.Seal([]byte("x"), "p")
	if err != nil {
		t.Fatal(err)
	}
	if !keys.Old(before) || keys.Old(now) || !after.Old(before) || !after.Old(nil) || parse(
		t, added, material.CustomerKey,
	).Old(now) {
		t.Error("a value is old if its key stands before the one that seals, or is not known")
	}
	if err := keys.TakeOver(after, false); !errors.Is(err, seal.ErrKeyDropped) {
		t.Errorf("with values left under the old key, TakeOver = %v; want ErrKeyDropped", err)
	}
	if err := keys.TakeOver(after, true); err != nil {
		t.Errorf("with nothing left under the old key, TakeOver = %v", err)
	}
}
