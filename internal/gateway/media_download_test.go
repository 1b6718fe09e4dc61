package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
)

// upstreamOf is an upstream that describes one file and has its own way with the bytes.
func upstreamOf(t *testing.T, sum string, serve http.HandlerFunc) func(*config.Document) {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bytes" {
			serve(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"url":"`+strings.ReplaceAll(server.URL, "/", `\/`)+`\/bytes","mime_type":"image\/`+
			`png","sha256":"`+
			sum+`","file_size":5,"id":"77","messaging_product":"whatsapp","future":[1]}`)
	}))
	t.Cleanup(server.Close)
	return func(d *config.Document) {
		for i := range d.Channels {
			d.Channels[i].BaseURL = server.URL
		}
	}
}

// Bytes that are not what the upstream described never look complete, however they are counted.
func TestFileWithAnotherDigestIsCut(t *testing.T) {
	t.Parallel()
	other := sha256.Sum256([]byte("others"))
	for name, length := range map[string]string{"with a length": "5", "without": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, upstreamOf(t, hex.EncodeToString(other[:]), func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer "+accessToken {
					t.Error("the file is asked for without the token")
				}
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				_, _ = io.WriteString(w, "bytes")
				w.(http.Flusher).Flush()
			}))
			request, err := http.NewRequest(http.MethodGet, w.describe("77", "").URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+apiKey)
			response, err := w.client.Do(request)
			if err == nil {
				_, err = io.ReadAll(response.Body)
				response.Body.Close()
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
				t.Errorf("the file ended with %v, want a cut", err)
			}
			w.until("it is counted", func() bool {
				return w.metric(`guichet_gateway_media_transfers_total{direction="down",result="corrupt"}`) != ""
			})
			if !strings.Contains(w.logs.String(), "A file was cut off") {
				t.Error("it is not logged")
			}
		})
	}
}

// What the upstream says of a file is as it came, but for the address.
func TestDescriptionOfAFileKeepsItsBytes(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte("bytes"))
	text := hex.EncodeToString(sum[:])
	w := newWorld(t, upstreamOf(t, text, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "bytes")
	}))
	got := w.do(http.MethodGet, "/v26.0/77", "", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "gateway.example")
	var d described
	if err := json.Unmarshal([]byte(got.body), &d); err != nil {
		t.Fatal(err)
	}
	want := `{"url":"` + d.URL + `","mime_type":"image\/png","sha256":"` + text +
		`","file_size":5,"id":"77","messaging_product":"whatsapp","future":[1]}`
	if got.body != want || !strings.HasPrefix(d.URL, "https://gateway.example/media/") {
		t.Errorf("got %s, want %s", got.body, want)
	}
	if a := w.do(http.MethodGet, strings.TrimPrefix(d.URL, "https://gateway.example"), ""); a.body != "bytes" {
		t.Errorf("the file got %d %s", a.status, a.body)
	}
}

// A client that is slow, but not slower than the least rate, gets all of a file, however long that
// takes; one that is slower is cut off.
func TestSlowDownloads(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pause    time.Duration // after each 64 KiB
		complete bool
	}{
		"32 KiB a second": {2 * time.Second, true}, "8 KiB a second": {8 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorldOn(t, gatewaytest.NewNetwork())
				content := picture(4 << 20)
				request, err := http.NewRequest(http.MethodGet, w.describe(w.uploaded(content), "").URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("Authorization", "Bearer "+apiKey)
				response, err := w.client.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				var got bytes.Buffer
				for err == nil {
					time.Sleep(tc.pause)
					_, err = io.CopyN(&got, response.Body, 64<<10)
				}
				if complete := errors.Is(err, io.EOF) && bytes.Equal(got.Bytes(), content); complete != tc.complete {
					t.Errorf("%d of %d bytes came, then %v", got.Len(), len(content), err)
				}
			})
		})
	}
}

// A file that is said to be at an internal address is not fetched from there: the gateway is no way
// into the cluster for whoever can make an upstream, or the business's own app secret, say so.
func TestP8FileAtAnInternalAddressIsNotFetched(t *testing.T) {
	t.Parallel()
	internal, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	var dialled atomic.Int64
	forbidden := &http.Server{
		Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute,
		ConnState: func(net.Conn, http.ConnState) { dialled.Add(1) },
	}
	go func() { _ = forbidden.Serve(internal) }()
	t.Cleanup(func() { _ = forbidden.Close() })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"url":"http://%s/latest/","mime_type":"image/png","id":"77"}`, internal.Addr())
	}))
	t.Cleanup(server.Close)
	w := prepareWorld(t, func(d *config.Document) {
		d.AllowedEgress = []string{"127.0.0.1/32"}
		for i := range d.Channels {
			d.Channels[i].BaseURL = server.URL
		}
	})
	w.dial = nil
	w.start()
	got := w.file(w.describe("77", "").URL)
	if got.status != http.StatusInternalServerError || got.code != 131016 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if n := dialled.Load(); n != 0 {
		t.Errorf("it was dialled %d times", n)
	}
}
