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

// diagnose returns the reason of a failed launch, from the state and output of the process.
// limited is ctx with the time limit of the start. cause is the error of go-plugin.
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
		return fail(sdk.InvalidInput, "is not a connector plugin: it printed %s instead of its address", quote(line))
	case ok && hello.core != goplugin.CoreProtocolVersion:
		return fail(sdk.InvalidInput, "speaks version %d of go-plugin's protocol, this host speaks %d", hello.core, goplugin.CoreProtocolVersion)
	case ok && hello.version != plugin.Version:
		return fail(sdk.InvalidInput, "speaks version %d of the connector protocol, this host speaks %d", hello.version, plugin.Version)
	case ok && hello.protocol != string(goplugin.ProtocolGRPC):
		return fail(sdk.InvalidInput, "does not speak gRPC")
	case limited.Err() != nil && !ok:
		return fail(sdk.Unavailable, "did not print its address within %s%s. Check that it is a connector plugin", c.StartTimeout, lastOutput(words))
	case limited.Err() != nil:
		return fail(sdk.Unavailable, "did not respond within %s%s", c.StartTimeout, lastOutput(words))
	case !ok:
		return fail(sdk.Unavailable, "ended (%s) before it printed its address%s. Check that it is a connector plugin", p.ended(), lastOutput(words))
	}
	var response *sdk.Error
	if errors.As(cause, &response) && !errors.Is(cause, plugin.ErrBroken) {
		return fail(response.Code, "started, but returned no manifest: %s", response.Message)
	}
	return fail(sdk.Unavailable, "started, but its connection broke at once%s", lastOutput(words))
}

// hello is the line in which a plugin prints its address.
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

// lastOutput returns the last line of output of a process, which is often the reason of its end.
func lastOutput(words string) string {
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
	return "; its last output is " + quote(words)
}

func quote(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
