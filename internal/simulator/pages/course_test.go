package pages

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func fault() stage.Fault { return stage.Fault{Code: 1200, Subcode: 2018024, Next: 1} }

// wrote is what is told of Ana's first message.
func (w *world) wrote() {
	w.Helper()
	w.writes(0)
	w.events()
}

func TestCourseOfAMessage(t *testing.T) {
	for name, tc := range map[string]struct {
		knobs stage.Knobs
		want  []string
	}{
		"with ids": {stage.Knobs{}, []string{
			`messaging {"message":{"app_id":77,"is_echo":true,"metadata":"17","mid":"ID","text":"hello"}}`,
			`messaging {"delivery":{"mids":["ID"],"watermark":AT}}`,
			`messaging {"read":{"watermark":AT}}`,
		}},
		"watermarks alone": {stage.Knobs{NoMessageIDs: true, NoEchoes: true}, []string{
			`messaging {"delivery":{"watermark":AT}}`,
			`messaging {"read":{"watermark":AT}}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, nil, func(w *world) {
				w.wrote()
				w.scene.Knobs = tc.knobs
				at := time.Now().UnixMilli()
				id := w.send(`{"recipient":{"id":"` + ana + `"},"message":{"text":"hello","metadata":"17"}}`)
				var want []string
				for _, line := range tc.want {
					want = append(want, strings.NewReplacer("ID", id, "AT", fmt.Sprint(at)).Replace(line))
				}
				if diff := cmp.Diff(want, w.events()); diff != "" {
					t.Error(diff)
				}
				m := w.scene.Record.Sent[0]
				if m.CallbackData != "17" || len(m.Statuses) != 3 || m.Category != asStandard || m.Type != "text" {
					t.Errorf("got %+v", m)
				}
			})
		})
	}
}

func TestADeviceThatWasOffGetsAllAtOnceUnderOneWatermark(t *testing.T) {
	run(t, func(s *Settings, _ *Page) { s.NoRead = true }, func(w *world) {
		w.wrote()
		w.scene.Knobs.NoEchoes = true
		w.must(w.pages.SetPerson(ana, PersonState{Off: new(true)}))
		first := w.send(text(ana))
		time.Sleep(time.Minute)
		second, at := w.send(text(ana)), time.Now().UnixMilli()
		if got := w.events(); got != nil {
			t.Fatalf("got %v from a device that is off", got)
		}
		w.must(w.pages.SetPerson(ana, PersonState{Off: new(false)}))
		want := []string{fmt.Sprintf(`messaging {"delivery":{"mids":["%s","%s"],"watermark":%d}}`, first, second, at)}
		if diff := cmp.Diff(want, w.events()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDeliveriesThatNeverCome(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"a silent person": func(w *world) {
			w.must(w.pages.SetPerson(ana, PersonState{Silent: new(true), ReadReceipts: new(false)}))
		},
		"a message that is lost": func(w *world) {
			w.must(w.scene.AddFault(stage.Fault{Code: 2, Async: true, Next: 1}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, nil, func(w *world) {
				w.wrote()
				w.scene.Knobs.NoEchoes = true
				prepare(w)
				w.send(text(ana))
				if got := w.events(); got != nil {
					t.Errorf("got %v", got)
				}
			})
		})
	}
}

func TestInstagramReportsNoDelivery(t *testing.T) {
	run(t, func(_ *Settings, p *Page) { p.Object = ObjectInstagram }, func(w *world) {
		w.wrote()
		id := w.send(text(ana))
		want := []string{
			`messaging {"message":{"app_id":77,"is_echo":true,"mid":"` + id + `","text":"hello"}}`,
			`messaging {"read":{"mid":"` + id + `"}}`,
		}
		if diff := cmp.Diff(want, w.events()); diff != "" {
			t.Error(diff)
		}
		w.refused("POST", "/me/messages", `{"recipient":{"id":"`+ana+`"},"message":{"text":"`+
			strings.Repeat("é", 501)+`"}}`, 100, 0)
		time.Sleep(24 * time.Hour)
		w.refused("POST", "/me/messages", text(ana), 10, 2534022)
	})
}

func TestAnswersThatGetLost(t *testing.T) {
	run(t, nil, func(w *world) {
		w.wrote()
		w.must(w.scene.AddFault(stage.Fault{Effect: stage.EffectDropAfter, Next: 1}))
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the connection was not closed")
				}
			}()
			w.call("POST", "/me/messages", text(ana), 200)
		}()
		if got := w.events(); len(got) != 3 || !strings.Contains(got[0], `"is_echo":true`) {
			t.Errorf("got %v, want an echo, a delivery and a read", got)
		}
	})
}

func TestStandbyWhileAnotherAppHasTheThread(t *testing.T) {
	run(t, nil, func(w *world) {
		w.wrote()
		w.call("POST", "/me/pass_thread_control", `{"recipient":{"id":"`+ana+`"},"target_app_id":263902037430900}`, 200)
		w.act(ana, Act{Postback: &Postback{"Start", "GO"}})
		got := strings.Join(w.events(), "\n")
		if !strings.HasPrefix(got, `standby {"postback":{"mid":"m_`) || strings.Contains(got, "GO") {
			t.Errorf("got %v, want a postback without its payload on standby", got)
		}
		w.call("POST", "/me/take_thread_control", `{"recipient":{"id":"`+ana+`"}}`, 200)
		w.send(text(ana))
	})
}
