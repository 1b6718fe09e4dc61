package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
)

// get asks the simulator with an authorization.
func (w *world) get(address, authorization string, header ...string) (int, string) {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		w.Fatal(err)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// A phone's file is kept; its address needs the token and is good for five minutes.
func TestFileOfAPhoneIsKept(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	config := testConfig()
	config.URL = "http://simulator.example"
	w := newWorld(t, config, func() time.Time { return now })
	if _, err := w.s.Send(ana, InboundFile{
		To: number1, Type: "image", MIMEType: "image/png", Caption: "front", Content: []byte("0123456789"),
	}); err != nil {
		t.Fatal(err)
	}
	w.idle()
	messages := w.business.messages()
	if len(messages) != 1 {
		t.Fatalf("the business was told of %d messages", len(messages))
	}
	var told struct {
		Image struct{ Caption, ID, URL, SHA256 string }
	}
	if err := json.Unmarshal(messages[0].Raw, &told); err != nil {
		t.Fatal(err)
	}
	if told.Image.Caption != "front" || told.Image.SHA256 != "hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=" {
		t.Errorf("the business was told of %+v", told.Image)
	}
	path, ours := strings.CutPrefix(told.Image.URL, "http://simulator.example")
	if !ours {
		t.Fatalf("the address is %s", told.Image.URL)
	}
	address, bearer := w.api.URL+path, "Bearer "+token
	for name, tc := range map[string]struct {
		authorization string
		header        []string
		status        int
		body          string
	}{
		"the file":      {bearer, nil, 200, "0123456789"},
		"a range":       {bearer, []string{"Range", "bytes=2-3"}, 206, "23"},
		"no token":      {"", nil, 401, ""},
		"another token": {"Bearer nobody", nil, 401, ""},
	} {
		status, body := w.get(address, tc.authorization, tc.header...)
		if status != tc.status || tc.body != "" && body != tc.body {
			t.Errorf("%s got %d %q, want %d %q", name, status, body, tc.status, tc.body)
		}
	}
	forged := strings.Replace(address, "mid="+told.Image.ID, "mid=1", 1)
	if status, _ := w.get(forged, bearer); status != http.StatusNotFound {
		t.Errorf("a forged address got %d", status)
	}
	now = now.Add(5 * time.Minute)
	if status, _ := w.get(address, bearer); status != http.StatusNotFound {
		t.Errorf("after five minutes it got %d", status)
	}
	var described struct {
		Size int    `json:"file_size"`
		Type string `json:"mime_type"`
	}
	own := url.Values{"phone_number_id": {number1}}
	if err := w.client.Do(t.Context(), http.MethodGet, told.Image.ID, own, nil, &described); err != nil {
		t.Fatal(err)
	}
	if described.Size != 10 || described.Type != "image/png" {
		t.Errorf("it is described as %+v", described)
	}
	err := w.client.Do(t.Context(), http.MethodGet, told.Image.ID, url.Values{"phone_number_id": {"1"}}, nil, nil)
	if failure, ok := graph.AsError(err); !ok || failure.Code != 100 || failure.Subcode != 33 {
		t.Errorf("through another number it got %v", err)
	}
}

// The oldest files go when there is no room.
func TestShelfIsBounded(t *testing.T) {
	s := shelf{byID: map[string]*file{}}
	for _, id := range []string{"a", "b", "c"} {
		s.keep(&file{id: id, content: make([]byte, maxMedia/2)})
	}
	if s.byID["a"] != nil || s.byID["b"] == nil || s.byID["c"] == nil || s.size != maxMedia {
		t.Errorf("it holds %d bytes of %v", s.size, s.order)
	}
}

func TestPhoneSendsOnlyFiles(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for query, want := range map[string]int{
		"to=" + number1 + "&type=image": 400, // without bytes
		"to=" + number1 + "&type=text":  400,
	} {
		w.control("POST", "/control/phones/"+ana+"/media?"+query, "", want)
	}
	w.control("POST", "/control/phones/"+ana+"/media?type=image&to=1", "x", 400)
}
