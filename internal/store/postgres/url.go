package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5/pgconn"
)

// errURL does not say what is wrong with the URL: a parser's own words may hold the password.
var errURL = errors.New(
	"the shared store's URL cannot be read: it must be such as " +
		"postgres://user:password@host:5432/database?sslmode=verify-full",
)

// parseURL reads the URL, and has TLS verified as it says.
func parseURL(options *Options) (*pgconn.Config, error) {
	parsed, err := url.Parse(options.URL)
	if err != nil || (parsed.Scheme != "postgres" && parsed.Scheme != "postgresql") {
		return nil, errURL
	}
	query := parsed.Query()
	mode := query.Get("sslmode")
	if len(options.CA) > 0 {
		switch mode {
		case "":
			mode = "verify-full"
			query.Set("sslmode", mode)
			parsed.RawQuery = query.Encode()
		case "verify-full", "verify-ca":
		default:
			return nil, fmt.Errorf(
				"the shared store has a CA, which sslmode=%s does not check: use sslmode=verify-full", mode,
			)
		}
	}
	config, err := pgconn.ParseConfig(parsed.String())
	if err != nil {
		return nil, errURL
	}
	if len(options.CA) == 0 {
		return config, nil
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(options.CA) {
		return nil, errors.New("the shared store's CA holds no certificate in PEM")
	}
	trust(config.TLSConfig, authorities)
	for _, fallback := range config.Fallbacks {
		trust(fallback.TLSConfig, authorities)
	}
	return config, nil
}

func trust(config *tls.Config, authorities *x509.CertPool) {
	if config == nil {
		return // a socket of this machine
	}
	config.RootCAs = authorities
	config.MinVersion = tls.VersionTLS12
}
