package clientbody

import "testing"

func TestTokenInABody(t *testing.T) {
	const part = "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\nEAAG\r\n--b"
	const file = "--b\r\nContent-Disposition: form-data; name=\"access_token\"; filename=\"a.txt\"\r\n\r\nEAAG\r\n--b--"
	tests := map[string]struct{ kind, body, want string }{
		"a member":                    {"application/json", `{"to":"1","access_token":"EAAG","text":{}}`, "EAAG"},
		"a member before a cut":       {"application/json", `{"access_token":"EAAG","flow_json":"{`, "EAAG"},
		"a member behind a cut":       {"application/json", `{"flow_json":"{`, ""},
		"a member cut off":            {"", `{"access_token":"EAA`, ""},
		"a member of a member":        {"", `{"text":{"access_token":"EAAG"}}`, ""},
		"a number":                    {"", `{"access_token":5}`, ""},
		"escapes":                     {"", `{"access\u005ftoken":"E\u0041AG"}`, "EAAG"},
		"the first of two":            {"", `{"access_token":"a","access_token":"b"}`, "a"},
		"a field":                     {"application/x-www-form-urlencoded", "to=1&access_token=EA%41G&text=2", "EAAG"},
		"a field without a type":      {"", "access_token=EAAG", "EAAG"},
		"a field with a broken value": {"", "access_token=%4", ""},
		"a part":                      {"multipart/form-data; boundary=b", part, "EAAG"},
		"a part without a type":       {"", part, "EAAG"},
		"a part that is cut off":      {"", part[:len(part)-6], ""},
		"a file":                      {"multipart/form-data; boundary=b", file, ""},
		"no boundary":                 {"multipart/form-data", part, ""},
		"a list":                      {"", `["access_token","EAAG"]`, ""},
		"nothing":                     {"", "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Token(tc.kind, []byte(tc.body)); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func FuzzToken(f *testing.F) {
	f.Add("application/json", []byte(`{"access_token":"a"}`))
	f.Add("", []byte("access_token=a"))
	f.Add("multipart/form-data; boundary=b", []byte(
		"--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\na\r\n--b--",
	))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if got := Token(kind, body); len(got) > len(body)*3 { // a byte that is no UTF-8 becomes three
			t.Errorf("a token of %d bytes from %d", len(got), len(body))
		}
	})
}
