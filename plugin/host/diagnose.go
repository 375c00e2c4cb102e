package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"

	goplugin "github.com/hashicorp/go-plugin"

	"soar.example/okta/plugin"
	"soar.example/okta/sdk"
)

// diagnose says why a launch failed, by what the process did. limited is ctx
// with the start's own limit; cause is what go-plugin makes of it.
func diagnose(ctx, limited context.Context, c Config, p *process, cause error) error {
	fail := func(code sdk.Code, format string, args ...any) error {
		return &sdk.Error{Code: code, Message: "the plugin " + c.Path + " " + fmt.Sprintf(format, args...), Err: cause}
	}
	if err := ctx.Err(); err != nil {
		return sdk.AsError(err)
	}
	if p == nil {
		return fail(sdk.Unavailable, "cannot be prepared: %v", cause)
	}
	if err := p.startError(); err != nil && limited.Err() == nil {
		switch {
		case errors.Is(err, syscall.ENOEXEC):
			return fail(sdk.InvalidInput, "is not a program for this machine")
		case errors.Is(err, fs.ErrPermission):
			return fail(sdk.InvalidInput, "may not be executed by this user")
		}
		return fail(sdk.Unavailable, "cannot be started: %v", err)
	}
	line, _ := p.stdout.lines()
	_, words := p.stderr.lines()
	hello, ok := parseHello(line)
	switch {
	case line != "" && !ok:
		return fail(sdk.InvalidInput, "is not a connector plugin: it printed %s, and not its address", quote(line))
	case ok && hello.core != goplugin.CoreProtocolVersion:
		return fail(sdk.InvalidInput, "speaks version %d of go-plugin's protocol, this host speaks %d", hello.core, goplugin.CoreProtocolVersion)
	case ok && hello.version != plugin.Version:
		return fail(sdk.InvalidInput, "speaks version %d of the connector protocol, this host speaks %d", hello.version, plugin.Version)
	case ok && hello.protocol != string(goplugin.ProtocolGRPC):
		return fail(sdk.InvalidInput, "does not speak gRPC")
	case limited.Err() != nil && !ok:
		return fail(sdk.Unavailable, "did not say its address within %s%s: is it a connector plugin?", c.StartTimeout, said(words))
	case limited.Err() != nil:
		return fail(sdk.Unavailable, "did not answer within %s%s", c.StartTimeout, said(words))
	case !ok:
		return fail(sdk.Unavailable, "ended (%s) and never said its address%s: is it a connector plugin?", p.ended(), said(words))
	}
	var answer *sdk.Error
	if errors.As(cause, &answer) && !errors.Is(cause, plugin.ErrBroken) {
		return fail(answer.Code, "came up, but does not describe itself: %s", answer.Message)
	}
	return fail(sdk.Unavailable, "came up, but its connection broke at once%s", said(words))
}

// hello is the line with which a plugin says where it listens.
type hello struct {
	core, version int
	protocol      string
}

func parseHello(line string) (hello, bool) {
	parts := strings.Split(line, "|")
	if len(parts) < 4 {
		return hello{}, false
	}
	core, err1 := strconv.Atoi(parts[0])
	version, err2 := strconv.Atoi(parts[1])
	h := hello{core: core, version: version, protocol: string(goplugin.ProtocolNetRPC)}
	if len(parts) > 4 {
		h.protocol = parts[4]
	}
	return h, err1 == nil && err2 == nil
}

// said repeats the last words of a process, which are often its reason.
func said(words string) string {
	if words == "" {
		return ""
	}
	var entry struct {
		Message string `json:"@message"`
		Error   string `json:"error"`
	}
	if json.Unmarshal([]byte(words), &entry) == nil && entry.Message != "" {
		words = entry.Message
		if entry.Error != "" {
			words += ": " + entry.Error
		}
	}
	return "; it last said " + quote(words)
}

func quote(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
