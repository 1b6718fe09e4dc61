//go:build linux

package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
)

// writeKubeconfig puts a certificate and the authority's into one file, which works wherever it is
// copied to.
func (ca *authority) writeKubeconfig(file string) error {
	var encoded [3]string
	for i, name := range []string{"ca.crt", file + ".crt", file + ".key"} {
		content, err := os.ReadFile(filepath.Join(ca.folder, name))
		if err != nil {
			return err
		}
		encoded[i] = base64.StdEncoding.EncodeToString(content)
	}
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: guichet
clusters:
  - name: guichet
    cluster:
      server: %s
      certificate-authority-data: %s
users:
  - name: guichet
    user:
      client-certificate-data: %s
      client-key-data: %s
contexts:
  - name: guichet
    context: {cluster: guichet, user: guichet}
`, apiServer, encoded[0], encoded[1], encoded[2])
	return os.WriteFile(filepath.Join(ca.folder, file+".kubeconfig"), []byte(content), 0o600)
}
