// Package samples has the manifests of this folder that make a whole tenant: the account acme, its
// credentials, its templates and the shipped plans.
package samples

import "embed"

// Files are the manifests, by their names in this folder.
//
//go:embed businessaccount_acme.yaml secret_acme_*.yaml messagetemplate_*.yaml
//go:embed pricingplan_whatsapp.yaml pricingplan_messenger.yaml pricingplan_acme_page.yaml
var Files embed.FS
