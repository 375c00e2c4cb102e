package sdk_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"soar.example/okta/sdk"
)

func TestContextEndsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		slow, done := context.WithTimeout(t.Context(), time.Minute)
		defer done()
		got, err := s.Run(slow, "set_state", json.RawMessage(`{"name":"a","to":"wait"}`))
		wantError(t, err, sdk.Timeout, "the time allowed for the call ran out")
		if len(got.Calls) != 1 {
			t.Errorf("what was sent by then is lost: %+v", got.Calls)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		got, err = s.Run(ctx, "set_state", json.RawMessage(`{"name":"a","to":"wait"}`))
		wantError(t, err, sdk.Canceled, "canceled by the caller")
		if len(got.Calls) != 1 {
			t.Errorf("what was sent by then is lost: %+v", got.Calls)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opening, opened := context.WithCancel(t.Context())
		s, err := compiled(t).Open(opening, json.RawMessage(goodSettings))
		if err != nil {
			t.Fatal(err)
		}
		opened() // the session outlives the call that opened it
		under := make(chan error, 1)
		go func() {
			_, err := s.Run(t.Context(), "set_state", json.RawMessage(`{"name":"a","to":"wait"}`))
			under <- err
		}()
		synctest.Wait()
		select {
		case err := <-under:
			t.Fatalf("the call ended by itself: %v", err)
		default:
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		wantError(t, <-under, sdk.Canceled, "")
		ctx, log := logged(t)
		_, err = s.Run(ctx, "set_state", json.RawMessage(`{"name":"a"}`))
		wantError(t, err, sdk.InvalidInput, "the session is closed")
		_, err = s.Poll(ctx, "ticks", nil, nil)
		wantError(t, err, sdk.InvalidInput, "the session is closed")
		_, err = s.Check(ctx)
		wantError(t, err, sdk.InvalidInput, "the session is closed")
		if all := log.all(t); len(all) != 3 || all[0]["action"] != "set_state" || all[1]["trigger"] != "ticks" {
			t.Errorf("logged %v", all)
		}
	})
}
