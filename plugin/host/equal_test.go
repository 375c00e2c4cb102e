package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/go-hclog"

	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

// same compares the results of two backends. The cause of an error is ignored, because it stays in
// its process.
var same = cmp.Options{
	cmpopts.IgnoreFields(sdk.Error{}, "Err"),
	cmp.Comparer(func(a, b json.RawMessage) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }),
	cmp.Comparer(func(a, b sdk.JSON) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }),
}

// TestLocalAndRemoteAreEqual checks that a backend returns the same bytes in this process and
// through a plugin process.
func TestLocalAndRemoteAreEqual(t *testing.T) {
	t.Parallel()
	local, err := plugintest.Connector()
	if err != nil {
		t.Fatal(err)
	}
	remote := launch(t)
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			ctx := hclog.WithContext(t.Context(), hclog.NewNullLogger())
			want, wantErr := c.call(ctx, local)
			got, gotErr := c.call(ctx, remote)
			if diff := cmp.Diff(want, got, same); diff != "" {
				t.Errorf("local -, remote +:\n%s", diff)
			}
			if diff := cmp.Diff(sdk.AsError(wantErr), sdk.AsError(gotErr), same); diff != "" {
				t.Errorf("errors: local -, remote +:\n%s", diff)
			}
			if _, ok := gotErr.(*sdk.Error); gotErr != nil && !ok {
				t.Errorf("the error is a %T", gotErr)
			}
			if c.fails != (gotErr != nil) {
				t.Errorf("got error %v", gotErr)
			}
		})
	}
}

type call struct {
	name  string
	fails bool
	call  func(context.Context, sdk.Backend) (any, error)
}

// calls returns calls of every kind, with every failure.
func calls() []call {
	list := []call{{"manifest", false, func(ctx context.Context, b sdk.Backend) (any, error) { return b.Manifest(ctx) }}}
	add := func(name string, fails bool, settings string, f func(context.Context, sdk.Session) (any, error)) {
		list = append(list, call{name, fails, func(ctx context.Context, b sdk.Backend) (any, error) {
			s, err := b.Open(ctx, json.RawMessage(settings))
			if err != nil {
				return s == nil, err
			}
			defer s.Close()
			return f(ctx, s)
		}})
	}
	check := func(ctx context.Context, s sdk.Session) (any, error) { return s.Check(ctx) }
	for _, settings := range []string{"", "{}", "nonsense", `{"org":"panics"}`, `{"org":"rejected"}`, `{"org":"x","more":1}`, "\xff"} {
		add("open "+settings, true, settings, check)
	}
	add("check", false, `{"org":"a"}`, check)
	add("check fails", true, `{"org":"check_fails"}`, check)
	add("check panics", true, `{"org":"check_panics"}`, check)
	run := func(name string, fails bool, action, input string) {
		add("run "+name, fails, `{"org":"a"}`, func(ctx context.Context, s sdk.Session) (any, error) {
			r, err := s.Run(ctx, action, json.RawMessage(input))
			for i := range r.Calls {
				// Messages are UTF-8, so this byte is replaced.
				r.Calls[i].Path = strings.ToValidUTF8(r.Calls[i].Path, "\uFFFD")
			}
			return r, err
		})
	}
	run("echo", false, "echo", `{"text":"a<é>\u0000b"}`)
	run("echo with requests", false, "echo", `{"text":"a","times":3,"requests":4}`)
	run("long", false, "echo", `{"text":"`+strings.Repeat("x", 100<<10)+`"}`)
	run("unknown action", true, "ecco", `{}`)
	run("empty action", true, "", "")
	run("invalid input", true, "echo", `{"text":1,"times":0,"x":2}`)
	run("duplicate member", true, "echo", `{"text":"a","text":"b"}`)
	run("no input", true, "echo", "")
	run("panic", true, "fail", `{"name":"panic"}`)
	for _, name := range names(plugintest.Failures) {
		run(name, true, "fail", `{"name":"`+name+`"}`)
	}
	validate := func(name string, fails bool, trigger, params string) {
		list = append(list, call{"validate " + name, fails, func(ctx context.Context, b sdk.Backend) (any, error) {
			return nil, b.Validate(ctx, trigger, json.RawMessage(params))
		}})
	}
	validate("events", false, "pages", `{"events":3,"bytes":40}`)
	validate("no parameters", false, "pages", "")
	validate("bad params", true, "pages", `{"events":-1}`)
	validate("no JSON", true, "pages", `{"events":`)
	validate("unknown trigger", true, "page", `{}`)
	poll := func(name string, fails bool, trigger, params, from string) {
		add("poll "+name, fails, `{"org":"a"}`, func(ctx context.Context, s sdk.Session) (any, error) {
			page, err := s.Poll(ctx, trigger, json.RawMessage(params), json.RawMessage(from))
			for i := range page.Calls {
				page.Calls[i].Path = strings.ToValidUTF8(page.Calls[i].Path, "\uFFFD")
			}
			return page, err
		})
	}
	poll("empty", false, "pages", "", "")
	poll("events", false, "pages", `{"events":3,"bytes":40}`, `{"page":1}`)
	poll("8 MB", false, "pages", `{"events":1000,"bytes":8000}`, `{"page":7}`)
	poll("bad checkpoint", true, "pages", `{}`, `{"page":`)
	poll("bad params", true, "pages", `{"events":-1}`, "")
	poll("unknown trigger", true, "page", "", "")
	poll("panic", true, "pages", `{"fail":"panic"}`, "")
	for _, name := range names(plugintest.Failures) {
		poll(name, true, "pages", fmt.Sprintf(`{"fail":%q}`, name), "")
	}
	return append(list, ended()...)
}

// ended returns calls on an ended context or a closed session.
func ended() []call {
	after := func(end func(context.Context, sdk.Session) (context.Context, error)) func(context.Context, sdk.Backend) (any, error) {
		return func(ctx context.Context, b sdk.Backend) (any, error) {
			s, err := b.Open(ctx, json.RawMessage(`{"org":"a"}`))
			if err != nil {
				return nil, err
			}
			defer s.Close()
			if ctx, err = end(ctx, s); err != nil {
				return nil, err
			}
			return s.Run(ctx, "echo", json.RawMessage(`{"text":"a"}`))
		}
	}
	return []call{
		{"closed", true, after(func(ctx context.Context, s sdk.Session) (context.Context, error) { return ctx, s.Close() })},
		{"closed twice", true, after(func(ctx context.Context, s sdk.Session) (context.Context, error) {
			if err := s.Close(); err != nil {
				return nil, err
			}
			return ctx, s.Close()
		})},
		{"canceled", true, after(func(ctx context.Context, _ sdk.Session) (context.Context, error) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, nil
		})},
		{"late", true, after(func(ctx context.Context, _ sdk.Session) (context.Context, error) {
			ctx, cancel := context.WithTimeout(ctx, 0)
			cancel()
			return ctx, nil
		})},
	}
}

func names[V any](m map[string]V) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
