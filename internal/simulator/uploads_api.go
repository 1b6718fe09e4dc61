package simulator

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// uploadPrefix begins the name of an upload in several parts. Source:
// https://developers.facebook.com/docs/graph-api/guides/upload
const uploadPrefix = "upload:"

// beginUpload begins an upload in several parts.
func (s *Simulator) beginUpload(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	known := s.state.knowsToken(r.Header.Get("Authorization"))
	id := uploadPrefix + s.state.ObjectID()
	if known {
		s.state.objects.uploads[id] = []byte{}
	}
	s.mu.Unlock()
	if !known {
		s.refuse(w, whatsapp.InvalidToken())
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"id": id})
}

// continueUpload takes a part, or says how far the upload has come.
func (s *Simulator) continueUpload(w http.ResponseWriter, r *http.Request) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth ")
	id := r.PathValue("id")
	var content []byte
	if r.Method == http.MethodPost {
		var err error
		if content, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxMedia)); err != nil {
			s.refuse(w, mediaRefused("the part is too large"))
			return
		}
	}
	offset, _ := strconv.Atoi(r.Header.Get("file_offset")) // absent: from the beginning
	s.mu.Lock()
	held, begun := s.state.objects.uploads[id]
	known := found && s.state.knowsToken("Bearer "+token)
	fits := begun && offset == len(held)
	if known && fits && r.Method == http.MethodPost {
		s.state.objects.uploads[id] = append(held, content...)
	}
	s.mu.Unlock()
	switch {
	case !known:
		s.refuse(w, whatsapp.InvalidToken())
	case !begun:
		s.refuse(w, whatsapp.UnknownObject())
	case r.Method == http.MethodGet:
		writeJSON(w, http.StatusOK, map[string]any{"id": id, "file_offset": len(held)})
	case !fits:
		s.refuse(w, mediaRefused("file_offset is not where the upload stands"))
	default:
		writeJSON(w, http.StatusOK, map[string]string{"h": "4::" + strings.TrimPrefix(id, uploadPrefix)})
	}
}

func mediaRefused(reason string) *graph.Error {
	return graph.NewError(graph.CodeMediaUpload, "The file was not taken: "+reason+".")
}
