package whatsapp

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"testing"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
)

// The most that Meta takes of each type, in bytes.
func TestMediaLimits(t *testing.T) {
	for kind, want := range map[string]int64{
		"image/jpeg": 5_242_880, "image/png": 5_242_880, "image/webp": 512_000, "image/gif": 0,
		"audio/aac": 16_777_216, "audio/amr": 16_777_216, "audio/mpeg": 16_777_216, "audio/mp4": 16_777_216,
		"audio/ogg": 16_777_216, "audio/ogg; codecs=opus": 16_777_216, "audio/wav": 0,
		"video/mp4": 16_777_216, "video/3gpp": 16_777_216, "video/webm": 0,
		"application/pdf": 104_857_600, "text/plain": 104_857_600, "font/woff": 0, "": 0,
	} {
		if got := MediaLimit(kind); got != want {
			t.Errorf("%q: %d, want %d", kind, got, want)
		}
	}
}

// Whatever an upload is made of, what is written for the upstream is a form with one file and
// fields that uploads have, or an error.
func FuzzUpload(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n" +
		"Content-Type: image/png\r\n\r\nx\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\nx\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/jpeg\r\n--b\r\n\r\n--b--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		parts := multipart.NewReader(bytes.NewReader(body), "b")
		var out bytes.Buffer
		to := multipart.NewWriter(&out)
		err := copyForm(to, network.Upload{Next: func() (network.Part, error) {
			part, err := parts.NextRawPart()
			if err != nil {
				return network.Part{}, err
			}
			return network.Part{
				Name: part.FormName(), Filename: part.FileName(), ContentType: part.Header.Get("Content-Type"),
				Content: part,
			}, nil
		}})
		if err != nil {
			return
		}
		files := 0
		for form := multipart.NewReader(&out, to.Boundary()); ; {
			part, err := form.NextRawPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("what was written cannot be read: %v", err)
			}
			switch part.FormName() {
			case fieldFile:
				files++
			case fieldType, fieldProduct, fieldMinutes:
			default:
				t.Errorf("%q was written", part.FormName())
			}
		}
		if files != 1 {
			t.Errorf("%d files were written", files)
		}
	})
}

// Fields count whether uploads have them or not.
func TestUploadHasOnlySoManyFields(t *testing.T) {
	for fields, tooMany := range map[int]bool{16: false, 17: true} {
		check := newUploadCheck(nil)
		to := multipart.NewWriter(io.Discard)
		var err error
		for range fields {
			err = check.copyField(to, network.Part{Name: "x", Content: bytes.NewReader(nil)})
		}
		if (err != nil) != tooMany {
			t.Errorf("after %d fields it is %v", fields, err)
		}
	}
}

func TestTokenLeavesUnencryptedOnlyWhereItAlwaysDoes(t *testing.T) {
	for _, tc := range []struct{ base, address string }{
		{"https://graph.example", "http://files.example/"},
		{"https://graph.example", "file:///etc/passwd"},
		{"http://127.0.0.1:1", "ftp://files.example/"},
		{"https://graph.example", "https://user@files.example/"},
		{"https://graph.example", "https:///x"},
		{"https://graph.example", "::"},
	} {
		client, err := graph.NewClient(graph.ClientOptions{BaseURL: tc.base, Token: "t"})
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Fetch(t.Context(), tc.address, nil)
		if err == nil {
			response.Body.Close()
		}
		if _, ours := graph.AsError(err); !ours {
			t.Errorf("%s from %s got %v", tc.address, tc.base, err)
		}
	}
}
