package gateway

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

const attachedType = "multipart/form-data; boundary=b"

// attached is a request to send in parts: pairs of fields, and a file behind them.
func attached(file string, fields ...string) string {
	var body strings.Builder
	for i := 0; i < len(fields); i += 2 {
		fmt.Fprintf(&body, "--b\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", fields[i], fields[i+1])
	}
	return body.String() + "--b\r\nContent-Disposition: form-data; name=\"filedata\"; filename=\"a.png\"\r\n" +
		"Content-Type: image/png\r\n\r\n" + file + "\r\n--b--\r\n"
}

const (
	picturePart  = `{"attachment":{"type":"image","payload":{}}}`
	reusablePart = `{"attachment":{"type":"image","payload":{"is_reusable":true}}}`
)

func recipientPart(person string) string { return `{"id":"` + person + `"}` }

// A file in a request for a message is passed on, and the message names it. The answer is Meta's.
func TestAMessageBringsItsFileAlong(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		message string
		answers string
	}{
		"once":             {picturePart, `{"recipient_id":"%s","message_id":"%s"}`},
		"without payload":  {`{"attachment":{"type":"image"}}`, `{"recipient_id":"%s","message_id":"%s"}`},
		"to be sent again": {reusablePart, `{"recipient_id":"%s","message_id":"%s","attachment_id":"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, gatewaytest.WithPages(t))
				person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
				got := w.do(http.MethodPost, "/v26.0/me/messages",
					attached(
						"\x89PNG", "recipient", recipientPart(person), "messaging_type", "RESPONSE", "message", tc.message,
					),
					"Authorization", "Bearer "+gatewaytest.PageKey, "Content-Type", attachedType)
				if want := fmt.Sprintf(tc.answers, person, got.id); got.status != http.StatusOK ||
					!strings.HasPrefix(got.body, want) {
					t.Fatalf("got %d %s; want 200 %s", got.status, got.body, want)
				}
				if r := w.settled(1); r.Period.Billed != usd("0.01") {
					t.Errorf("%s is billed; want 0.01 USD", r.Period.Billed)
				}
				sent := w.sim.Messages(simulator.MessageFilter{To: person})
				if len(sent) != 1 || sent[0].Type != "image" ||
					!strings.Contains(string(sent[0].Body), `"payload":{"attachment_id":"`) {
					t.Errorf("the upstream has %+v; want the image by its id", sent)
				}
			})
		})
	}
}

// What may not be sent is refused before its file goes anywhere, and so is what cannot be read.
func TestTheFileOfARefusedMessageIsNotPassedOn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ago  time.Duration
		body func(person string) string
		code int
		says string
	}{
		"P4 outside the window": {25 * time.Hour, func(person string) string {
			return attached(
				"x", "recipient", recipientPart(person), "messaging_type", "RESPONSE", "message", picturePart,
			)
		}, 10, "2018278"},
		"a message behind the file": {time.Hour, func(person string) string {
			return behind(attached("x", "recipient", recipientPart(person)), "message", picturePart)
		}, 100, "before the part filedata"},
		"an address too": {time.Hour, func(person string) string {
			return attached("x", "recipient", recipientPart(person), "message",
				`{"attachment":{"type":"image","payload":{"url":"https://a.example/i.png"}}}`)
		}, 100, "must have no url"},
		"a text": {time.Hour, func(person string) string {
			return attached("x", "recipient", recipientPart(person), "message", `{"text":"hi"}`)
		}, 100, "message.attachment"},
		"a template": {time.Hour, func(person string) string {
			return attached("x", "recipient", recipientPart(person), "message",
				`{"attachment":{"type":"template","payload":{}}}`)
		}, 100, "message.attachment.type"},
		"another part": {time.Hour, func(person string) string {
			body := attached("x", "recipient", recipientPart(person), "message", picturePart)
			return strings.Replace(body, `name="filedata"`, `name="file"`, 1)
		}, 100, "must be in the part filedata"},
		"a batch": {time.Hour, func(person string) string {
			return attached("x", "recipient", recipientPart(person), "message", picturePart, "batch", "[]")
		}, 100, "batch are not taken"},
		"a dry run in a part": {time.Hour, func(person string) string {
			return attached("x", "recipient", recipientPart(person), "message", picturePart, "dry_run", "true")
		}, 100, "Guichet-Dry-Run"},
		"many fields": {time.Hour, func(person string) string {
			return attached("x", "recipient", recipientPart(person), "message", picturePart, "note",
				strings.Repeat("x", 300<<10))
		}, 100, "larger than 262144 bytes"},
		"cut": {time.Hour, func(person string) string {
			return attached("x", "recipient", recipientPart(person), "message", picturePart)[:60]
		}, 100, "could not be read"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, uploads := newWorldWithUploads(t)
				person, _ := w.chats(pageID, tc.ago, pages.Act{Text: "hello"})
				got := w.do(
					http.MethodPost, "/v26.0/"+pageID+"/messages", tc.body(person), "Content-Type", attachedType,
				)
				if got.code != tc.code || !strings.Contains(got.body, tc.says) {
					t.Errorf("got %d %s; want %d and %q", got.status, got.body, tc.code, tc.says)
				}
				if n := uploads(); n != 0 {
					t.Errorf("the upstream got %d files", n)
				}
			})
		})
	}
}

// behind adds fields behind the file of a form.
func behind(body string, fields ...string) string {
	var form strings.Builder
	form.WriteString(strings.TrimSuffix(body, "--b--\r\n"))
	for i := 0; i < len(fields); i += 2 {
		fmt.Fprintf(&form, "--b\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", fields[i], fields[i+1])
	}
	form.WriteString("--b--\r\n")
	return form.String()
}

// Published clients write the recipient behind the file. Then all fields count, whatever stands
// before it, and what may not be sent is refused too.
func TestP4FieldsBehindTheFileCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		send := func(body string, header ...string) answer {
			return w.do(http.MethodPost, "/v26.0/"+pageID+"/messages", body,
				append(header, "Content-Type", attachedType)...)
		}
		person, _ := w.chats(pageID, 25*time.Hour, pages.Act{Text: "hello"})
		update := behind(
			attached("x", "message", picturePart), "messaging_type", "UPDATE", "recipient", recipientPart(person),
		)
		if got := send(update); got.code != 10 {
			t.Errorf("outside the window: %d %s; want 10", got.status, got.body)
		}
		byHand := behind(
			attached("x", "recipient", recipientPart(person), "message", picturePart), "messaging_type", "MESSAGE_TAG",
			"tag", "HUMAN_AGENT",
		)
		if got := send(byHand); got.code != 200 || !strings.Contains(got.body, "Guichet-Written-By") {
			t.Errorf("by nobody: %d %s; want 200", got.status, got.body)
		}
		if got := send(byHand, "Guichet-Written-By", "person"); got.status != http.StatusOK {
			t.Errorf("by a person: %d %s", got.status, got.body)
		}
		w.chats(pageID, time.Hour, pages.Act{Text: "hello again"})
		if got := send(update); got.status != http.StatusOK {
			t.Errorf("inside the window: %d %s", got.status, got.body)
		}
		for name, body := range map[string]string{
			"no recipient":  attached("x", "message", picturePart),
			"two":           behind(update, "recipient", recipientPart("7")),
			"a second file": strings.TrimSuffix(update, "--b--\r\n") + attached("y"),
			"many fields":   behind(update, "note", strings.Repeat("x", 300<<10)),
		} {
			if got := send(body); got.code != 100 {
				t.Errorf("%s: got %d %s; want 100", name, got.status, got.body)
			}
		}
		if r := w.settled(2); r.Period.Messages != 2 {
			t.Errorf("%d messages are settled; want 2", r.Period.Messages)
		}
	})
}

// newWorldWithUploads counts the files that the upstream is given.
func newWorldWithUploads(t *testing.T) (w *world, uploads func() int64) {
	t.Helper()
	counted := make(chan struct{}, 1024)
	net := gatewaytest.NewNetwork()
	front := net.Serve(t, http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/message_attachments") {
			counted <- struct{}{}
		}
		w.sim.Handler().ServeHTTP(answer, r)
	}))
	w = listenOn(t, net, gatewaytest.WithPages(t), func(d *config.Document) {
		for i := range d.Channels {
			d.Channels[i].BaseURL = front.URL
		}
	})
	w.start()
	w.runSimulator()
	return w, func() int64 { return int64(len(counted)) }
}

// The same key and the same file are the same message, whose file is stored once; another file is
// another request.
func TestP2ARepeatedMessageWithAFileIsSentOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, uploads := newWorldWithUploads(t)
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		send := func(file string) answer {
			return w.do(http.MethodPost, "/v26.0/"+pageID+"/messages",
				attached(file, "recipient", recipientPart(person), "message", picturePart),
				"Content-Type", attachedType, "Idempotency-Key", "once")
		}
		first, again := send("bytes"), send("bytes")
		if first.status != http.StatusOK || again.status != http.StatusOK || first.id == "" || again.id != first.id {
			t.Fatalf("got %d %s and %d %s; want one message", first.status, first.body, again.status, again.body)
		}
		if other := send("other bytes"); other.code != 100 || !strings.Contains(other.body, "another request") {
			t.Errorf("another file got %d %s; want 100", other.status, other.body)
		}
		if r := w.settled(1); r.Period.Messages != 1 || uploads() != 1 {
			t.Errorf("%d messages, %d uploads; want one of each", r.Period.Messages, uploads())
		}
	})
}

// A dry run answers what the message would mean, without its file.
func TestP3ADryRunOfAMessageWithAFileStoresNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, uploads := newWorldWithUploads(t)
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		got := w.do(http.MethodPost, "/v26.0/"+pageID+"/messages",
			attached("bytes", "recipient", recipientPart(person), "message", picturePart),
			"Content-Type", attachedType, "Guichet-Dry-Run", "true")
		if got.status != http.StatusOK || !strings.Contains(got.body, `"0.01"`) || uploads() != 0 {
			t.Errorf("got %d %s with %d uploads; want the price and no upload", got.status, got.body, uploads())
		}
		if r := w.report(); r.Period.Messages != 0 {
			t.Errorf("%d messages are settled", r.Period.Messages)
		}
	})
}

// What the upstream says of a file is what the client hears, and no message is accepted.
func TestAFileThatMetaRefusesIsNoMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, gatewaytest.WithPages(t))
		person, _ := w.chats(pageID, time.Hour, pages.Act{Text: "hello"})
		for name, file := range map[string]struct{ bytes, says string }{
			"empty": {"", "The file is empty."}, "too large": {strings.Repeat("x", 25<<20+1), "25 MiB at most"},
		} {
			got := w.do(http.MethodPost, "/v26.0/"+pageID+"/messages",
				attached(file.bytes, "recipient", recipientPart(person), "message", picturePart),
				"Content-Type", attachedType)
			if got.code != 100 || !strings.Contains(got.body, file.says) {
				t.Errorf("%s: got %d %s; want 100 and %q", name, got.status, got.body, file.says)
			}
		}
		if got := w.sendFrom(pageID, messageTo(person, "hi")); got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if r := w.settled(1); r.Period.Messages != 1 {
			t.Errorf("%d messages are settled; want the text alone", r.Period.Messages)
		}
	})
}

// A file is never held whole: its first bytes are at the upstream before the client has sent the
// last.
func TestAFileIsPassedOnWhileItArrives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w *world
		arrived := make(chan struct{})
		net := gatewaytest.NewNetwork()
		front := net.Serve(t, http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/message_attachments") {
				if _, err := io.ReadFull(r.Body, make([]byte, 1<<20)); err == nil {
					close(arrived)
				}
			}
			w.sim.Handler().ServeHTTP(answer, r)
		}))
		w = listenOn(t, net, gatewaytest.WithPages(t), func(d *config.Document) {
			for i := range d.Channels {
				d.Channels[i].BaseURL = front.URL
			}
		})
		w.start()
		w.runSimulator()
		body, into := io.Pipe()
		request, err := http.NewRequest(http.MethodPost, w.api+"/v26.0/"+pageID+"/message_attachments", body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+apiKey)
		request.Header.Set("Content-Type", attachedType)
		head, rest, _ := strings.Cut(attached("|", "message", reusablePart), "|")
		go func() {
			_, _ = io.WriteString(into, head+strings.Repeat("x", 2<<20))
			<-arrived // the rest comes only then
			_, _ = io.WriteString(into, rest)
			_ = into.Close()
		}()
		response, err := w.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		select {
		case <-arrived:
		default:
			t.Fatalf("got %d before the upstream had anything", response.StatusCode)
		}
	})
}
