package plugin

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/gatewayclient"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

// message is what send and windows ask the gateway to send.
type message struct {
	channel, to, text, template, language string
	parameters                            []string
}

// body is the request in the channel's format, the Cloud API's or the Send API's.
func (m *message) body(page, dryRun bool) map[string]any {
	body := map[string]any{}
	if page {
		body = map[string]any{
			"recipient": map[string]any{
				"id": m.to,
			}, "messaging_type": "RESPONSE", "message": map[string]any{"text": m.text},
		}
	} else {
		body["messaging_product"], body["to"] = "whatsapp", m.to
		if m.template == "" {
			body["type"], body["text"] = "text", map[string]any{"body": m.text}
		} else {
			body["type"], body["template"] = "template", m.templateBody()
		}
	}
	if dryRun {
		body["dry_run"] = true
	}
	return body
}

func (m *message) templateBody() map[string]any {
	template := map[string]any{"name": m.template, "language": map[string]any{"code": m.language}}
	if len(m.parameters) == 0 {
		return template
	}
	parameters := make([]any, 0, len(m.parameters))
	for _, text := range m.parameters {
		parameters = append(parameters, map[string]any{"type": "text", "text": text})
	}
	template["components"] = []any{map[string]any{"type": "body", "parameters": parameters}}
	return template
}

// sent is the gateway's answer to a message, or to a dry run of one.
type sent struct {
	Messages []struct {
		ID string `json:"id"`
	} `json:"messages,omitempty"`
	MessageID    string `json:"message_id,omitempty"`
	DryRun       bool   `json:"dry_run,omitempty"`
	Sentence     string `json:"sentence,omitempty"`
	WindowCloses string `json:"window_closes,omitempty"`
}

// id is the message's id on either network.
func (s *sent) id() string {
	if len(s.Messages) > 0 {
		return s.Messages[0].ID
	}
	return s.MessageID
}

func (p *plugin) newSend() *cobra.Command {
	var m message
	var dryRun bool
	command := &cobra.Command{
		Use:   "send ACCOUNT --to NUMBER {--text TEXT | --template NAME --language CODE}",
		Short: "Send a message through an account's gateway, or ask what one would cost",
		Long: `Send a text or a template through an account's gateway, as its client would: it is checked, billed
and recorded like any other message. With --dry-run nothing is sent, and the price or the refusal
is told. The account's Secret of API tokens is read.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if (m.text == "") == (m.template == "") {
				return errors.New("give --text or --template")
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			desk, err := p.desk(cmd.Context(), c, arguments[0], m.channel)
			if err != nil {
				return err
			}
			answer, err := desk.send(cmd, &m, dryRun)
			if refused, is := errors.AsType[*gatewayclient.RefusedError](err); is && refused.Code != 0 {
				return fmt.Errorf("it is refused with code %d: %s", refused.Code, refused.Reason)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), screen.Clean(cmp.Or(answer.Sentence, answer.id())))
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&m.channel, "channel", "", "name of the channel; the first one unless set")
	flags.StringVar(&m.to, "to", "", "the customer's number, or the id on a page")
	flags.StringVar(&m.text, "text", "", "a text, which may only answer")
	flags.StringVar(&m.template, "template", "", "name of an approved template")
	flags.StringVar(&m.language, "language", "en_US", "language of the template")
	flags.StringArrayVar(&m.parameters, "parameter", nil, "a parameter of the template's body; once for each")
	flags.BoolVar(&dryRun, "dry-run", false, "tell the price or the refusal, and send nothing")
	if err := command.MarkFlagRequired("to"); err != nil { // only if there is no such flag
		panic(err)
	}
	return command
}

// send posts a message.
func (d *desk) send(cmd *cobra.Command, m *message, dryRun bool) (answer sent, err error) {
	page := d.channel.PageID != "" || d.channel.InstagramID != ""
	if page && m.template != "" {
		return sent{}, errors.New("a template of a page is sent by the Send API: see docs/messenger.md")
	}
	return answer, d.Call(cmd.Context(), http.MethodPost, d.id(), "messages", m.body(page, dryRun), &answer)
}
