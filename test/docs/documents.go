package docs

import "strings"

// Document is a document whose shell blocks are run, one after the other in one shell.
type Document struct {
	Path string
	// Business says that a business runs it: a user with edit in the namespace acme and no other
	// right. Else the platform team does.
	Business bool
	// Fresh says that the namespace acme and the plan are removed before.
	Fresh bool
	// Store says that the folder has a copy of acme's store, gateway.db.
	Store bool
}

// Documents are in an order in which each finds what it needs: business.md leaves the account acme
// for metrics.md, kubectl.md and ledger.md, and platform.md ends by removing everything.
var Documents = []Document{
	{Path: "README.md", Fresh: true},
	{Path: "docs/simulator.md"},
	{Path: "docs/business.md", Business: true},
	{Path: "docs/webhooks.md"},
	{Path: "docs/metrics.md"},
	{Path: "docs/kubectl.md"},
	{Path: "docs/ledger.md", Store: true},
	{Path: "docs/pricing.md"},
	{Path: "docs/development.md"},
	{Path: "docs/platform.md", Fresh: true},
}

// insteadOfMeta puts the simulator in Meta's place, and the cluster's addresses in that of public
// ones: all that a block needs to run without an account at Meta.
var insteadOfMeta = strings.NewReplacer(
	"credentialsSecretName: acme-whatsapp}",
	"credentialsSecretName: acme-whatsapp, baseURL: http://simulator.guichet-simulator.svc:8090}",
	"https://graph.facebook.com", "$SIMULATOR",
	"-k config/default", "-k config/demo",
	"https://acme.example.com/webhooks", "http://acme-gateway.acme.svc:8080/webhooks",
)

// environment is what the blocks expect a reader to have set.
var environment = []string{
	"ACCESS_TOKEN=simulator-access-token", "APP_SECRET=simulator-app-secret", "VERIFY_TOKEN=simulator-verify-token",
	"NEW_APP_SECRET=simulator-app-secret", "PASSWORD=a-password",
}
