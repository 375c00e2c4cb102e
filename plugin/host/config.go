// Package host starts and supervises a connector in a separate process ([Launch]), and polls a
// trigger ([Watch]).
//
// Launch returns an sdk.Backend. If the process dies, the calls in progress fail. The next call
// restarts the process and reopens its sessions.
package host

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/plugin"
	"soar.example/okta/sdk"
)

// Config configures the launch of a plugin.
type Config struct {
	// Path is the path of the plugin's binary. Launch does not search PATH.
	Path string
	// Args are the arguments of the binary, without the program's name.
	Args []string
	// Env lists additional environment variables, each NAME=value. From the host's own
	// environment, the plugin gets only the proxy, certificate and TMPDIR variables.
	Env []string
	// Checksum is the SHA-256 of the binary. If it is set, Launch copies the binary, hashes the
	// copy, and starts every process from the copy. So only the hashed bytes run, also after a
	// restart. On Linux, the copy is in memory.
	Checksum []byte
	// Key is a random secret of [sdk.HostKeySize] bytes that the host generates once and stores.
	// Sessions use it to sign records, such as the record of a containment, and to recognize
	// records of this host. Without a key, nothing is signed.
	Key []byte
	// Logger receives the plugin's log, and messages about starts and ends of its process.
	// Default: no log.
	Logger hclog.Logger
	// StartTimeout limits the start of the plugin. Default: 20 s.
	StartTimeout time.Duration
	// Grace limits how long Close waits for calls in progress. Default: 10 s.
	Grace time.Duration

	pinned *pinned // nil: start Path itself
}

// complete checks c and sets the defaults.
func (c Config) complete() (Config, error) {
	if c.Path == "" {
		return c, sdk.Invalid("a plugin needs the path of its binary")
	}
	// The system would search PATH for a path without a separator.
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return c, sdk.Errorf(sdk.InvalidInput, "cannot find the plugin %s: %w", c.Path, err)
	}
	c.Path = path
	if n := len(c.Key); n != 0 && n != sdk.HostKeySize {
		return c, sdk.Errorf(sdk.InvalidInput, "the host's key has %d bytes, not %d", n, sdk.HostKeySize)
	}
	if n := len(c.Checksum); n != 0 && n != sha256.Size {
		return c, sdk.Errorf(sdk.InvalidInput, "a checksum is a SHA-256 of %d bytes, not %d", sha256.Size, n)
	}
	for _, v := range c.Env {
		if name, _, ok := strings.Cut(v, "="); !ok || name == "" || strings.ContainsRune(v, 0) {
			// The value may be a secret, so the error does not contain it.
			return c, sdk.Errorf(sdk.InvalidInput, "an environment variable for the plugin must be NAME=value")
		}
	}
	c.Args, c.Env, c.Checksum, c.Key = slices.Clone(c.Args), slices.Clone(c.Env), slices.Clone(c.Checksum), slices.Clone(c.Key)
	if c.Logger == nil {
		c.Logger = hclog.NewNullLogger()
	}
	if c.StartTimeout <= 0 {
		c.StartTimeout = 20 * time.Second
	}
	if c.Grace <= 0 {
		c.Grace = 10 * time.Second
	}
	return c, nil
}

// binary rejects a file that cannot be a plugin. It runs at each launch, because the file may have
// changed.
func (c Config) binary() error {
	info, err := os.Stat(c.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &sdk.Error{Code: sdk.InvalidInput, Message: "there is no plugin at " + c.Path, Err: err}
	case err != nil:
		return sdk.Errorf(sdk.InvalidInput, "cannot read the file of the plugin %s: %w", c.Path, err)
	case !info.Mode().IsRegular():
		return sdk.Invalid("the plugin " + c.Path + " is not a file")
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return sdk.Invalid("the plugin " + c.Path + " is not executable")
	}
	return nil
}

// passedVariables lists the environment variables of the host that a plugin gets. The plugin needs them to
// reach its service. None of them contains a secret of another program.
var passedVariables = []string{
	"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR",
}

// environ returns the plugin's environment without the variables that go-plugin adds.
func environ(c Config) []string {
	var env []string
	for _, name := range passedVariables {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if level := c.Logger.GetLevel(); level != hclog.NoLevel {
		env = append(env, plugin.EnvLogLevel+"="+level.String())
	}
	env = append(env, c.Env...)
	return append(env, plugin.EnvHostPID+"="+strconv.Itoa(os.Getpid()))
}
