package simulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// object is something that an account has, as its fields.
type object struct {
	account string
	fields  map[string]any
}

// objects are what belongs to accounts beside numbers, templates and messages.
type objects struct {
	// settings are those of numbers, by number and edge.
	settings map[[2]string]map[string]any
	// codes are the QR codes of numbers, by number and code.
	codes map[string]map[string]map[string]any
	flows map[string]*object
	// uploads are uploads in several parts: their bytes so far.
	uploads map[string][]byte
}

func newObjects() objects {
	return objects{
		settings: map[[2]string]map[string]any{}, codes: map[string]map[string]map[string]any{},
		flows: map[string]*object{}, uploads: map[string][]byte{},
	}
}

// objectsAPI adds the calls about what a number or an account has.
func (s *Simulator) objectsAPI(mux *http.ServeMux) {
	for _, edge := range []string{
		"whatsapp_business_profile", "settings", "whatsapp_commerce_settings", "conversational_automation",
		"business_compliance_info", "whatsapp_business_encryption",
	} {
		mux.HandleFunc("GET /{version}/{id}/"+edge, s.ofObject(func(r *http.Request, _ map[string]any) any {
			held := maps.Clone(s.state.setting(r.PathValue("id"), edge))
			return map[string]any{"data": []any{selectedFields(held, r.URL.Query().Get("fields"))}}
		}))
		mux.HandleFunc("POST /{version}/{id}/"+edge, s.ofObject(func(r *http.Request, given map[string]any) any {
			maps.Copy(s.state.setting(r.PathValue("id"), edge), given)
			return whatsapp.Success()
		}))
	}
	for _, edge := range []string{"register", "deregister", "request_code", "verify_code"} {
		mux.HandleFunc("POST /{version}/{id}/"+edge, s.ofObject(func(*http.Request, map[string]any) any {
			return whatsapp.Success()
		}))
	}
	mux.HandleFunc("GET /{version}/{id}/message_qrdls", s.ofObject(func(r *http.Request, _ map[string]any) any {
		codes := s.state.objects.codes[r.PathValue("id")]
		data := make([]any, 0, len(codes))
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			data = append(data, codes[code])
		}
		return map[string]any{"data": data}
	}))
	mux.HandleFunc("POST /{version}/{id}/message_qrdls", s.ofObject(func(r *http.Request, given map[string]any) any {
		number := r.PathValue("id")
		code := "QR" + s.state.ObjectID()
		if s.state.objects.codes[number] == nil {
			s.state.objects.codes[number] = map[string]map[string]any{}
		}
		made := map[string]any{
			"code": code, "prefilled_message": given["prefilled_message"],
			"deep_link_url": "https://wa.me/message/" + code,
		}
		s.state.objects.codes[number][code] = made
		return made
	}))
	const oneCode = "DELETE /{version}/{id}/message_qrdls/{code}"
	mux.HandleFunc(oneCode, s.ofObject(func(r *http.Request, _ map[string]any) any {
		delete(s.state.objects.codes[r.PathValue("id")], r.PathValue("code"))
		return whatsapp.Success()
	}))
	mux.HandleFunc("GET /{version}/{id}/phone_numbers", s.ofObject(s.listNumbers))
	mux.HandleFunc("GET /{version}/{id}/flows", s.ofObject(func(r *http.Request, _ map[string]any) any {
		data := []any{}
		for _, id := range slices.Sorted(maps.Keys(s.state.objects.flows)) {
			if flow := s.state.objects.flows[id]; flow.account == r.PathValue("id") {
				data = append(data, selectedFields(flow.fields, r.URL.Query().Get("fields")))
			}
		}
		return map[string]any{"data": data}
	}))
	mux.HandleFunc("POST /{version}/{id}/flows", s.ofObject(func(r *http.Request, given map[string]any) any {
		id := s.state.ObjectID()
		given["id"], given["status"] = id, "DRAFT"
		given["whatsapp_business_account"] = map[string]string{"id": r.PathValue("id")}
		s.state.objects.flows[id] = &object{account: r.PathValue("id"), fields: given}
		return map[string]any{"id": id, "success": true}
	}))
	mux.HandleFunc("POST /{version}/{id}/publish", s.ofObject(func(r *http.Request, _ map[string]any) any {
		if flow := s.state.objects.flows[r.PathValue("id")]; flow != nil {
			flow.fields["status"] = "PUBLISHED"
		}
		return whatsapp.Success()
	}))
	mux.HandleFunc("POST /{version}/app/uploads", s.beginUpload)
}

// setting are the fields of an edge of a number.
func (st *state) setting(number, edge string) map[string]any {
	key := [2]string{number, edge}
	if st.objects.settings[key] == nil {
		st.objects.settings[key] = map[string]any{"messaging_product": "whatsapp"}
	}
	return st.objects.settings[key]
}

// ofObject serves a call about an object of an account; answer runs with the state held.
func (s *Simulator) ofObject(answer func(*http.Request, map[string]any) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if failure := s.authorize(r, r.PathValue("id")); failure != nil {
			s.refuse(w, failure)
			return
		}
		given := map[string]any{}
		if r.Method != http.MethodGet && readJSON(w, r, &given) != nil {
			given = map[string]any{}
		}
		for name, values := range r.URL.Query() {
			given[name] = values[0]
		}
		s.mu.Lock()
		content := answer(r, given)
		s.mu.Unlock()
		writeJSON(w, http.StatusOK, content)
	}
}

// listNumbers lists an account's numbers in one page.
func (s *Simulator) listNumbers(r *http.Request, _ map[string]any) any {
	data := []any{}
	for _, id := range slices.Sorted(maps.Keys(s.state.numbers)) {
		if n := s.state.numbers[id]; n.account.ID == r.PathValue("id") {
			data = append(data, selectedFields(s.state.fieldsOf(id), r.URL.Query().Get("fields")))
		}
	}
	return map[string]any{"data": data}
}

// fieldsOf are all fields of an object with an owner.
func (st *state) fieldsOf(id string) map[string]any {
	fields := map[string]any{}
	if flow := st.objects.flows[id]; flow != nil {
		return maps.Clone(flow.fields)
	}
	encoded, err := json.Marshal(st.object(id))
	if err != nil || json.Unmarshal(encoded, &fields) != nil {
		return map[string]any{"id": id}
	}
	if st.numbers[id] != nil {
		fields["name_status"], fields["code_verification_status"] = "APPROVED", "VERIFIED"
		fields["whatsapp_business_manager_messaging_limit"] = "TIER_100K"
		fields["health_status"] = map[string]any{"can_send_message": "AVAILABLE", "entities": []any{}}
	}
	return fields
}

// selectedFields are the named fields, with the id; all of them if none is named.
func selectedFields(fields map[string]any, names string) map[string]any {
	if names == "" {
		return fields
	}
	chosen := map[string]any{}
	for name := range strings.SplitSeq(names+",id", ",") {
		if value, ok := fields[name]; ok {
			chosen[name] = value
		}
	}
	return chosen
}

// forgetObject deletes a file or a flow.
func (s *Simulator) forgetObject(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if failure := s.authorize(r, id); failure != nil {
		if s.knows(r) {
			failure = whatsapp.UnknownObject()
		}
		s.refuse(w, failure)
		return
	}
	s.mu.Lock()
	failure := graph.NewError(graph.CodeInvalidParameter, "This object cannot be deleted here.")
	if s.state.media.byID[id] != nil {
		s.state.media.forget(id)
		failure = nil
	}
	if s.state.objects.flows[id] != nil {
		delete(s.state.objects.flows, id)
		failure = nil
	}
	s.mu.Unlock()
	s.succeed(w, failure)
}
