package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/dev"
	"github.com/guichet-dev/guichet/internal/gatewayclient"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/fixtures"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// devProcess is a guichet dev that runs, as its folder and its simulator tell of it.
type devProcess struct {
	state dev.State
	// world is what its simulator knows.
	world simulator.FeedPart
}

// findDevProcess returns the process of a folder; nil if none runs.
func findDevProcess(ctx context.Context, directory string) (*devProcess, error) {
	state, err := dev.ReadState(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &devProcess{state: state}
	if err := p.look(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, nil // it has ended, or another program has its port
	}
	return p, nil
}

// look reads the first part of the simulator's feed, which has everything.
func (p *devProcess) look(ctx context.Context) error {
	const longest = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.state.Simulator+"/control/feed", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // the rest is not wanted
	const longestPart = 64 << 20
	for lines := bufio.NewReader(io.LimitReader(response.Body, longestPart)); ; {
		line, err := lines.ReadBytes('\n')
		if part, found := bytes.CutPrefix(line, []byte("data: ")); found {
			return json.Unmarshal(part, &p.world)
		}
		if err != nil {
			return fmt.Errorf("%s is no simulator", p.state.Simulator)
		}
	}
}

// control makes a call of the simulator's control API.
func (p *devProcess) control(ctx context.Context, method, path string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, p.state.Simulator+"/control/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // read to the end
	const longest = 16 << 20
	content, err := io.ReadAll(io.LimitReader(response.Body, longest))
	switch {
	case err != nil:
		return fmt.Errorf("the simulator's answer broke off: %w", err)
	case response.StatusCode != http.StatusOK:
		var refused struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(content, &refused) // what is no sentence of the simulator's is not told
		return fmt.Errorf("the simulator answered %d: %s", response.StatusCode, refused.Error)
	case answer == nil:
		return nil
	}
	return json.Unmarshal(content, answer)
}

// fill makes a webhook one about the process's own accounts, templates and messages, at its time.
// Those that are to be posted through its simulator must be.
func (p *devProcess) fill(f *fixtures.Fixture, v *fixtures.Values, posted bool) error {
	v.Now = p.world.Now
	object, id := "whatsapp", &v.Account
	switch f.Network() {
	case "Messenger":
		object, id = "page", &v.Page
	case "Instagram":
		object, id = "instagram", &v.Instagram
	}
	account := p.account(object, *id)
	if account == nil {
		if posted {
			return fmt.Errorf("the guichet dev that runs has no %s account that is meant: give --to", f.Network())
		}
		return nil
	}
	*id = account.ID
	for _, number := range account.Numbers {
		if v.Number == "" || v.Number == number.ID {
			v.Number, v.Display = number.ID, digitsOf(number.DisplayPhoneNumber)
			break
		}
	}
	if f.Takes("template") {
		if err := fillTemplate(account, v, posted); err != nil {
			return err
		}
	}
	if f.Takes("message") {
		p.fillMessage(f, account, v)
	}
	return nil
}

// account is the one of a kind with an id, or the first one.
func (p *devProcess) account(object, id string) *simulator.FeedAccount {
	for i := range p.world.Accounts {
		a := &p.world.Accounts[i]
		if a.Network == object && a.Gateway && (id == "" || a.ID == id) {
			return a
		}
	}
	return nil
}

func digitsOf(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}

// fillTemplate names a template of the account: the wanted one, or the first.
func fillTemplate(account *simulator.FeedAccount, v *fixtures.Values, posted bool) error {
	for _, known := range account.Templates {
		if (v.Template == "" || v.Template == known.Name) && (v.Language == "" || v.Language == known.Language) {
			v.Template, v.Language, v.TemplateID = known.Name, known.Language, known.ID
			return nil
		}
	}
	if posted && v.Template != "" {
		return fmt.Errorf("the account has no template %.100q", v.Template)
	}
	return nil
}

// fillMessage finds the message that is meant, by the gateway's id or the upstream's. Without one
// it is the latest to the customer, unless the webhook is a status.
func (p *devProcess) fillMessage(f *fixtures.Fixture, account *simulator.FeedAccount, v *fixtures.Values) {
	var meant *stage.ChatEntry
	var to string
	for i := range p.world.Chats {
		chat := &p.world.Chats[i]
		if chat.Channel != v.Number && chat.Channel != account.ID {
			continue
		}
		for j := range chat.Entries {
			e := &chat.Entries[j]
			switch {
			case e.By != stage.ByBusiness:
			case v.Message != "" && (e.ID == v.Message || e.CallbackData == v.Message),
				v.Message == "" && !f.IsStatus() && (v.From == "" || v.From == chat.Person):
				meant, to = e, chat.Person
			}
		}
	}
	if meant == nil {
		return
	}
	v.Message, v.Data = meant.ID, meant.CallbackData
	if v.From == "" {
		v.From = to
	}
}

// sendFirst has a message sent that a status can be about: to a phone that tells nothing of it by
// itself, whose owner has written before.
func (p *devProcess) sendFirst(ctx context.Context, f *fixtures.Fixture, v *fixtures.Values) error {
	if f.Takes("group") {
		return fmt.Errorf("%s is about a message to a group: name it with --message", f.Name)
	}
	if v.From == "" {
		v.From = nobodysNumber()
	}
	const longest = 15 * time.Second
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	phone := "phones/" + url.PathEscape(v.From)
	if err := p.control(ctx, http.MethodPut, phone, []byte(`{"silent":true}`), nil); err != nil {
		return err
	}
	written, err := json.Marshal(map[string]string{"to": v.Number, "text": "Where is my parcel?"})
	if err != nil {
		return err
	}
	if err := p.control(ctx, http.MethodPost, phone+"/messages", written, nil); err != nil {
		return err
	}
	if v.Data, err = p.answer(ctx, v); err != nil {
		return fmt.Errorf("send the message that the status is about: %w", err)
	}
	for {
		var list struct {
			Messages []struct {
				ID string `json:"id"`
			} `json:"messages"`
		}
		err := p.control(ctx, http.MethodGet, "messages?callback_data="+url.QueryEscape(v.Data), nil, &list)
		if err != nil {
			return err
		}
		if len(list.Messages) > 0 {
			v.Message = list.Messages[0].ID
			return nil
		}
		if err := rest(ctx); err != nil {
			return errors.New("the gateway did not send the message that the status is about")
		}
	}
}

// answer has the business answer the customer as soon as the gateway has heard from them, and
// returns the id of the message.
func (p *devProcess) answer(ctx context.Context, v *fixtures.Values) (id string, err error) {
	gateway := &gatewayclient.Client{Base: p.state.Gateway, Token: p.state.Token}
	body := map[string]any{
		"messaging_product": "whatsapp", "to": "+" + v.From, "type": "text",
		"text": map[string]string{"body": "On its way."},
	}
	var accepted struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	const patience = 3 * time.Second
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := gateway.Call(ctx, http.MethodPost, v.Number, "messages", body, &accepted)
		if err == nil && len(accepted.Messages) > 0 {
			return accepted.Messages[0].ID, nil
		}
		if rest(within) != nil {
			return "", err
		}
	}
}

// rest waits a moment, or until ctx is done.
func rest(ctx context.Context) error {
	const pause = 50 * time.Millisecond
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// nobodysNumber is a number of those that France keeps for works of fiction.
func nobodysNumber() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(10_000)) // never fails: https://pkg.go.dev/crypto/rand#Reader
	return fmt.Sprintf("3363998%04d", n)
}
