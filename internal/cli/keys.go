package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/seal"
)

// maxKeysSecret bounds the input, in bytes: a Secret holds at most 1 MiB, which base64 makes
// longer.
const maxKeysSecret = 2 << 20

func newKeysCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "keys",
		Short: "Rotate the key that encrypts what an account's gateway stores",
		Long: `Rotate the key that encrypts what an account's gateway stores, in steps and without a restart.

Each step reads the keys Secret as JSON and prints it with the new keyset, for kubectl to replace it:

  kubectl -n acme get secret acme-gateway-keys -o json | guichet keys rotate | kubectl replace -f -
  kubectl -n acme get secret acme-gateway-keys -o json | guichet keys promote | kubectl replace -f -

The first adds a key that can only decrypt. When every replica of the gateway has logged "Keys served"
with one key more, the second promotes it: it encrypts from then on. Old keys stay, so that old data
can be decrypted, and the gateway re-encrypts that data in the background. When every replica's metric
guichet_gateway_old_key_rows is 0, and each has logged the same "primary", a third step, retire,
removes the old keys.

kubectl refuses a Secret that somebody else has changed in the meantime. The output is as secret as the
input: do not store it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(
		newKeysStep("rotate", "Add a key that decrypts, and encrypts once it is promoted", seal.AddKey),
		newKeysStep("promote", "Let the added key encrypt from now on", seal.PromoteKey),
		newKeysStep("retire", "Remove the old keys once nothing is encrypted with them any more", seal.RetireKeys),
	)
	return command
}

func newKeysStep(name, short string, step func(keyset []byte) ([]byte, error)) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := readKeysSecret(cmd.InOrStdin())
			if err != nil {
				return err
			}
			if err := secret.replaceKeyset(step); err != nil {
				return err
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(secret.object)
		},
	}
}

// keysSecretObject is the Secret with an account's keys. The object holds all of it, also fields
// that this program does not know.
type keysSecretObject struct {
	object map[string]any
	data   map[string]any
}

// readKeysSecret reads one Secret in JSON. Its errors quote nothing of it.
func readKeysSecret(in io.Reader) (*keysSecretObject, error) {
	object, err := readObject(in, maxKeysSecret)
	if err != nil {
		return nil, err
	}
	if object["apiVersion"] != "v1" || object["kind"] != "Secret" {
		return nil, errors.New(
			"the input must be the Secret with the account's keys, in JSON: pipe `kubectl get secret " +
				"ACCOUNT-gateway-keys -o json` into this command",
		)
	}
	data, _ := object["data"].(map[string]any)
	if _, found := data[config.KeysetFile].(string); !found {
		return nil, fmt.Errorf(
			"the Secret has no %q: it must be the one with the account's keys, ACCOUNT-gateway-keys", config.KeysetFile,
		)
	}
	return &keysSecretObject{object: object, data: data}, nil
}

// readObject reads one object of the API in JSON, whole, with numbers as they are written. What is
// none has no kind.
func readObject(in io.Reader, limit int64) (map[string]any, error) {
	text, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("the input has more than %d bytes: such an object is smaller", limit)
	}
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&object) == nil && decoder.Decode(new(any)) == io.EOF {
		return object, nil
	}
	return map[string]any{}, nil
}

// replaceKeyset applies a step of a rotation to the Secret's keyset.
func (s *keysSecretObject) replaceKeyset(step func([]byte) ([]byte, error)) error {
	encoded, _ := s.data[config.KeysetFile].(string)
	keyset, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("%s in the Secret must be in base64", config.KeysetFile)
	}
	replaced, err := step(keyset)
	if err != nil {
		return fmt.Errorf("%s in the Secret: %w", config.KeysetFile, err)
	}
	s.data[config.KeysetFile] = base64.StdEncoding.EncodeToString(replaced)
	return nil
}
