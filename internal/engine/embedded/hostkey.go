package embedded

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"soar.example/okta/sdk"
)

// HostKey returns the store's secret key, and makes it first if there is none. All
// programs that share the store have the same key.
func (s *Store) HostKey(ctx context.Context) ([]byte, error) {
	key, err := readKey(ctx, s.read)
	if errors.Is(err, sql.ErrNoRows) {
		fresh := make([]byte, sdk.HostKeySize)
		if _, err := rand.Read(fresh); err != nil {
			return nil, fmt.Errorf("make the host's key: %w", err)
		}
		err = s.tx(ctx, func(tx *sql.Tx) (err error) {
			// Another program may have been faster: then its key counts.
			if _, err = tx.ExecContext(ctx, `INSERT INTO host_key (one, key) VALUES (1, ?) ON CONFLICT DO NOTHING`, fresh); err == nil {
				key, err = readKey(ctx, tx)
			}
			return err
		})
	}
	if err == nil && len(key) != sdk.HostKeySize {
		err = fmt.Errorf("it has %d bytes, not %d", len(key), sdk.HostKeySize)
	}
	if err != nil {
		return nil, fmt.Errorf("read the host's key: %w", err)
	}
	return key, nil
}

func readKey(ctx context.Context, q querier) (key []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT key FROM host_key`).Scan(&key)
	return key, err
}
