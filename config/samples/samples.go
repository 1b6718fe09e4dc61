// Package samples has the manifests of this folder that make a whole tenant: the account acme, its
// credentials, its templates and the shipped plans.
package samples

import "embed"

// Files are the manifests, by their names in this folder.
//
//go:embed businessaccount_acme.yaml secret_acme_*.yaml pricingplan_whatsapp.yaml pricingplan_messenger.yaml
//go:embed messagetemplate_*.yaml
var Files embed.FS
