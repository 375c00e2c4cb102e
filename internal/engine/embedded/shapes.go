package embedded

import (
	"context"
	"database/sql"
	"encoding/json"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// writeShapes stores the shapes that the playbook reads of an event. One that is there
// stays: it was made of the same event.
func writeShapes(ctx context.Context, tx *sql.Tx, seq int64, event sdk.RawEvent, book *playbook.Playbook) error {
	for _, name := range book.Shapes {
		data, ok := event.Shapes[name]
		if !ok {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO shapes (event, name, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, seq, name, string(data))
		if err != nil {
			return err
		}
	}
	return nil
}

// readShapes returns the further shapes of an event, as far as the playbook reads
// them.
func readShapes(ctx context.Context, tx *sql.Tx, seq int64, book *playbook.Playbook) (map[string]json.RawMessage, error) {
	if len(book.Shapes) == 0 {
		return nil, nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT name, data FROM shapes WHERE event = ?`, seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	shapes := map[string]json.RawMessage{}
	for rows.Next() {
		var name string
		var data []byte
		if err := rows.Scan(&name, &data); err != nil {
			return nil, err
		}
		shapes[name] = data
	}
	return shapes, rows.Err()
}
