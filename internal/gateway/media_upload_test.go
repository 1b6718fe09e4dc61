package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
)

func TestUploadsAreCheckedAsTheyArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := []string{"messaging_product", "whatsapp"}
	tests := map[string]struct {
		kind    string
		content []byte
		fields  []string
		status  int
		code    int
		word    string
	}{
		"a picture at its limit": {"image/jpeg", picture(5 << 20), append(product, "type", "image/jpeg"), 200, 0, ""},
		"a picture beyond it": {
			"image/jpeg", picture(5<<20 + 1), append(product, "type", "image/jpeg"), 400, 131053, "5242880",
		},
		"by its part's type alone": {"image/png", picture(10), product, 200, 0, ""},
		"with a family for a type": {"image/png", picture(10), append(product, "type", "image"), 200, 0, ""},
		"a sticker beyond 500 KB":  {"image/webp", picture(500<<10 + 1), product, 400, 131053, "512000"},
		"a sound at its limit": {
			"audio/ogg", picture(16 << 20), append(product, "type", "audio/ogg; codecs=opus"), 200, 0, "",
		},
		"a video beyond 16 MB": {"video/mp4", picture(16<<20 + 1), product, 400, 131053, "16777216"},
		"a document of 20 MB": {
			"application/pdf", picture(20 << 20), append(product, "type", "application/pdf"), 200, 0, "",
		},
		"an animation": {
			"image/gif", picture(10), append(product, "type", "image/gif"), 400, 131053, "type",
		},
		"a page": {"model/obj", picture(10), product, 400, 131053, "type"},
		"without a product": {
			"image/png", picture(10), []string{"type", "image/png"}, 400, 100, "messaging_product",
		},
		"of another product": {
			"image/png", picture(10), []string{"messaging_product", "pigeon"}, 400, 100, "messaging_product",
		},
		"without a file":   {"", nil, append(product, "type", "image/png"), 400, 100, "file"},
		"without any type": {"", picture(10), product, 400, 100, "type"},
		"kept for a minute": {
			"image/png", picture(10), append(product, "ttl_minutes", "1"), 400, 100, "ttl_minutes",
		},
		"a long field": {
			"image/png", picture(10), append(product, "type", strings.Repeat("x", 300)), 400, 100, "field",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			kind, body := form(t, tc.kind, tc.content, tc.fields...)
			got := w.do(http.MethodPost, mediaOf, body, "Content-Type", kind)
			if got.status != tc.status || got.code != tc.code || !strings.Contains(got.details, tc.word) {
				t.Errorf(
					"got %d %s, want %d with %d and a word on %q", got.status, got.body, tc.status, tc.code, tc.word,
				)
			}
		})
	}
	kind, body := form(t, "image/png", picture(10), product...)
	for name, a := range map[string]answer{
		"no form":       w.do(http.MethodPost, mediaOf, `{"file":"x"}`, "Content-Type", "application/json"),
		"a form cut":    w.do(http.MethodPost, mediaOf, body[:len(body)/2], "Content-Type", kind),
		"a form's kind": w.do(http.MethodPost, mediaOf, body, "Content-Type", "multipart/form-data"),
	} {
		if a.status != http.StatusBadRequest || a.code != 100 {
			t.Errorf("%s got %d %s", name, a.status, a.body)
		}
	}
	const inPath = mediaOf + "?messaging_product=whatsapp"
	if a := w.do(http.MethodPost, inPath, onlyFile, "Content-Type", onlyType); a.status != http.StatusOK {
		t.Errorf("with its product in the path it got %d %s", a.status, a.body)
	}
	if a := w.do(http.MethodPost, "/v26.0/1/media", body, "Content-Type", kind); a.code != 33 {
		t.Errorf("for a number of nobody it got %d %s", a.status, a.body)
	}
}

// A type that stands behind the file counts all the same, and a token in the form does not leave.
func TestUploadIsWrittenAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, bodies := newRecordedWorld(t)
		part := func(head, body string) string {
			return "--b\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + body + "\r\n"
		}
		body := part(`name="access_token"`, apiKey) + part(`name="messaging_product"`, "whatsapp") +
			part(`name="upload_strategy"`, "default") + part(`name="file"; filename="a"`, "bytes of it") +
			part(`name="type"`, "image/png") + "--b--\r\n"
		if a := w.do(http.MethodPost, mediaOf, body, "Content-Type", onlyType); a.status != http.StatusOK {
			t.Fatalf("got %d %s", a.status, a.body)
		}
		sent := <-bodies
		if strings.Contains(sent, apiKey) || strings.Contains(sent, "upload_strategy") ||
			!strings.Contains(sent, "bytes of it") || !strings.Contains(sent, "image/png") {
			t.Errorf("the upstream got %s", sent)
		}
	})
}

// Who sends a file slower than the least rate is not waited for.
func TestSlowUploadIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOn(t, gatewaytest.NewNetwork())
		body, into := io.Pipe()
		request, err := http.NewRequest(http.MethodPost, w.api+mediaOf, body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+apiKey)
		request.Header.Set("Content-Type", onlyType)
		go func() {
			_, _ = io.WriteString(into, onlyFile[:60]) // and then nothing more
		}()
		began := time.Now()
		response, err := w.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, response); response.StatusCode != http.StatusRequestTimeout {
			t.Errorf("got %d %s", response.StatusCode, got)
		}
		if took := time.Since(began); took > 25*time.Second {
			t.Errorf("it was waited for %v", took)
		}
		_ = into.Close()
	})
}
