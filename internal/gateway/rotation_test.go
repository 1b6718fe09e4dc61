package gateway

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	keysServed  = `"msg":"Keys served"`
	keysRefused = `"msg":"Keys refused"`
	twoKeys     = `,"keys":2}`
)

func (w *world) keyFile(name string) string { return filepath.Join(w.directory, "keys", name) }

func (w *world) readKeyFile(name string) []byte {
	w.t.Helper()
	content, err := os.ReadFile(w.keyFile(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return content
}

// writeKeyFile replaces a file of the keys in one step.
func (w *world) writeKeyFile(name string, content []byte) {
	w.t.Helper()
	if err := os.WriteFile(w.keyFile(name)+".new", content, 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(w.keyFile(name)+".new", w.keyFile(name)); err != nil {
		w.t.Fatal(err)
	}
}

// rotate does a step of a rotation to the mounted keyset, and waits until each of the replicas has
// taken it over.
func (w *world) rotate(step func([]byte) ([]byte, error), replicas ...*world) {
	w.t.Helper()
	rotated, err := step(w.readKeyFile(config.KeysetFile))
	if err != nil {
		w.t.Fatal(err)
	}
	var before []int
	for _, replica := range replicas {
		before = append(before, strings.Count(replica.logs.String(), keysServed))
	}
	w.writeKeyFile(config.KeysetFile, rotated)
	for i, replica := range replicas {
		w.until(
			"the keys are taken over",
			func() bool { return strings.Count(replica.logs.String(), keysServed) > before[i] },
		)
	}
}

// sentTexts are what the upstream was given of a message.
func (w *world) sentTexts(id string) (texts []string) {
	for _, m := range w.sim.Messages(simulator.MessageFilter{CallbackData: id}) {
		var body struct {
			Text struct {
				Body string `json:"body"`
			} `json:"text"`
		}
		if err := json.Unmarshal(m.Body, &body); err != nil {
			w.t.Fatal(err)
		}
		texts = append(texts, body.Text.Body)
	}
	return texts
}

// becomesSent waits until the upstream has a message, and checks that it has it once and unharmed.
func (w *world) becomesSent(id, text string) {
	w.t.Helper()
	w.until("the message is sent", func() bool { return len(w.sentTexts(id)) > 0 })
	if got := w.sentTexts(id); len(got) != 1 || got[0] != text {
		w.t.Errorf("the upstream has %q of the message; want %q, once", got, text)
	}
}

func TestP7RotationWhileMessagesAreQueued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		old := w.readKeyFile(config.KeysetFile)
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`) // so that messages stay in the queue
		before := w.accepted(textTo(ana, "sealed before"))
		w.rotate(seal.AddKey, w)
		between := w.accepted(textTo(ana, "sealed between"))
		w.rotate(seal.PromoteKey, w)
		after := w.accepted(textTo(ana, "sealed after"))
		w.control(http.MethodDelete, "faults", "")
		w.becomesSent(before, "sealed before")
		w.becomesSent(between, "sealed between")
		w.becomesSent(after, "sealed after")
		if r := w.settled(3); r.ConfigError != "" || r.Queues.Unsettled != 0 {
			t.Errorf("%d unsettled, %q refused; want none and nothing", r.Queues.Unsettled, r.ConfigError)
		}
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
		left := w.accepted(textTo(ana, "left in the queue"))
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.storedContent(left, old); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("the keyset from before opens what was accepted after the rotation: %v", err)
		}
		if content, err := w.storedContent(
			left, w.readKeyFile(config.KeysetFile),
		); err != nil || !strings.Contains(string(content), "left in the queue") {
			t.Errorf("the rotated keyset opens %q, %v; want the message", content, err)
		}
	})
}

// After a rotation what is stored is re-encrypted while messages flow, and then, and only then, the
// old key may go.
func TestP7OldKeyIsRetiredOnceNothingIsUnderIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writes(ana, "hello", 0)
		w.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`) // so that messages stay in the queue
		before := w.accepted(textTo(ana, "sealed before"))
		w.until(
			"with one key, nothing is under old ones",
			func() bool { r := w.report(); return r.OldKeyRows != nil && *r.OldKeyRows == 0 },
		)
		w.rotate(seal.AddKey, w)
		w.rotate(seal.PromoteKey, w)
		w.until("the store is re-encrypted", func() bool {
			return w.metric("guichet_gateway_old_key_rows") == "0" && strings.Contains(
				w.logs.String(), `"msg":"Store re-encrypted"`,
			)
		})
		if r := w.report(); r.OldKeyRows == nil || *r.OldKeyRows != 0 {
			t.Errorf("%v rows are left under old keys; want 0", r.OldKeyRows)
		}
		w.rotate(seal.RetireKeys, w)
		if r := w.report(); r.ConfigError != "" {
			t.Errorf("the retired keyset is refused: %s", r.ConfigError)
		}
		w.control(http.MethodDelete, "faults", "")
		w.becomesSent(before, "sealed before")
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.storedContent(before, w.readKeyFile(config.KeysetFile)); err != nil {
			t.Errorf("without the old key the message cannot be read: %v", err)
		}
	})
}

// storedContent reads a message in the store of a gateway that has stopped, with a keyset.
func (w *world) storedContent(id string, keyset []byte) ([]byte, error) {
	w.t.Helper()
	keys, err := seal.Parse(keyset, w.readKeyFile(config.CustomerKeyFile))
	if err != nil {
		w.t.Fatal(err)
	}
	opened, err := store.Open(context.Background(), store.Options{
		Path: filepath.Join(w.directory, "data", "gateway.db"), AccountUID: w.document.Account.UID, Keys: keys,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer opened.Close()
	var content []byte
	err = opened.View(context.Background(), func(tx *store.Tx) error {
		m, found, err := tx.Messages().ByID(id)
		switch {
		case err != nil:
			return err
		case !found:
			return errors.New("the message is not stored")
		}
		if err := tx.Messages().ReadContent(m); err != nil {
			return err
		}
		if m.Condition != store.Whole {
			return seal.ErrOpen
		}
		content = m.Content
		return nil
	})
	return content, err
}

func TestReplicasReadEachOtherDuringARotation(t *testing.T) {
	t.Parallel()
	first := newWorld(t, onDatabase(postgrestest.Database(t)))
	first.writes(ana, "hello", 0)
	// The second replica has a directory of its own, as each pod's volume is refreshed in its own
	// time.
	second := *first
	second.directory = t.TempDir()
	if err := os.CopyFS(second.directory, os.DirFS(first.directory)); err != nil {
		t.Fatal(err)
	}
	another := second.another()
	first.rotate(seal.AddKey, first)
	another.writeKeyFile(config.KeysetFile, first.readKeyFile(config.KeysetFile))
	another.until(
		"the second has the added key", func() bool { return strings.Contains(another.logs.String(), twoKeys) },
	)
	first.control(http.MethodPost, "faults", `{"code":131016,"rate":1}`)
	first.rotate(seal.PromoteKey, first)
	id := first.accepted(textTo(ana, "sealed with the promoted key"))
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	first.control(http.MethodDelete, "faults", "")
	another.becomesSent(id, "sealed with the promoted key")
}

func TestKeysThatWouldLoseSomethingAreRefused(t *testing.T) {
	t.Parallel()
	stranger, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		file    string
		content []byte
		want    string
	}{
		"another customer key": {config.CustomerKeyFile, stranger.CustomerKey, "the customer key has changed"},
		"another keyset":       {config.KeysetFile, stranger.Keyset, "the keyset lacks a key"},
		"no keyset":            {config.KeysetFile, []byte("SECRET"), "Tink keyset in JSON"},
		"no report token":      {config.ReportTokenFile, nil, config.ReportTokenFile},
		"no certificate":       {config.TLSCertificateFile, []byte("SECRET"), config.TLSCertificateFile},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.writes(ana, "hello", 0)
				good := w.readKeyFile(tc.file)
				w.writeKeyFile(tc.file, tc.content)
				w.until("the report says so", func() bool { return strings.Contains(w.report().ConfigError, tc.want) })
				if r := w.report(); r.OpenWindows != 1 || strings.Contains(r.ConfigError, "SECRET") {
					t.Errorf("%d windows open, and the reason is %q", r.OpenWindows, r.ConfigError)
				}
				if logs := w.logs.String(); strings.Count(logs, keysRefused) != 1 ||
					strings.Count(logs, keysServed) != 1 {
					t.Error("the refusal must be logged, once, and nothing be taken over")
				}
				w.becomesSent(w.accepted(textTo(ana, "with the keys from before")), "with the keys from before")
				w.writeKeyFile(tc.file, good)
				w.until("it heals", func() bool { return w.report().ConfigError == "" })
			})
		})
	}
}

func TestReportTokenAndCertificateAreTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	renewed := t.TempDir()
	token := gatewaytest.WriteKeys(t, renewed)
	pair, err := tls.LoadX509KeyPair(
		filepath.Join(renewed, config.TLSCertificateFile), filepath.Join(renewed, config.TLSKeyFile),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{config.ReportTokenFile, config.TLSKeyFile, config.TLSCertificateFile} {
		content, err := os.ReadFile(filepath.Join(renewed, name))
		if err != nil {
			t.Fatal(err)
		}
		w.writeKeyFile(name, content)
	}
	w.until("the new token opens the report", func() bool {
		status, _, _ := w.fetchReport("Bearer "+token, "")
		return status == http.StatusOK
	})
	if status, _, _ := w.fetchReport("Bearer "+w.token, ""); status != http.StatusUnauthorized {
		t.Errorf("the old token got %d; want 401", status)
	}
	wire, err := w.network.Dial(t.Context(), "tcp", w.listeners.Report.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	connection := tls.Client(wire, &tls.Config{InsecureSkipVerify: true})
	defer connection.Close()
	if err := connection.Handshake(); err != nil {
		t.Fatal(err)
	}
	if served := connection.ConnectionState().PeerCertificates[0]; !served.Equal(pair.Leaf) {
		t.Error("the report is served with the old certificate")
	}
}

// A Secret's volume is replaced as a whole: a link to a directory is renamed.
func TestKeysOfASecretVolumeAreTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := prepareWorld(t)
		asVolume(t, filepath.Join(w.directory, "keys"))
		w.start()
		added, err := seal.AddKey(w.readKeyFile(config.KeysetFile))
		if err != nil {
			t.Fatal(err)
		}
		keys := filepath.Join(w.directory, "keys")
		if err := os.CopyFS(filepath.Join(keys, "..2"), os.DirFS(filepath.Join(keys, "..1"))); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(keys, "..2", config.KeysetFile), added, 0o600); err != nil {
			t.Fatal(err)
		}
		pointData(t, keys, "..2")
		w.until("the keys are taken over", func() bool { return strings.Contains(w.logs.String(), twoKeys) })
	})
}

// asVolume lays a directory of files out as the kubelet does: links to ..data/, which is a link to
// the newest directory.
func asVolume(t *testing.T, directory string) {
	t.Helper()
	files, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(directory, "..1"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		path := filepath.Join(directory, file.Name())
		if err := os.Rename(path, filepath.Join(directory, "..1", file.Name())); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join("..data", file.Name()), path); err != nil {
			t.Fatal(err)
		}
	}
	pointData(t, directory, "..1")
}

func pointData(t *testing.T, directory, target string) {
	t.Helper()
	link := filepath.Join(directory, "..data")
	if err := os.Symlink(target, link+"_tmp"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+"_tmp", link); err != nil {
		t.Fatal(err)
	}
}
