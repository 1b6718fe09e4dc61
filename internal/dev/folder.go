package dev

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/guichet-dev/guichet/internal/config"
)

// Names in the folder.
const (
	stateFile       = "dev.json"
	configDirectory = "config"
	keysDirectory   = "keys"
	dataDirectory   = "data"
)

// State is what the folder keeps of a process, so that the next one goes on with the same account.
type State struct {
	// AccountUID is the account's, to which the store belongs.
	AccountUID string `json:"accountUID"`
	APIToken   string `json:"apiToken"`
	// CallbackSecret signs the callbacks.
	CallbackSecret string `json:"callbackSecret"`
	// Credentials are what the manifests' Secrets do not give, by Secret and key.
	Credentials map[string]map[string]string `json:"credentials,omitempty"`
	// Ahead is how far the clock was set forward: an instant that the store holds must not be in
	// the future.
	Ahead time.Duration `json:"ahead"`
	// Token is what clients of that process present.
	Token string `json:"token"`
	// Gateway and Simulator are the addresses of the process that runs, or ran last.
	Gateway   string `json:"gateway"`
	Simulator string `json:"simulator"`
}

// ReadState reads what a folder keeps.
func ReadState(directory string) (State, error) {
	content, err := os.ReadFile(filepath.Join(directory, stateFile))
	if err != nil {
		return State{}, err
	}
	var s State
	if err := json.Unmarshal(content, &s); err != nil {
		return State{}, fmt.Errorf("%s: %w", filepath.Join(directory, stateFile), err)
	}
	return s, nil
}

// openFolder makes what is missing of the folder, and returns what it keeps.
func openFolder(directory string) (State, error) {
	for _, name := range []string{configDirectory, keysDirectory, dataDirectory} {
		if err := os.MkdirAll(filepath.Join(directory, name), 0o700); err != nil {
			return State{}, err
		}
	}
	s, err := ReadState(directory)
	if errors.Is(err, fs.ErrNotExist) {
		s, err = State{AccountUID: string(uuid.NewUUID()), APIToken: randomWord(), CallbackSecret: randomWord()}, nil
	}
	return s, err
}

func (s *State) write(directory string) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(directory, stateFile), content)
}

// credential is a value that the folder keeps for a key of a Secret.
func (s *State) credential(secret, key string) string {
	if s.Credentials[secret][key] == "" {
		if s.Credentials == nil {
			s.Credentials = map[string]map[string]string{}
		}
		if s.Credentials[secret] == nil {
			s.Credentials[secret] = map[string]string{}
		}
		s.Credentials[secret][key] = randomWord()
	}
	return s.Credentials[secret][key]
}

// writeKeys writes an account's keys, unless the folder has them: they are made once.
func writeKeys(directory string, made func() (map[string][]byte, error)) error {
	directory = filepath.Join(directory, keysDirectory)
	if _, err := os.Stat(filepath.Join(directory, config.KeysetFile)); err == nil {
		return nil
	}
	files, err := made()
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := replaceFile(filepath.Join(directory, name), content); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes a file in one step, for this user's eyes only.
func replaceFile(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func randomWord() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails: https://pkg.go.dev/crypto/rand#Read
	return base64.RawURLEncoding.EncodeToString(random)
}
