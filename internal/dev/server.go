package dev

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// connectTime bounds the first connection to a server.
const connectTime = 5 * time.Second

// reachServer fails if the server that should keep the store does not answer: a gateway would wait
// for it.
func reachServer(ctx context.Context, url string) error {
	config, err := pgconn.ParseConfig(url)
	if err != nil { // its text may hold the password
		return errors.New("--postgres must be a URL such as postgres://user@host:5432/database")
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("--postgres: %w", err)
	}
	return conn.Close(ctx)
}
