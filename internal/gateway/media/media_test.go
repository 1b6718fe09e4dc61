package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
)

func newKeys(tb testing.TB) *seal.Keys {
	tb.Helper()
	material, err := seal.NewKeys()
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := seal.Parse(material.Keyset, material.CustomerKey)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func newMedia(tb testing.TB, keys *seal.Keys, now *time.Time) *Media {
	tb.Helper()
	return New(keys, func() time.Time { return *now }, slog.New(slog.DiscardHandler), telemetry.NewMetrics())
}

func TestReferenceIsGoodForFiveMinutes(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	m := newMedia(t, newKeys(t), &now)
	file := network.File{URL: "https://files.example/?a=b", SHA256: "00"}
	address, err := m.Address("https://gateway.example", "106", file)
	if err != nil {
		t.Fatal(err)
	}
	text, ours := strings.CutPrefix(address, "https://gateway.example/media/")
	if !ours || strings.Contains(address, "files") {
		t.Fatalf("the address is %s", address)
	}
	for after, good := range map[time.Duration]bool{0: true, 299 * time.Second: true, 300 * time.Second: false} {
		now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).Add(after)
		ref, err := m.open(text)
		if (err == nil) != good {
			t.Errorf("after %v it is good: %t, want %t", after, err == nil, good)
		}
		if want := (reference{"106", file.URL, "00", 1795176300}); good && ref != want {
			t.Errorf("it is %+v, want %+v", ref, want)
		}
	}
}

// The seal is of this use: nothing else that is sealed with the same keys is a reference.
func TestNothingElseThatIsSealedIsAReference(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	keys := newKeys(t)
	m := newMedia(t, keys, &now)
	sealed, err := keys.Seal([]byte(`{"c":"106","u":"http://127.0.0.1/","e":9999999999}`), "messages/1")
	if err != nil {
		t.Fatal(err)
	}
	if ref, err := m.open(base64.RawURLEncoding.EncodeToString(sealed)); !errors.Is(err, errNoReference) {
		t.Errorf("it is %+v, %v", ref, err)
	}
}

func FuzzReference(f *testing.F) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	m := newMedia(f, newKeys(f), &now)
	f.Add("")
	f.Add("AAAA")
	f.Add(strings.Repeat("A", maxReference+1))
	f.Fuzz(func(t *testing.T, text string) {
		if ref, err := m.open(text); err == nil {
			t.Errorf("%q is the reference %+v", text, ref)
		}
	})
}

// However the bytes come, all of them are written if the digest is right, and never all of them if
// it is not.
func TestBytesThatAreNotDescribedNeverLookComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := bytes.Repeat([]byte{7}, rapid.IntRange(0, 3*piece).Draw(t, "length"))
		described := content
		if rapid.Bool().Draw(t, "changed") {
			described = append(bytes.Clone(content), 1)
		}
		sum := sha256.Sum256(described)
		text := hex.EncodeToString(sum[:])
		if rapid.Bool().Draw(t, "in base64") {
			text = base64.StdEncoding.EncodeToString(sum[:])
		}
		var from io.Reader = bytes.NewReader(content)
		if rapid.Bool().Draw(t, "halved") {
			from = iotest.HalfReader(from)
		}
		var to bytes.Buffer
		err := copyChecked(&to, from, newDigest(text, 200))
		right := len(described) == len(content)
		if right && (err != nil || !bytes.Equal(to.Bytes(), content)) {
			t.Fatalf("%d of %d bytes, %v", to.Len(), len(content), err)
		}
		if !right && (!errors.Is(err, errDigest) || to.Len() >= len(content) && len(content) > 0) {
			t.Fatalf("%d of %d bytes that are wrong, %v", to.Len(), len(content), err)
		}
	})
}

func TestPartsAndFilesWithoutADigestAreNotChecked(t *testing.T) {
	sum := sha256.Sum256([]byte("all of it"))
	for name, check := range map[string]*digest{
		"a part": newDigest(hex.EncodeToString(sum[:]), 206), "none": newDigest("", 200), "another": newDigest(
			"abc", 200,
		),
	} {
		var to bytes.Buffer
		if err := copyChecked(&to, strings.NewReader("it"), check); err != nil || to.String() != "it" {
			t.Errorf("%s: %q, %v", name, to.String(), err)
		}
	}
}

// A connection that ends before the file does is told from the end of the file, also where no
// digest would show it.
func TestFilesThatAreCutOffNeverLookComplete(t *testing.T) {
	content := bytes.Repeat([]byte{7}, piece+1)
	sum := sha256.Sum256(content)
	for name, check := range map[string]*digest{
		"a file": newDigest(hex.EncodeToString(sum[:]), 200), "a part": newDigest("", 206),
		"without a digest": newDigest("", 200),
	} {
		var to bytes.Buffer
		from := io.MultiReader(bytes.NewReader(content), iotest.ErrReader(io.ErrUnexpectedEOF))
		if err := copyChecked(&to, from, check); !errors.Is(err, io.ErrUnexpectedEOF) || to.Len() > piece {
			t.Errorf("%s: %d of %d bytes, %v", name, to.Len(), len(content), err)
		}
	}
}

// Only the time counts that the peer itself takes.
func TestPaceCountsThePeersTimeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var deadlines []time.Duration
		p := pace{until: func(at time.Time) {
			if !at.IsZero() {
				deadlines = append(deadlines, at.Sub(began))
			}
		}}
		take := func(bytes int, after time.Duration) {
			if _, err := p.move(func() (int, error) { time.Sleep(after); return bytes, nil }); err != nil {
				t.Fatal(err)
			}
		}
		take(leastRate, 5*time.Second)     // 15 s are left, and one more for what has come
		time.Sleep(time.Minute)            // somebody else is slow
		take(10*leastRate, 16*time.Second) // nothing is left but 10 s for what has come
		take(1000*leastRate, time.Second)  // all 20 s are left, and no more for having been fast
		take(leastRate, 10*time.Second)    // 11 s are left
		take(0, 0)
		want := []time.Duration{
			20 * time.Second, 81 * time.Second, 91 * time.Second, 102 * time.Second, 103 * time.Second,
		}
		for i := range want {
			if deadlines[i] != want[i] {
				t.Errorf("deadline %d is after %v, want %v", i, deadlines[i], want[i])
			}
		}
	})
}

func TestOnlySoManyFilesAreUnderWay(t *testing.T) {
	now := time.Now()
	m := newMedia(t, newKeys(t), &now)
	var done []func()
	for range maxTransfers {
		free, err := m.take()
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, free)
	}
	var refusal *network.Refusal
	if _, err := m.take(); !errors.As(err, &refusal) || refusal.Reason != network.Busy {
		t.Errorf("one more got %v", err)
	}
	done[0]()
	if _, err := m.take(); err != nil {
		t.Errorf("in a free place it got %v", err)
	}
}
