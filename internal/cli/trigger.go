package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/simulator/fixtures"
)

// secretVariable is the environment variable with the secret that signs webhooks.
const secretVariable = "GUICHET_WEBHOOK_SECRET" // #nosec G101 -- the name of a variable

// triggerOptions are the flags of trigger.
type triggerOptions struct {
	directory, to, secretFile string
	values                    fixtures.Values
	changes                   []string
	times                     int
	printOnly                 bool
}

func newTrigger() *cobra.Command {
	var o triggerOptions
	command := &cobra.Command{
		Use:   "trigger EVENT",
		Short: "Post a webhook of any kind, as Meta would, to guichet dev or to your own endpoint",
		Long: `Post a webhook of any kind, as Meta would, to guichet dev or to your own endpoint.

Without --to, it goes through the simulator of a running guichet dev: what a customer writes is on
the page and opens the window, and the gateway answers for it. A status is about a message that is
sent first, to a phone that tells nothing by itself; with --message it is about one of yours. Times
are those of the process's clock.

With --to, it is posted to that address, and signed as Meta signs webhooks and the gateway its
callbacks. The secret is that of --secret-file or of ` + secretVariable + `; otherwise it is the one
with which guichet dev signs callbacks.

Ids are new each time. --set changes anything else, in the message, the status or the value that the
event has: members, and places in lists from 0 on. What is no JSON is a text.`,
		Example: `  guichet trigger message.text --text "Where is my parcel?"
  guichet trigger message.ad --from 33698765432
  guichet trigger status.failed --code 131049
  guichet trigger status.delivered --pricing regular --category marketing --message wamid.R3Vp…
  guichet trigger template.paused --template parcel_delivery
  guichet trigger message.image --set image.mime_type=image/png --set image.caption=
  guichet trigger message.text --to http://localhost:3000/webhook --secret-file callback.secret
  guichet trigger status.read --print`,
		Args: cobra.MatchAll(cobra.ExactArgs(1), func(_ *cobra.Command, args []string) error {
			_, err := fixtures.Find(args[0])
			return err
		}),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return eventNames(args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := fixtures.Find(args[0])
			if err != nil {
				return err
			}
			if err := o.check(cmd, f); err != nil {
				return err
			}
			return o.run(cmd.Context(), f, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags, v := command.Flags(), &o.values
	flags.StringVar(&o.to, "to", "", "address to post to, such as http://localhost:3000/webhook")
	flags.StringVar(&o.secretFile, "secret-file", "", "file with the secret that signs what is posted to --to")
	flags.StringVar(&o.directory, "dir", defaultDevDirectory, "folder of guichet dev")
	flags.StringVar(&v.From, "from", "", "the customer: a number in digits, or a page-scoped id")
	flags.StringVar(&v.Name, "name", "", "name of the customer")
	flags.StringVar(&v.User, "user", "", "business-scoped user id of the customer")
	flags.StringVar(&v.Group, "group", "", "id of a group")
	flags.StringVar(&v.Text, "text", "", "what the customer writes or taps")
	flags.StringVar(&v.Message, "message", "", "id of the message of yours that it is about")
	flags.IntVar(&v.Code, "code", 0, "code of the error")
	flags.StringVar(&v.Pricing, "pricing", "", "what a status says of the price; guichet trigger list has the shapes")
	flags.StringVar(&v.Category, "category", "", "category that it is priced by, such as marketing")
	flags.StringVar(&v.Template, "template", "", "name of the template")
	flags.StringVar(&v.Language, "language", "", "language of the template")
	flags.StringVar(&v.Number, "phone-number-id", "", "id of the number")
	flags.StringVar(&v.Account, "account-id", "", "id of the WhatsApp Business account")
	flags.StringVar(&v.Page, "page-id", "", "id of the page")
	flags.StringVar(&v.Instagram, "instagram-id", "", "id of the Instagram account")
	flags.StringArrayVar(&o.changes, "set", nil, "another value, as PATH=VALUE; may be repeated")
	flags.IntVar(&o.times, "times", 1, "how often the same webhook is posted, as Meta may")
	flags.BoolVar(&o.printOnly, "print", false, "print the webhook and post nothing")
	command.AddCommand(newTriggerList())
	return command
}

func newTriggerList() *cobra.Command {
	return &cobra.Command{
		Use:               "list [PREFIX]",
		Short:             "List the events, or those whose names begin so",
		Example:           "  guichet trigger list\n  guichet trigger list messenger.",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return listEvents(cmd.OutOrStdout(), strings.Join(args, ""))
		},
	}
}

func eventNames(given []string) (names []string) {
	if len(given) > 0 {
		return nil
	}
	for _, f := range fixtures.All() {
		names = append(names, f.Name+"\t"+f.About)
	}
	return names
}

func listEvents(out io.Writer, prefix string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "EVENT\tWHAT HAPPENS") // Flush returns any error
	found, priced := false, false
	for _, f := range fixtures.All() {
		if strings.HasPrefix(f.Name, prefix) {
			found, priced = true, priced || f.Pricing != ""
			_, _ = fmt.Fprintf(table, "%s\t%s\n", f.Name, f.About)
		}
	}
	if !found {
		return fmt.Errorf("no event begins with %.60q", prefix)
	}
	if priced {
		_, _ = fmt.Fprintln(table, "\t\n--pricing\tWHAT A STATUS SAYS OF THE PRICE")
		for _, p := range fixtures.Pricings() {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", p.Name, p.About)
		}
	}
	return table.Flush()
}

// check refuses flags that would change nothing, and reads the changes.
func (o *triggerOptions) check(cmd *cobra.Command, f *fixtures.Fixture) error {
	for _, name := range []string{
		"from", "name", "user", "group", "text", "message", "code", "pricing", "category", "template", "language",
	} {
		if cmd.Flags().Changed(name) && !f.Takes(name) {
			return fmt.Errorf("%s has no %s: leave --%s out", f.Name, name, name)
		}
	}
	if o.times < 1 || o.times > 1000 {
		return errors.New("--times must be between 1 and 1000")
	}
	for _, text := range o.changes {
		change, err := fixtures.ParseChange(text)
		if err != nil {
			return err
		}
		o.values.Changes = append(o.values.Changes, change)
	}
	return nil
}

// run makes the webhook, and prints or posts it.
func (o *triggerOptions) run(ctx context.Context, f *fixtures.Fixture, stdout, stderr io.Writer) error {
	process, err := findDevProcess(ctx, o.directory)
	if err != nil {
		return err
	}
	posted := o.to == "" && !o.printOnly
	if posted && process == nil {
		return fmt.Errorf("no guichet dev runs in %s: start it, name its folder with --dir, or give --to", o.directory)
	}
	o.values.Now = time.Now()
	if process != nil {
		if err := process.fill(f, &o.values, posted); err != nil {
			return err
		}
	}
	o.completeIDs()
	if posted && f.IsStatus() && o.values.Message == "" {
		if err := process.sendFirst(ctx, f, &o.values); err != nil {
			return err
		}
	}
	body, err := f.Webhook(o.values)
	if err != nil {
		return err
	}
	switch {
	case o.printOnly:
		_, err = fmt.Fprintf(stdout, "%s\n", body)
		return err
	case posted:
		return o.throughSimulator(ctx, process, f, body, stdout)
	}
	secret, err := o.secret(process)
	if err != nil {
		return err
	}
	return o.post(ctx, f, body, secret, stdout, stderr)
}

// completeIDs fills in the ids of the samples.
func (o *triggerOptions) completeIDs() {
	for _, id := range []struct {
		value     *string
		otherwise string
	}{
		{&o.values.Account, "102290129340398"},
		{&o.values.Number, "106540352242922"},
		{&o.values.Display, "33170180000"},
		{&o.values.Page, "108181820024680"},
		{&o.values.Instagram, "17841400000000001"},
	} {
		if *id.value == "" {
			*id.value = id.otherwise
		}
	}
}

// secret is what signs a webhook that is posted to --to.
func (o *triggerOptions) secret(process *devProcess) (string, error) {
	if secret, err := givenSecret(o.secretFile); err != nil || secret != "" {
		return secret, err
	}
	if process != nil {
		return process.state.CallbackSecret, nil
	}
	return "", fmt.Errorf("give the secret that signs the webhook: by --secret-file, or in %s", secretVariable)
}

// givenSecret is the secret of a file or of the environment; empty if neither is given.
func givenSecret(file string) (string, error) {
	if file == "" {
		return os.Getenv(secretVariable), nil
	}
	content, err := os.ReadFile(file)
	secret := strings.TrimSpace(string(content))
	if err == nil && secret == "" {
		err = fmt.Errorf("%s is empty", file)
	}
	return secret, err
}

func (o *triggerOptions) throughSimulator(
	ctx context.Context, process *devProcess, f *fixtures.Fixture, body []byte, stdout io.Writer,
) error {
	for range o.times {
		if err := process.control(ctx, http.MethodPost, "webhooks", body, nil); err != nil {
			return err
		}
	}
	about := ""
	if id := o.values.Data; id != "" {
		about = ", about the message " + id
	}
	_, err := fmt.Fprintf(stdout, "%s was posted to the gateway%s\n", f.Name, about)
	return err
}

// post posts a signed webhook. It follows no redirect.
func (o *triggerOptions) post(
	ctx context.Context, f *fixtures.Fixture, body []byte, secret string, stdout, stderr io.Writer,
) error {
	address, err := endpointURL("--to", o.to)
	if err != nil {
		return err
	}
	for range o.times {
		answered, err := postSigned(ctx, address, body, secret, "guichet-trigger")
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stdout, "%s: %s answered %s\n", f.Name, address.Redacted(), answered)
		if !answered.taken() {
			_, _ = fmt.Fprintln(stderr, answered.text)
			return fmt.Errorf("%s did not take it", address.Redacted())
		}
	}
	return nil
}

// endpointURL reads the address of an endpoint for webhooks.
func endpointURL(flag, text string) (*url.URL, error) {
	address, err := url.Parse(text)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return nil, fmt.Errorf("%s %.100q must be a URL such as http://localhost:3000/webhook", flag, text)
	}
	return address, nil
}

// answered is what an endpoint answered.
type answered struct {
	status int
	took   time.Duration
	// text is the beginning of the answer.
	text string
}

func (a answered) taken() bool { return a.status >= 200 && a.status <= 299 }

// String is such as "200 in 12 ms".
func (a answered) String() string { return fmt.Sprintf("%d in %d ms", a.status, a.took.Milliseconds()) }

// postSigned posts a webhook to an endpoint, signed as the gateway signs callbacks. Redirects are
// answers.
func postSigned(ctx context.Context, to *url.URL, body []byte, secret, agent string) (answered, error) {
	const longest = 10 * time.Second // as long as the gateway waits
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", agent)
	request.Header.Set(meta.SignatureHeader, meta.Sign(body, secret))
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	began := time.Now()
	response, err := client.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // the address is said already
		}
		return answered{}, fmt.Errorf("%s did not answer: %w", to.Redacted(), err)
	}
	defer func() { _ = response.Body.Close() }() // as much as is wanted is read below
	const longestText = 2 << 10
	text, _ := io.ReadAll(io.LimitReader(response.Body, longestText)) // what came of it is enough
	return answered{response.StatusCode, time.Since(began), strings.TrimSpace(string(text))}, nil
}
