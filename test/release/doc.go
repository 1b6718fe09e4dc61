// Package release checks what a release consists of, with the tag release: make release-test. The
// chart is held against kustomize, and a real API server takes the manifests.
package release
