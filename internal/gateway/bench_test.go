package gateway

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
)

// manyConnections lets a benchmark's clients keep their connections.
func manyConnections(b *testing.B) *http.Client {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 512}
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// unlimited is a tenant whose number may send as fast as the machine can, and whose business wants no callbacks.
func unlimited(d *config.Document) {
	d.Limits.MessagesPerSecond = 1_000_000
	d.Callback = nil
	d.RetentionSeconds = 0
}

// BenchmarkFullLifecycle measures whole lives of messages: accepted through the API, sent to the simulator, sent, delivered and read by webhook, settled in the
// ledger; each step durable. The gateway is the real program; the simulator and the clients run beside it in the benchmark's own process.
func BenchmarkFullLifecycle(b *testing.B) {
	p := newProcess(b, unlimited)
	client := manyConnections(b)
	const clients = 64
	var next atomic.Int64
	cpu := p.cpuSeconds()
	b.ResetTimer()
	start := time.Now()
	var work sync.WaitGroup
	for range clients {
		work.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				if _, ok := p.post(b, client, fmt.Sprintf("+336%08d", n%20_000)); !ok {
					return
				}
			}
		})
	}
	work.Wait()
	accepted := time.Since(start)
	p.until("everything is settled", func() bool { return p.report().Period.Messages == int64(b.N) })
	elapsed := time.Since(start)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/elapsed.Seconds(), "lifecycles/s")
	b.ReportMetric(float64(b.N)/accepted.Seconds(), "accepted/s")
	b.ReportMetric((p.cpuSeconds()-cpu)*1e6/float64(b.N), "gateway-cpu-µs/msg")
	b.ReportMetric(float64(p.residentKiB())/1024, "rss-MiB")
}

// BenchmarkAcceptLatency measures how long a durable acceptance takes under an open-loop load of 1,000 a second: requests start on time, whether or not
// earlier ones have been answered.
func BenchmarkAcceptLatency(b *testing.B) {
	p := newProcess(b, unlimited)
	client := manyConnections(b)
	const perSecond = 1000
	took := make([]time.Duration, b.N)
	var answers sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for n := range b.N {
		due := start.Add(time.Duration(n) * time.Second / perSecond)
		time.Sleep(time.Until(due))
		answers.Go(func() {
			if _, ok := p.post(b, client, fmt.Sprintf("+336%08d", n%20_000)); ok {
				took[n] = time.Since(due)
			}
		})
	}
	answers.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[b.N/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
}

// post sends a template that must be accepted.
func (p *process) post(b *testing.B, client *http.Client, to string) (id string, ok bool) {
	b.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.api+"/v26.0/"+phoneID+"/messages", strings.NewReader(templateTo(to, "parcel_ready")))
	if err != nil {
		b.Error(err)
		return "", false
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	response, err := client.Do(request)
	if err != nil {
		b.Error(err)
		return "", false
	}
	if id, ok = acceptedID(response); !ok {
		b.Errorf("a send got %d", response.StatusCode)
	}
	return id, ok
}

// cpuSeconds is the processor time that the process has used, in user and system.
func (p *process) cpuSeconds() float64 {
	p.t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		p.t.Skipf("this system has no /proc: %v", err)
	}
	_, rest, _ := strings.Cut(string(content), ") ")
	fields := strings.Fields(rest)
	const ticksPerSecond, user, system = 100, 11, 12 // proc_pid_stat(5): fields 14 and 15
	var ticks float64
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		ticks += n
	}
	return ticks / ticksPerSecond
}
