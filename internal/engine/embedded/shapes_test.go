package embedded

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// An event keeps each shape once, whichever playbook asked for it first, and a
// playbook that reads none costs nothing.
func TestShapesOfAnEventAreKept(t *testing.T) {
	s, err := OpenStore(t.Context(), filepath.Join(t.TempDir(), "soar.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	reads := func(shapes ...string) *playbook.Playbook { return &playbook.Playbook{Shapes: shapes} }
	event := func(ecs string) sdk.RawEvent {
		return sdk.RawEvent{Shapes: map[string]json.RawMessage{"ecs": json.RawMessage(ecs), "emm": json.RawMessage(`{"row":null}`)}}
	}
	err = s.tx(t.Context(), func(tx *sql.Tx) error {
		ctx := t.Context()
		var seq int64
		if err := tx.QueryRowContext(ctx, `INSERT INTO events (org, id, type, data) VALUES ('o', 'e', 't', '{}') RETURNING seq`).Scan(&seq); err != nil {
			return err
		}
		for _, step := range []struct {
			write *playbook.Playbook
			event sdk.RawEvent
			read  *playbook.Playbook
			want  map[string]json.RawMessage
		}{
			{reads(), event(`{"n":1}`), reads("ecs"), map[string]json.RawMessage{}},
			{reads("ecs"), event(`{"n":1}`), reads("ecs"), map[string]json.RawMessage{"ecs": json.RawMessage(`{"n":1}`)}},
			{reads("ecs"), event(`{"n":2}`), reads("ecs"), map[string]json.RawMessage{"ecs": json.RawMessage(`{"n":1}`)}},
			{reads("emm"), sdk.RawEvent{}, reads("emm"), map[string]json.RawMessage{"ecs": json.RawMessage(`{"n":1}`)}},
			{reads("emm"), event(`{}`), reads("ecs", "emm"), map[string]json.RawMessage{"ecs": json.RawMessage(`{"n":1}`), "emm": json.RawMessage(`{"row":null}`)}},
			{reads(), event(`{}`), reads(), nil},
		} {
			if err := writeShapes(ctx, tx, seq, step.event, step.write); err != nil {
				return err
			}
			got, err := readShapes(ctx, tx, seq, step.read)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(step.want, got); diff != "" {
				t.Errorf("written for %v, read for %v: %s", step.write.Shapes, step.read.Shapes, diff)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
