package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/plugin/host"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/sdk"
)

func benchmarkBoth(b *testing.B, f func(*testing.B, context.Context, sdk.Session)) {
	local, err := plugintest.Connector()
	if err != nil {
		b.Fatal(err)
	}
	ctx := hclog.WithContext(b.Context(), hclog.NewNullLogger())
	b.Run("in_process", func(b *testing.B) { f(b, ctx, open(b, local, "a")) })
	b.Run("plugin", func(b *testing.B) {
		f(b, ctx, open(b, launch(b, func(c *host.Config) { c.Logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Off}) }), "a"))
	})
}

// BenchmarkCall measures one action with 1 KB of input and output.
func BenchmarkCall(b *testing.B) {
	benchmarkBoth(b, func(b *testing.B, ctx context.Context, s sdk.Session) {
		input := json.RawMessage(`{"text":"` + strings.Repeat("x", 1000) + `"}`)
		for b.Loop() {
			if _, err := s.Run(ctx, "echo", input); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPoll measures one page of 1,000 events.
func BenchmarkPoll(b *testing.B) {
	for _, size := range []int{2, 8, 60} {
		b.Run(fmt.Sprintf("%dMB", size), func(b *testing.B) {
			benchmarkBoth(b, func(b *testing.B, ctx context.Context, s sdk.Session) {
				params := json.RawMessage(fmt.Sprintf(`{"events":1000,"bytes":%d}`, size*1000))
				b.SetBytes(int64(size) * 1e6)
				for b.Loop() {
					if _, err := s.Poll(ctx, "pages", params, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkLaunch measures a launch, one action, and the end of the process.
func BenchmarkLaunch(b *testing.B) {
	for b.Loop() {
		p, err := host.Launch(b.Context(), config(b, plugintest.Plugin))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := echo(b.Context(), open(b, p, "a"), "a"); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		_ = p.Close()
		b.StartTimer()
	}
}
