package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// refusing returns a gateway with so many callbacks set aside, ids from 1 on.
func refusing(t *testing.T, callbacks int) (url string, requests *[]string) {
	t.Helper()
	requests = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v26.0/1066/refused_callbacks" || r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":{"message":"Invalid OAuth access token"}}`)
			return
		}
		if r.Method == http.MethodGet {
			first := 1
			fmt.Sscan(r.URL.Query().Get("after"), &first)
			if r.URL.Query().Get("after") != "" {
				first++
			}
			var data []string
			statuses := map[int]int{150: 0}
			for id := first; id <= callbacks && len(data) < 100; id++ {
				status, silent := statuses[id]
				if !silent {
					status = 400
				}
				data = append(
					data,
					fmt.Sprintf(
						`{"id":"%d","queued_at":"2026-11-29T10:00:00Z","set_aside_at":"2026-11-29T10:%02d:00Z",`+
							`"status":%d,"bytes":512}`,
						id, 17+id/140, status,
					),
				)
			}
			next := ""
			if len(data) == 100 {
				next = fmt.Sprintf(`,"next":"%d"`, first+99)
			}
			fmt.Fprintf(w, `{"data":[%s]%s}`, strings.Join(data, ","), next)
			return
		}
		var request struct {
			IDs []string `json:"ids"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Error(err)
		}
		*requests = append(*requests, fmt.Sprintf("%s %d from %s", r.Method, len(request.IDs), request.IDs[0]))
		fmt.Fprintf(w, `{"success":true,"callbacks":%d}`, len(request.IDs))
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func callbacksCommand(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	command := New()
	command.SetOut(&out)
	command.SetArgs(append([]string{"callbacks"}, arguments...))
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

func TestCallbacksAreListedReplayedAndDropped(t *testing.T) {
	url, requests := refusing(t, 150)
	t.Setenv(tokenVariable, "s3cret")
	to := []string{"--gateway", url, "--phone-number-id", "1066"}
	list, err := callbacksCommand(t, append([]string{"list"}, to...)...)
	if err != nil || strings.Count(list, "\n") != 151 || !strings.Contains(
		list, "149  2026-11-29T10:00:00Z  2026-11-29T10:18:00Z  400     512\n"+
			"150  2026-11-29T10:00:00Z  2026-11-29T10:18:00Z  none    512\n",
	) {
		t.Errorf("list: %v\n%s", err, list)
	}
	if out, err := callbacksCommand(
		t, append([]string{"replay", "7", "9"}, to...)...,
	); err != nil || out != "Replayed 2 callbacks\n" {
		t.Errorf("replay: %v, %q", err, out)
	}
	for since, want := range map[string]string{
		"2026-11-29T10:18:00Z":      "Replayed 11 callbacks\n",
		"2026-11-29T12:18:00+02:00": "Replayed 11 callbacks\n",
		"2026-11-29T10:18:01Z":      "Replayed 0 callbacks\n",
	} {
		out, err := callbacksCommand(t, append([]string{"replay", "--since", since}, to...)...)
		if err != nil || out != want {
			t.Errorf("replay since %s: %v, %q; want %q", since, err, out, want)
		}
	}
	*requests = (*requests)[:1]
	if out, err := callbacksCommand(
		t, append([]string{"drop", "--all"}, to...)...,
	); err != nil || out != "Dropped 150 callbacks\n" {
		t.Errorf("drop: %v, %q", err, out)
	}
	if got, want := strings.Join(*requests, "; "), "POST 2 from 7; DELETE 100 from 1; DELETE 50 from 101"; got != want {
		t.Errorf("the gateway was asked for %s; want %s", got, want)
	}
}

func TestCallbacksCommandSaysWhatIsMissing(t *testing.T) {
	url, _ := refusing(t, 1)
	tests := map[string]struct {
		token     string
		arguments []string
		want      string
	}{
		"no token":    {"", []string{"list", "--phone-number-id", "1066"}, "API tokens in GUICHET_TOKEN"},
		"no number":   {"s3cret", []string{"list"}, "give --phone-number-id"},
		"wrong token": {"guessed", []string{"list", "--phone-number-id", "1066"}, "the gateway answered 401: Invalid OAuth access token"},
		"no ids": {
			"s3cret",
			[]string{"drop", "--phone-number-id", "1066"},
			"name the callbacks by their ids, or give --since or --all",
		},
		"ids and all": {
			"s3cret",
			[]string{"drop", "1", "--all", "--phone-number-id", "1066"},
			"name the callbacks by their ids, or give --since or --all",
		},
		"ids and a time": {
			"s3cret",
			[]string{"replay", "1", "--since", "1h", "--phone-number-id", "1066"},
			"name the callbacks by their ids, or give --since or --all",
		},
		"a time and all": {
			"s3cret",
			[]string{"replay", "--all", "--since", "1h", "--phone-number-id", "1066"},
			"name the callbacks by their ids, or give --since or --all",
		},
		"a day without its time": {
			"s3cret",
			[]string{"replay", "--since", "2026-11-29", "--phone-number-id", "1066"},
			`--since "2026-11-29" must be an instant like 2026-11-29T10:00:00Z or a time like 90m or 48h`,
		},
		"a time to come": {
			"s3cret", []string{"replay", "--since", "-1h", "--phone-number-id", "1066"}, `--since "-1h" must be an instant`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(tokenVariable, tc.token)
			_, err := callbacksCommand(t, append(tc.arguments, "--gateway", url)...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
}
