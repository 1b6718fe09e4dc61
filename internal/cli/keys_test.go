package cli

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/seal"
)

// runWith runs the program with an input, and returns what it printed.
func runWith(input string, arguments ...string) (string, error) {
	var out strings.Builder
	command := New()
	command.SetArgs(arguments)
	command.SetIn(strings.NewReader(input))
	command.SetOut(&out)
	err := command.Execute()
	return out.String(), err
}

// keysSecret returns an account's keys Secret as `kubectl get secret -o json` prints it.
func keysSecret(keyset []byte) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"name":"acme-gateway-keys","namespace":"acme","resourceVersion":"712","generation":9007199254740993,`+
		`"ownerReferences":[{"kind":"BusinessAccount","name":"acme","controller":true}]},"data":{"customer.key":"QUFB","keyset.json":%q}}`,
		base64.StdEncoding.EncodeToString(keyset))
}

// withoutKeyset takes the keyset out of a Secret, and returns it and the rest.
func withoutKeyset(t *testing.T, secret string) (keyset, rest string) {
	t.Helper()
	var object struct {
		Data map[string]string `json:"data"`
	}
	if err := json.Unmarshal([]byte(secret), &object); err != nil {
		t.Fatalf("%v in %s", err, secret)
	}
	encoded := object.Data["keyset.json"]
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return string(decoded), strings.Replace(secret, encoded, "", 1)
}

func TestKeysRotateAndPromote(t *testing.T) {
	material, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	before, err := seal.Parse(material.Keyset, material.CustomerKey)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := before.Keyset()
	steps := []struct {
		command  string
		replaced bool // the primary key is another one than at the beginning
	}{{"rotate", false}, {"promote", true}}
	secret := keysSecret(material.Keyset)
	for _, step := range steps {
		out, err := runWith(secret, "keys", step.command)
		if err != nil {
			t.Fatalf("%s: %v", step.command, err)
		}
		keyset, rest := withoutKeyset(t, out)
		const want = `{"apiVersion":"v1","data":{"customer.key":"QUFB","keyset.json":""},"kind":"Secret","metadata":{"generation":9007199254740993,"name":"acme-gateway-keys","namespace":"acme",` +
			`"ownerReferences":[{"controller":true,"kind":"BusinessAccount","name":"acme"}],"resourceVersion":"712"},"type":"Opaque"}` + "\n"
		if rest != want {
			t.Errorf("%s: got\n%s\nwant\n%s", step.command, rest, want)
		}
		keys, err := seal.Parse([]byte(keyset), material.CustomerKey)
		if err != nil {
			t.Fatal(err)
		}
		if primary, size := keys.Keyset(); size != 2 || (primary != old) != step.replaced {
			t.Errorf(
				"%s: %d keys, the primary one is new: %t; want 2, %t", step.command, size, primary != old,
				step.replaced,
			)
		}
		secret = out
	}
}

func TestKeysRefuse(t *testing.T) {
	material, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		input, command, want string
	}{
		"nothing":              {"", "rotate", "must be the Secret with the account's keys"},
		"no JSON":              {"{SECRET", "rotate", "must be the Secret with the account's keys"},
		"a keyset by itself":   {string(material.Keyset), "rotate", "must be the Secret with the account's keys"},
		"two objects":          {keysSecret(material.Keyset) + keysSecret(material.Keyset), "rotate", "must be the Secret with the account's keys"},
		"another Secret":       {`{"apiVersion":"v1","kind":"Secret","data":{"token":"U0VDUkVU"}}`, "rotate", `has no "keyset.json"`},
		"no base64":            {`{"apiVersion":"v1","kind":"Secret","data":{"keyset.json":"SECRET!"}}`, "rotate", "base64"},
		"no keyset":            {keysSecret([]byte("SECRET")), "rotate", "Tink keyset in JSON"},
		"no key that waits":    {keysSecret(material.Keyset), "promote", "add one first"},
		"more than it may be":  {strings.Repeat(" ", maxKeysSecret) + keysSecret(material.Keyset), "rotate", "bytes"},
		"an argument it lacks": {keysSecret(material.Keyset), "turn", `unknown command "turn"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := runWith(tc.input, "keys", tc.command)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v; want an error with %q", err, tc.want)
			}
			for _, secret := range []string{"SECRET", "U0VDUkVU"} {
				if out != "" || strings.Contains(err.Error(), secret) {
					t.Errorf("it printed %q and failed with %q: neither may show anything of the Secret", out, err)
				}
			}
		})
	}
}
