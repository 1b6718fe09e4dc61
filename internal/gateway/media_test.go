package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/simulator"
)

const mediaOf = "/v26.0/" + phoneID + "/media"

// form is an upload: fields by name and value, then the file of a type.
func form(tb testing.TB, kind string, content []byte, fields ...string) (contentType, body string) {
	tb.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			tb.Fatal(err)
		}
	}
	if content != nil {
		header := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a.bin"`}}
		if kind != "" {
			header.Set("Content-Type", kind)
		}
		part, err := w.CreatePart(header)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := part.Write(content); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return w.FormDataContentType(), out.String()
}

// uploaded uploads a picture and returns its id.
func (w *world) uploaded(content []byte) string {
	w.t.Helper()
	kind, body := form(w.t, "image/jpeg", content, "messaging_product", "whatsapp", "type", "image/jpeg")
	got := w.do(http.MethodPost, mediaOf, body, "Content-Type", kind)
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || got.status != http.StatusOK || answer.ID == "" {
		w.t.Fatalf("the upload got %d %s", got.status, got.body)
	}
	return answer.ID
}

// described is what the gateway tells of a file.
type described struct {
	Product string `json:"messaging_product"`
	URL     string `json:"url"`
	Type    string `json:"mime_type"`
	SHA256  string `json:"sha256"`
	Size    int    `json:"file_size"`
	ID      string `json:"id"`
}

func (w *world) describe(id, query string) described {
	w.t.Helper()
	got := w.do(http.MethodGet, "/v26.0/"+id+query, "")
	var d described
	if err := json.Unmarshal([]byte(got.body), &d); err != nil || got.status != http.StatusOK {
		w.t.Fatalf("the description got %d %s", got.status, got.body)
	}
	return d
}

// file asks for the file at an address of the gateway's.
func (w *world) file(address string, header ...string) answer {
	w.t.Helper()
	path, ours := strings.CutPrefix(address, w.api)
	if !ours {
		w.t.Fatalf("%s is not the gateway's", address)
	}
	return w.do(http.MethodGet, path, "", header...)
}

func picture(size int) []byte {
	content := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)
	return content[:size]
}

func TestMediaGoRoundThroughTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := picture(300_000)
	sum := sha256.Sum256(content)
	id := w.uploaded(content)
	got := w.describe(id, "")
	want := described{
		Product: "whatsapp", URL: got.URL, Type: "image/jpeg", SHA256: hex.EncodeToString(sum[:]), Size: 300_000,
		ID: id,
	}
	if got != want {
		t.Errorf("it is described as %+v, want %+v", got, want)
	}
	for _, path := range []string{"/" + id, "/v26.0/" + id + "?phone_number_id=" + phoneID, "/v19.0//" + id + "/"} {
		if got := w.do(http.MethodGet, path, ""); got.status != http.StatusOK {
			t.Errorf("%s got %d %s", path, got.status, got.body)
		}
	}
	whole := w.file(got.URL)
	if whole.status != http.StatusOK || whole.body != string(content) ||
		whole.header.Get("Content-Type") != "image/jpeg" || whole.header.Get("Content-Length") != "300000" {
		t.Errorf("the file got %d, %d bytes, %v", whole.status, len(whole.body), whole.header)
	}
	part := w.file(got.URL, "Range", "bytes=100-199")
	if part.status != http.StatusPartialContent || part.body != string(content[100:200]) ||
		part.header.Get("Content-Range") != "bytes 100-199/300000" {
		t.Errorf("the range got %d %q %v", part.status, part.body, part.header)
	}
	if beyond := w.file(got.URL, "Range", "bytes=400000-"); beyond.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a range behind the end got %d", beyond.status)
	}
	if a := w.do(http.MethodDelete, "/v26.0/"+id+"?phone_number_id="+phoneID, ""); a.status != http.StatusOK ||
		a.body != `{"success":true}` {
		t.Errorf("the deletion got %d %s", a.status, a.body)
	}
	if a := w.do(http.MethodGet, "/v26.0/"+id, ""); a.status != http.StatusBadRequest || a.code != 100 ||
		!strings.Contains(a.body, `"error_subcode":33`) {
		t.Errorf("the deleted file got %d %s", a.status, a.body)
	}
	if a := w.file(got.URL); a.status != http.StatusNotFound {
		t.Errorf("the address of the deleted file got %d", a.status)
	}
	if n := w.metric(`guichet_gateway_media_transfers_total{direction="up",result="delivered"}`); n != "1" {
		t.Errorf("%q uploads are counted", n)
	}
}

// An address is good for five minutes, for whoever has a token of this account, and nobody can make
// one.
func TestP8AddressOfAFileOpensNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address := w.describe(w.uploaded(picture(1000)), "").URL
	upstream := strings.TrimPrefix(w.upstream.URL, "http://")
	if strings.Contains(address, upstream) || strings.Contains(address, accessToken) {
		t.Errorf("the address tells where the file is: %s", address)
	}
	if a := w.file(address, "Authorization", "Bearer nobody"); a.status != http.StatusUnauthorized || a.code != 190 {
		t.Errorf("without a token of the account it got %d %s", a.status, a.body)
	}
	other := newWorld(t)
	foreign := other.describe(other.uploaded(picture(1000)), "").URL
	reference := foreign[strings.LastIndex(foreign, "/")+1:]
	mine := address[strings.LastIndex(address, "/")+1:]
	for name, forged := range map[string]string{
		"another account's": reference, "cut": mine[:len(mine)-4], "changed": mine[:len(mine)-1] + "_" + mine[:1],
		"an address in clear": base64.RawURLEncoding.EncodeToString(
			[]byte(`{"c":"` + phoneID + `","u":"http://127.0.0.1:1/"}`),
		),
		"long": strings.Repeat("A", 9000), "nothing": "AAAA",
	} {
		if a := w.file(w.api + "/media/" + forged); a.status != http.StatusNotFound || a.code != 100 {
			t.Errorf("%s reference got %d %s", name, a.status, a.body)
		}
	}
	w.clock.Advance(4*time.Minute + 30*time.Second)
	if a := w.file(address); a.status != http.StatusOK {
		t.Errorf("before its end it got %d %s", a.status, a.body)
	}
	w.clock.Advance(31 * time.Second)
	if a := w.file(address); a.status != http.StatusNotFound {
		t.Errorf("after five minutes it got %d", a.status)
	}
}

func TestMediaAreBoundToTheAccountsNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kind, body := form(t, "image/png", picture(10), "messaging_product", "whatsapp", "type", "image/png")
	got := w.do(http.MethodPost, "/v26.0/"+secondPhone+"/media", body, "Content-Type", kind)
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
		t.Fatal(err)
	}
	if d := w.describe(answer.ID, ""); d.ID != answer.ID { // whichever number has it
		t.Errorf("it is described as %+v", d)
	}
	w.control(http.MethodPut, "accounts/202290129340398",
		`{"id":"202290129340398","tokens":["another"],"numbers":[{"id":"206540352242922","displayPhoneNumber":"+33 1"}]}`)
	if a := w.do(http.MethodDelete, "/v26.0/"+phoneID, ""); a.status != http.StatusMethodNotAllowed {
		t.Errorf("the deletion of a number got %d %s, want 405", a.status, a.body)
	}
	for name, tc := range map[string]struct {
		path         string
		status, code int
	}{
		"through a number that has it not": {"/v26.0/" + answer.ID + "?phone_number_id=" + phoneID, 400, 100},
		"through a number of nobody":       {"/v26.0/" + answer.ID + "?phone_number_id=1", 400, 33},
		"another account's":                {"/v26.0/" + foreignFile(w), 400, 100},
		"no file":                          {"/v26.0/999", 400, 100},
		"a word":                           {"/v26.0/nothing", 400, 100},
		"a path in an id":                  {"/v26.0/..%2F" + answer.ID, 400, 100},
	} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			if a := w.do(method, tc.path, ""); a.status != tc.status || a.code != tc.code {
				t.Errorf("%s %s got %d %s, want %d with %d", method, name, a.status, a.body, tc.status, tc.code)
			}
		}
	}
}

// foreignFile uploads a file of another account of the same upstream, and returns its id.
func foreignFile(w *world) string {
	w.t.Helper()
	kind, body := form(w.t, "image/png", picture(10), "messaging_product", "whatsapp", "type", "image/png")
	request, err := http.NewRequest(
		http.MethodPost, w.upstream.URL+"/v26.0/206540352242922/media", strings.NewReader(body),
	)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Authorization", "Bearer another")
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(readAll(w.t, response)), &answer); err != nil || answer.ID == "" {
		w.t.Fatal("the upstream did not take the file")
	}
	return answer.ID
}

// A form with nothing but a file, and its type.
const (
	onlyType = "multipart/form-data; boundary=b"
	onlyFile = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n" +
		"Content-Type: image/png\r\n\r\nx\r\n--b--\r\n"
)

// The address in a webhook is the gateway's; everything else of the callback is as Meta wrote it.
func TestAddressInACallbackIsTheGateways(t *testing.T) {
	t.Parallel()
	w := prepareWorld(t)
	w.document.URL = w.api
	w.writeDocument()
	w.start()
	w.runSimulator()
	sum := sha256.Sum256(picture(1000))
	digest := base64.StdEncoding.EncodeToString(sum[:])
	id := w.uploaded(picture(1000))
	// the address as the upstream tells it
	request, err := http.NewRequest(http.MethodGet, w.upstream.URL+"/v26.0/"+id, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response, err := w.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	var upstream described
	if err := json.Unmarshal([]byte(readAll(t, response)), &upstream); err != nil {
		t.Fatal(err)
	}
	const before = `{"object":"whatsapp_business_account","entry":[{"id":"` + waba + `","time":`
	message := func(address string) string {
		return `{"from":"` + ana + `","id":"wamid.picture","timestamp":"` + unixSeconds(w.clock.Now()) +
			`","type":"image","image":{"caption":"caf\u00e9","mime_type":"image\/jpeg","url":` + address +
			`,"sha256":"` + digest + `","id":"` + id + `"}}`
	}
	address := strconv.Quote(upstream.URL)
	value := `{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"` + phoneID +
		`"},"contacts":[{"profile":{"name":"Ana"},"wa_id":"` + ana + `"}],"messages":[` + message(address) + `]}`
	w.control(http.MethodPost, "webhooks", `{"account":"`+waba+`","field":"messages","value":`+value+`}`)
	w.until("the business is told", func() bool { return len(w.business.received("wamid.picture")) == 1 })
	body := w.business.received("wamid.picture")[0]
	_, rest, _ := strings.Cut(body, `"url":"`)
	ours, _, _ := strings.Cut(rest, `"`)
	if a := w.file(ours); a.status != http.StatusOK || a.body != string(picture(1000)) {
		t.Errorf("the business's token got %d %s", a.status, a.body)
	}
	want := `[{"value":` + strings.Replace(value, address, strconv.Quote(ours), 1) + `,"field":"messages"}]}]}`
	if !strings.HasPrefix(body, before) || !strings.HasSuffix(body, want) {
		t.Errorf("the business got %s, want an end of %s", body, want)
	}
}

// A phone's picture comes with an address in the webhook, if the simulator knows its own.
func TestPhoneSendsAPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.sim.Send(ana, simulator.InboundFile{
		To: phoneID, Type: "image", MIMEType: "image/jpeg", Caption: "front", Content: picture(100),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.until("the business is told", func() bool { return len(w.business.received(id)) == 1 })
	body := w.business.received(id)[0]
	_, rest, _ := strings.Cut(body, `"image":{`)
	var about described
	object, _, _ := strings.Cut(rest, "}")
	if err := json.Unmarshal([]byte("{"+object+"}"), &about); err != nil || about.ID == "" {
		t.Fatalf("the business got %s", body)
	}
	if a := w.file(w.describe(about.ID, "").URL); a.body != string(picture(100)) {
		t.Errorf("the picture got %d %s", a.status, a.body)
	}
}
