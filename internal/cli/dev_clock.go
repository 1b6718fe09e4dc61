package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/dev"
)

// devClock is the clock of a process of guichet dev, or of a simulator.
type devClock struct{ directory, simulator string }

func newDevClock() *cobra.Command {
	var c devClock
	command := &cobra.Command{
		Use:   "clock",
		Short: "Tell or advance the clock of guichet dev, or of a simulator",
		Long: `Tell or advance the clock of guichet dev, or of a simulator.

Everything in the process goes by it: windows close, months and price lists turn, retries come due.
It is never set back.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask(cmd.Context(), cmd.OutOrStdout(), http.MethodGet, nil)
		},
	}
	command.PersistentFlags().StringVar(&c.directory, "dir", defaultDevDirectory, "folder of guichet dev")
	command.PersistentFlags().StringVar(
		&c.simulator, "simulator", "", "URL of a simulator, such as http://127.0.0.1:8090 (default: the folder's)",
	)
	command.AddCommand(&cobra.Command{
		Use:     "advance DURATION",
		Short:   "Set the clock forward",
		Example: "  guichet dev clock advance 25h",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := time.ParseDuration(args[0]); err != nil {
				return fmt.Errorf("%.40q is no duration such as 25h or 90m", args[0])
			}
			return c.ask(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, map[string]string{"advance": args[0]})
		},
	})
	return command
}

// ask asks for the time, or changes it, and prints it.
func (c *devClock) ask(ctx context.Context, out io.Writer, method string, change any) error {
	base := c.simulator
	if base == "" {
		state, err := dev.ReadState(c.directory)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s has no account of guichet dev: start it, or name its folder with --dir", c.directory)
		}
		if err != nil {
			return err
		}
		base = state.Simulator
	}
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(
		ctx, method, strings.TrimRight(base, "/")+"/control/clock", bytes.NewReader(body),
	)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%w; is it running?", err)
	}
	defer func() { _ = response.Body.Close() }() // read to the end below
	var answer struct {
		Now   time.Time `json:"now"`
		Error string    `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&answer); err != nil {
		return fmt.Errorf("%s has no clock: %w", base, err)
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(answer.Error)
	}
	_, err = fmt.Fprintf(out, "It is %s.\n", answer.Now.Local().Format("Monday 2 January 2006, 15:04:05 MST"))
	return err
}
