package simulator

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkLifecycle is a send with its three statuses posted, clients and
// callback in the same process.
func BenchmarkLifecycle(b *testing.B) {
	callback := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer callback.Close()
	config := testConfig()
	config.Record = RecordCounts
	config.Accounts[0].CallbackURL, config.Accounts[0].VerifyToken = callback.URL, ""
	s, err := New(config, Options{})
	if err != nil {
		b.Fatal(err)
	}
	go s.Run(b.Context())
	api := httptest.NewServer(s.Handler())
	defer api.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			request, err := http.NewRequestWithContext(
				b.Context(), http.MethodPost, api.URL+"/v26.0/"+number1+"/messages", bytes.NewReader(orderReadyTo(ana)),
			)
			if err != nil {
				b.Error(err)
				return
			}
			request.Header.Set("Authorization", "Bearer "+token)
			response, err := client.Do(request)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				b.Errorf("status %d", response.StatusCode)
				return
			}
		}
	})
	if err := s.WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if counts := s.Counts(); counts.Delivered != b.N || counts.Lost != 0 {
		b.Fatalf("got %+v for %d sends", counts, b.N)
	}
}
