// Package samples has the manifests of this folder that make a whole tenant: the account acme, its
// credentials, its templates and the shipped plan.
package samples

import "embed"

// Files are the manifests, by their names in this folder.
//
//go:embed businessaccount_acme.yaml secret_acme_credentials.yaml pricingplan_whatsapp.yaml messagetemplate_*.yaml
var Files embed.FS
