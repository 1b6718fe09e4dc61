package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
	"github.com/guichet-dev/guichet/test/rig"
)

// stage is a gateway and the simulator with its page, on loopback.
type stage struct {
	address  string // the simulator's
	devPage  string // that of guichet dev, with its token
	account  *rig.Account
	programs rig.Programs
	closers  []func()

	devLedger string // the store of guichet dev
}

// newStage starts both.
func newStage(ctx context.Context) (_ *stage, err error) {
	s := &stage{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	directory, err := os.MkdirTemp("", "guichet-browser-")
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() { _ = os.RemoveAll(directory) }) // it is a temporary one
	if s.programs, err = rig.Compile(ctx, directory, "gateway", "guichet"); err != nil {
		return nil, err
	}
	if err := s.startDev(ctx, directory); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.address = "http://" + listener.Addr().String()
	if s.account, err = rig.NewAccount(directory, s.address); err != nil {
		return nil, err
	}
	gateway, err := rig.NewGateway(s.programs, s.account, "INFO")
	if err != nil {
		return nil, err
	}
	if err := s.writeAccount(gateway.API()); err != nil {
		return nil, err
	}
	if _, err := gateway.Start(ctx); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, gateway.Stop)
	return s, s.simulate(ctx, listener, gateway.API())
}

// writeAccount makes the account one that has something to show.
func (s *stage) writeAccount(gateway string) error {
	limit, err := money.Parse("1")
	if err != nil {
		return err
	}
	d := &s.account.Document
	d.URL = gateway
	d.Account.DisplayName, d.Account.TimeZone, d.PlanName = "Acme Parcels", "America/Sao_Paulo", "whatsapp"
	d.Budget = &config.Budget{
		Limit: money.Money{Amount: limit, Currency: "USD"}, Action: config.BudgetBlock, WarnAtPercent: []int32{50, 80},
	}
	d.Callback = &config.Callback{
		URL: s.address + simulator.SinkPath + rig.BusinessAccountID, Secret: rig.CallbackSecret,
	}
	d.Templates = nil
	for _, definition := range templates() {
		d.Templates = append(d.Templates, config.Template{
			Definition: definition, UpstreamID: "1689556908129832", UpstreamStatus: "APPROVED",
			BilledCategory: strings.ToLower(definition.Category),
		})
	}
	return s.account.WriteDocument()
}

func (s *stage) simulate(ctx context.Context, listener net.Listener, gateway string) error {
	settings := rig.Upstream(gateway + config.WebhookPath)
	settings.URL = s.address
	settings.Accounts[0].Name = "Acme Parcels"
	settings.Accounts[0].Templates = templates()
	settings.Accounts[0].Numbers = settings.Accounts[0].Numbers[:1]
	settings.Accounts[0].Numbers[0].VerifiedName = "Acme Parcels"
	settings.Pages = []pages.Page{{ID: "1784120934", Name: "Acme on Messenger"}} // it has no gateway
	simulated, err := simulator.New(settings, simulator.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: simulated.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()                   // until it is closed
	s.closers = append(s.closers, func() { _ = server.Close() }) // nothing is left to serve
	running, stop := context.WithCancel(ctx)
	finished := make(chan struct{})
	go func() { defer close(finished); simulated.Run(running) }()
	s.closers = append(s.closers, func() { stop(); <-finished })
	return nil
}

// page is the address of the page, with the business's token.
func (s *stage) page() string { return s.address + "/#token=" + rig.APIKey }

// ledger is the store that guichet ledger reads.
func (s *stage) ledger() string { return s.account.Path("data", "gateway.db") }

func (s *stage) guichet() string { return s.programs.Path("guichet") }

// close ends everything, the last thing first.
func (s *stage) close() {
	for _, end := range slices.Backward(s.closers) {
		end()
	}
}
