package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// tokenVariable is the environment variable with the API token of the account.
const tokenVariable = "GUICHET_TOKEN"

func newCallbacksCommand() *cobra.Command {
	var to refusedCallbacks
	command := &cobra.Command{
		Use:   "callbacks",
		Short: "List, replay or drop the callbacks that an endpoint does not take",
		Long: `List, replay or drop the callbacks that an account's endpoint does not take.

A callback is set aside when it has failed for a quarter of an hour while the endpoint took others,
whatever the endpoint answers, and when it has failed for seven days. Those behind it go on. It is
kept for 30 days.

The environment variable ` + tokenVariable + ` must have one of the account's API tokens:

  kubectl -n acme port-forward service/acme-gateway 8080 &
  export GUICHET_TOKEN=$(kubectl -n acme get secret acme-api-tokens -o jsonpath='{.data.default}' | base64 -d)
  guichet callbacks list --phone-number-id 106540352242922
  guichet callbacks replay --phone-number-id 106540352242922 --since 2h`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := command.PersistentFlags()
	flags.StringVar(&to.gateway, "gateway", "http://127.0.0.1:8080", "base URL of the gateway's API")
	flags.StringVar(&to.phoneNumberID, "phone-number-id", "", "id of the number that the callbacks are about")
	list := &cobra.Command{
		Use: "list", Short: "List what is set aside, oldest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return to.list(cmd.Context(), cmd.OutOrStdout()) },
	}
	command.AddCommand(list,
		to.change(
			"replay", "Deliver callbacks again, after what waits for their customers", http.MethodPost, "Replayed",
		),
		to.change("drop", "Delete callbacks for good", http.MethodDelete, "Dropped"),
	)
	return command
}

// refusedCallbacks reaches a gateway's list of a number's refused callbacks.
type refusedCallbacks struct{ gateway, phoneNumberID string }

// refusedCallback is an entry of that list.
type refusedCallback struct {
	ID         string    `json:"id"`
	QueuedAt   time.Time `json:"queued_at"`
	SetAsideAt time.Time `json:"set_aside_at"`
	Status     int       `json:"status"`
	Bytes      int64     `json:"bytes"`
}

// change returns a command that changes the named callbacks, or those of a time.
func (c *refusedCallbacks) change(name, short, method, done string) *cobra.Command {
	var chosen chosenCallbacks
	command := &cobra.Command{
		Use: name + " [ID]...", Short: short,
		RunE: func(cmd *cobra.Command, ids []string) error {
			ids, err := c.choose(cmd.Context(), chosen, ids)
			if err != nil {
				return err
			}
			changed := 0
			for len(ids) > 0 {
				const page = 100 // as many as a request may name
				n := min(page, len(ids))
				var answer struct {
					Callbacks int `json:"callbacks"`
				}
				if err := c.call(cmd.Context(), method, "", map[string][]string{"ids": ids[:n]}, &answer); err != nil {
					return err
				}
				changed, ids = changed+answer.Callbacks, ids[n:]
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %d callbacks\n", done, changed)
			return err
		},
	}
	flags := command.Flags()
	flags.BoolVar(&chosen.all, "all", false, "all callbacks that are set aside now")
	flags.StringVar(
		&chosen.since, "since", "",
		"those that were set aside since an instant, like 2026-11-29T10:00:00Z, or for a time, like 2h",
	)
	return command
}

// chosenCallbacks are the flags that choose callbacks without their ids.
type chosenCallbacks struct {
	all   bool
	since string
}

// choose returns the ids of the callbacks to change: the given ones, or those that the flags
// choose.
func (c *refusedCallbacks) choose(ctx context.Context, by chosenCallbacks, ids []string) ([]string, error) {
	ways := 0
	for _, given := range []bool{by.all, by.since != "", len(ids) > 0} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return nil, errors.New("name the callbacks by their ids, or give --since or --all")
	}
	if len(ids) > 0 {
		return ids, nil
	}
	var since time.Time
	if by.since != "" {
		var err error
		if since, err = sinceOf(by.since, time.Now()); err != nil {
			return nil, err
		}
	}
	list, err := c.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, callback := range list {
		if !callback.SetAsideAt.Before(since) {
			ids = append(ids, callback.ID)
		}
	}
	return ids, nil
}

// sinceOf reads an instant, or how long it is ago.
func sinceOf(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	ago, err := time.ParseDuration(text)
	if err != nil || ago <= 0 {
		return time.Time{}, fmt.Errorf(
			"--since %.40q must be an instant like 2026-11-29T10:00:00Z or a time like 90m or 48h", text,
		)
	}
	return now.Add(-ago), nil
}

func (c *refusedCallbacks) list(ctx context.Context, out io.Writer) error {
	list, err := c.all(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tQUEUED\tSET ASIDE\tANSWER\tBYTES") // Flush returns any error
	for _, callback := range list {
		answer := strconv.Itoa(callback.Status)
		if callback.Status == 0 {
			answer = "none"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\n", callback.ID, callback.QueuedAt.UTC().Format(time.RFC3339),
			callback.SetAsideAt.UTC().Format(time.RFC3339), answer, callback.Bytes)
	}
	return table.Flush()
}

func (c *refusedCallbacks) all(ctx context.Context) (list []refusedCallback, err error) {
	for after := ""; ; {
		var page struct {
			Data []refusedCallback `json:"data"`
			Next string            `json:"next"`
		}
		if err := c.call(ctx, http.MethodGet, after, nil, &page); err != nil {
			return nil, err
		}
		list = append(list, page.Data...)
		if page.Next == "" {
			return list, nil
		}
		after = page.Next
	}
}

// call sends a request to the gateway and reads its answer.
func (c *refusedCallbacks) call(ctx context.Context, method, after string, body, answer any) error {
	token := os.Getenv(tokenVariable)
	if token == "" || c.phoneNumberID == "" {
		return fmt.Errorf("give --phone-number-id, and one of the account's API tokens in %s", tokenVariable)
	}
	const longest = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	address := strings.TrimSuffix(c.gateway, "/") + "/v26.0/" + url.PathEscape(c.phoneNumberID) +
		"/refused_callbacks?after=" + url.QueryEscape(after)
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("--gateway is no URL: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the gateway did not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it is read to the end
	content, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("the gateway's answer broke off: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway %w", refusedCall(response.StatusCode, content))
	}
	return json.Unmarshal(content, answer)
}

// refusedCall is why a gateway or a simulator has refused a call, in its own sentence.
func refusedCall(status int, content []byte) error {
	var refused struct {
		Error struct {
			Message string `json:"message"`
			Data    struct {
				Details string `json:"details"`
			} `json:"error_data"`
		} `json:"error"`
	}
	var sentence struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(content, &refused)  // an answer that is no error object has no details
	_ = json.Unmarshal(content, &sentence) // nor does one without a sentence
	reason := cmp.Or(refused.Error.Data.Details, refused.Error.Message, sentence.Error, "no reason given")
	return fmt.Errorf("answered %d: %s", status, reason)
}
