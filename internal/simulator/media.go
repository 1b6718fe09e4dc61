package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

const (
	// maxMedia bounds the bytes of all files; the oldest ones go first.
	maxMedia = 256 << 20
	// mediaLife is how long the address of a file can be used. Source:
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
	mediaLife = 5 * time.Minute
	// mediaPath is where the bytes of files are.
	mediaPath = "/whatsapp_business/attachments"
)

// file is one that a business or a phone has uploaded.
type file struct {
	id, number, kind string
	content          []byte
}

func (f *file) sum() []byte {
	sum := sha256.Sum256(f.content)
	return sum[:]
}

// shelf holds the files.
type shelf struct {
	byID  map[string]*file
	order []string
	size  int
}

// keep stores a file and lets the oldest ones go that it leaves no room for.
func (s *shelf) keep(f *file) {
	s.byID[f.id] = f
	s.order = append(s.order, f.id)
	s.size += len(f.content)
	for s.size > maxMedia && len(s.order) > 1 {
		s.forget(s.order[0])
	}
}

func (s *shelf) forget(id string) {
	s.size -= len(s.byID[id].content)
	delete(s.byID, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
}

// file stores bytes for a number.
func (st *state) file(number, kind string, content []byte) *file {
	f := &file{id: st.ObjectID(), number: number, kind: kind, content: content}
	st.media.keep(f)
	return f
}

// address is where a file's bytes are for the next minutes.
func (st *state) address(base string, f *file, now time.Time) string {
	expires := strconv.FormatInt(now.Add(mediaLife).Unix(), 10)
	query := url.Values{"mid": {f.id}, "ext": {expires}, "hash": {st.proof(f.id, expires)}}
	return base + mediaPath + "?" + query.Encode()
}

// proof is what only the simulator can put into an address.
func (st *state) proof(id, expires string) string {
	mac := hmac.New(sha256.New, strconv.AppendUint(nil, uint64(st.Prefix), 10))
	_, _ = io.WriteString(mac, id+"."+expires) // a hash takes everything
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// serveFile answers with the bytes of a file, if the address is good and the token its account's.
func (s *Simulator) serveFile(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	id, expires := query.Get("mid"), query.Get("ext")
	s.mu.Lock()
	f := s.state.media.byID[id]
	known := f != nil && hmac.Equal([]byte(query.Get("hash")), []byte(s.state.proof(id, expires)))
	owner := s.state.owner(id)
	s.mu.Unlock()
	until, err := strconv.ParseInt(expires, 10, 64)
	switch {
	case !known || err != nil || !s.stage.Now().Before(time.Unix(until, 0)):
		http.NotFound(w, r)
	case owner == nil || !owner.authorized(r.Header.Get("Authorization")):
		s.refuse(w, whatsapp.InvalidToken())
	default:
		w.Header().Set("Content-Type", f.kind)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(f.content)))
	}
}

// uploadMedia takes a file of a business.
func (s *Simulator) uploadMedia(w http.ResponseWriter, r *http.Request) {
	number := r.PathValue("id")
	if failure := s.authorize(r, number); failure != nil {
		s.refuse(w, failure)
		return
	}
	kind, content, err := readUpload(r)
	if err != nil {
		s.refuse(w, mediaRefused(err.Error()))
		return
	}
	s.mu.Lock()
	f := s.state.file(number, kind, content)
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]string{"id": f.id})
}

// readUpload reads the form of an upload.
func readUpload(r *http.Request) (kind string, content []byte, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, errors.New("the body must be multipart/form-data")
	}
	product, found := r.URL.Query().Get("messaging_product"), false
	var declared string // of the file's part
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, errors.New("the body cannot be read")
		}
		value, err := io.ReadAll(io.LimitReader(part, maxMedia))
		if err != nil {
			return "", nil, errors.New("the body cannot be read")
		}
		switch part.FormName() {
		case "messaging_product":
			product = string(value)
		case "type":
			kind = string(value)
		case "file":
			content, found = value, true
			declared = part.Header.Get("Content-Type")
		}
	}
	if !strings.Contains(kind, "/") { // some clients write "image"
		kind = declared
	}
	limit := whatsapp.MediaLimit(kind)
	switch {
	case product != "whatsapp":
		return "", nil, errors.New(`messaging_product must be "whatsapp"`)
	case !found:
		return "", nil, errors.New("file is missing")
	case limit == 0:
		return "", nil, errors.New("type is not taken")
	case int64(len(content)) > limit:
		return "", nil, errors.New("file is too large for its type")
	}
	return kind, content, nil
}

// described is what GET /{media-id} tells of a file.
func (st *state) described(base string, f *file, now time.Time) map[string]any {
	return map[string]any{
		"messaging_product": "whatsapp", "url": st.address(base, f, now), "mime_type": f.kind,
		"sha256": hex.EncodeToString(f.sum()), "file_size": len(f.content), "id": f.id,
	}
}

// InboundFile is a file that a phone sends.
type InboundFile struct {
	// To is the phone number id of the business.
	To string
	// Type is image, video, audio, document or sticker.
	Type string
	// MIMEType is the file's, such as image/jpeg.
	MIMEType          string
	Caption, Filename string
	Content           []byte
}

// Send has a phone send a file and returns the message's id.
func (s *Simulator) Send(number string, in InboundFile) (string, error) {
	switch in.Type {
	case request.TypeImage, request.TypeVideo, request.TypeAudio, request.TypeDocument, request.TypeSticker:
	default:
		return "", errors.New("type: use image, video, audio, document or sticker")
	}
	if len(in.Content) == 0 || in.MIMEType == "" {
		return "", errors.New("give the file's bytes as the body, and its type as Content-Type")
	}
	s.mu.Lock()
	f := s.state.file(in.To, in.MIMEType, in.Content)
	about := map[string]any{"mime_type": f.kind, "sha256": base64.StdEncoding.EncodeToString(f.sum()), "id": f.id}
	if s.config.URL != "" {
		about["url"] = s.state.address(s.config.URL, f, s.stage.Now())
	}
	s.mu.Unlock()
	for name, value := range map[string]string{"caption": in.Caption, "filename": in.Filename} {
		if value != "" {
			about[name] = value
		}
	}
	raw, err := rawjson.Marshal(about)
	if err != nil {
		return "", err
	}
	kind, err := rawjson.Marshal(in.Type)
	if err != nil {
		return "", err
	}
	return s.Write(number, Inbound{To: in.To, Message: map[string]json.RawMessage{"type": kind, in.Type: raw}})
}

// controlFile has a phone send the body as a file.
func (s *Simulator) controlFile(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMedia))
	if err != nil {
		badRequest(w, errors.New("the file is too large"))
		return
	}
	query := r.URL.Query()
	id, err := s.Send(r.PathValue("number"), InboundFile{
		To: query.Get("to"), Type: query.Get("type"), MIMEType: r.Header.Get("Content-Type"),
		Caption: query.Get("caption"), Filename: query.Get("filename"), Content: content,
	})
	if err != nil {
		badRequest(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"id": id})
}

// controlMedia shows a file to the page. What a browser could run is only offered for saving.
func (s *Simulator) controlMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.state.media.byID[r.PathValue("id")]
	s.mu.Unlock()
	if f == nil {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	family, _, _ := strings.Cut(f.kind, "/")
	if family != "image" && family != "audio" && family != "video" {
		header.Set("Content-Disposition", "attachment")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
}
