package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/test/port"
	"github.com/guichet-dev/guichet/test/rig"
)

// Kannel's programs, as Debian's packages kannel and kannel-extras install them.
const (
	bearerboxPath = "/usr/sbin/bearerbox"
	smsboxPath    = "/usr/sbin/smsbox"
	fakesmscPath  = "/usr/lib/kannel/test/fakesmsc"
)

// yardstick are the figures of an SMS gateway in C that meters nothing and syncs nothing: messages
// accepted over HTTP by smsbox, routed by bearerbox and taken by its own fakesmsc. It measures the
// cost of moving a message, and is no like for like.
type yardstick struct{ accepted, through, cpu series }

// kannelIsThere reports whether Kannel is installed, and says so if not.
func (b *bench) kannelIsThere() bool {
	for _, program := range []string{bearerboxPath, smsboxPath, fakesmscPath} {
		if _, err := os.Stat(program); err != nil {
			b.progress(
				"Kannel is not measured: %s is not there; on Debian: apt-get install kannel kannel-extras", program,
			)
			return false
		}
	}
	return true
}

// yardstickTable shows Kannel's figures, and the ratio of the gateway's CPU to Kannel's in each
// round.
func (b *bench) yardstickTable(of *yardstick, ratio series) {
	t := b.table(fmt.Sprintf("Kannel, %s messages a round", whole(int64(b.messages))), "")
	t.row("accepted and sent on", of.through.in("/s"))
	t.row("accepted meanwhile", of.accepted.in("/s"))
	t.row("CPU for a message, both processes", of.cpu.in(" µs"))
	t.row("CPU, gateway to Kannel, of each round", ratio.in(""))
}

func (b *bench) kannel(ctx context.Context, into *yardstick) error {
	k, err := b.startKannel(ctx)
	if err != nil {
		return err
	}
	defer k.stop()
	before, err := k.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := saturate(b.messages, func(n int) error { return k.send(ctx, n) }); err != nil {
		return err
	}
	into.accepted.add(float64(b.messages) / time.Since(began).Seconds())
	if err := poll(ctx, 20*time.Millisecond, func() (bool, error) {
		sent, err := k.sent(ctx)
		return sent >= b.messages, err
	}); err != nil {
		return err
	}
	into.through.add(float64(b.messages) / time.Since(began).Seconds())
	after, err := k.cpu()
	into.cpu.add(micros(after-before) / float64(b.messages))
	return err
}

// kannel is a running Kannel.
type kannel struct {
	client *http.Client
	// status is the URL of bearerbox's figures, sendsms that of smsbox's API.
	status, sendsms string
	// processes are bearerbox, smsbox and fakesmsc.
	processes []*exec.Cmd
}

const (
	kannelPassword = "only-on-loopback"
	// kannelConfiguration takes the ports of the administration, of the boxes, of the API and of
	// the SMS centre, and the password.
	kannelConfiguration = `group = core
admin-port = %[1]s
admin-password = %[5]s
smsbox-port = %[2]s
box-allow-ip = 127.0.0.1
log-level = 4

group = smsc
smsc = fake
smsc-id = fake
port = %[4]s
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %[3]s
log-level = 4

group = sendsms-user
username = bench
password = %[5]s
`
)

// startKannel starts the three programs, and returns when a message gets through.
func (b *bench) startKannel(ctx context.Context) (k *kannel, err error) {
	directory, err := b.directory()
	if err != nil {
		return nil, err
	}
	addresses, err := port.Free(4)
	if err != nil {
		return nil, err
	}
	var ports [4]string
	for i, address := range addresses {
		if _, ports[i], err = net.SplitHostPort(address); err != nil {
			return nil, err
		}
	}
	configuration := filepath.Join(directory, "kannel.conf")
	text := fmt.Sprintf(kannelConfiguration, ports[0], ports[1], ports[2], ports[3], kannelPassword)
	if err := os.WriteFile(configuration, []byte(text), 0o600); err != nil {
		return nil, err
	}
	k = &kannel{
		client:  &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: clients}},
		status:  "http://" + addresses[0] + "/status.xml?" + url.Values{"password": {kannelPassword}}.Encode(),
		sendsms: "http://" + addresses[2] + "/cgi-bin/sendsms?",
	}
	defer func() {
		if err != nil {
			k.stop()
		}
	}()
	const silent = "4" // least level that is logged
	if err := k.start(bearerboxPath, "-v", silent, configuration); err != nil {
		return nil, err
	}
	if err := k.awaits(ctx, "<status>"); err != nil {
		return nil, fmt.Errorf("bearerbox did not start: %w", err)
	}
	// fakesmsc sends one message of its own at its start, and then takes what it gets.
	if err := k.start(
		fakesmscPath, "-v", silent, "-H", "127.0.0.1", "-r", ports[3], "-i", "1000000", "-m", "1", "100 200 text hello",
	); err != nil {
		return nil, err
	}
	if err := k.start(smsboxPath, "-v", silent, configuration); err != nil {
		return nil, err
	}
	if err := k.awaits(ctx, "<type>smsbox</type>"); err != nil {
		return nil, fmt.Errorf("smsbox did not connect: %w", err)
	}
	return k, poll(ctx, 50*time.Millisecond, func() (bool, error) { return k.send(ctx, 0) == nil, nil })
}

func (k *kannel) start(path string, args ...string) error {
	command := child(path, args...)
	command.Stderr = nil
	k.processes = append(k.processes, command)
	return command.Start()
}

// awaits waits until the status has a text.
func (k *kannel) awaits(ctx context.Context, text string) error {
	return poll(ctx, 50*time.Millisecond, func() (bool, error) {
		found := false
		err := get(ctx, k.client, k.status, func(status []byte) { found = strings.Contains(string(status), text) })
		return found, err
	})
}

func (k *kannel) stop() {
	for _, process := range slices.Backward(k.processes) {
		end(process)
	}
}

// cpu returns what bearerbox and smsbox have used; fakesmsc stands for the network.
func (k *kannel) cpu() (time.Duration, error) {
	var sum time.Duration
	for _, process := range k.processes {
		if process.Path == fakesmscPath {
			continue
		}
		used, err := rig.CPU(process.Process.Pid)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// send posts a message of the same text as the gateway's template.
func (k *kannel) send(ctx context.Context, n int) error {
	query := url.Values{
		"username": {"bench"}, "password": {kannelPassword}, "from": {"100"},
		"to": {fmt.Sprintf("336%08d", n%20_000)}, "text": {"Hello Ana, your parcel is ready."},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.sendsms+query.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := k.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("smsbox answered %d", response.StatusCode)
	}
	return nil
}

var sentTotal = regexp.MustCompile(`<sms>(?s:.*?)<sent>\s*<total>(\d+)</total>`)

// sent returns how many messages bearerbox has handed to the SMS centre.
func (k *kannel) sent(ctx context.Context) (n int, err error) {
	err = get(ctx, k.client, k.status, func(status []byte) {
		if found := sentTotal.FindSubmatch(status); found != nil {
			n, _ = strconv.Atoi(string(found[1])) // it has only digits
		}
	})
	return n, err
}
