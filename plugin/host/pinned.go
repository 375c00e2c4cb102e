package host

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"

	goplugin "github.com/hashicorp/go-plugin"

	"soar.example/okta/sdk"
)

// A pinned is a private copy of the plugin's binary with the expected checksum. Every process is
// started from this copy, so only the hashed bytes run, even if the original changes.
type pinned struct {
	path   string // path to start, valid until remove is called
	remove func() error
}

// pin copies the binary of a Config with a checksum. It returns nil if there is no checksum.
func pin(c Config) (*pinned, error) {
	if len(c.Checksum) == 0 {
		return nil, nil
	}
	if err := c.binary(); err != nil {
		return nil, err
	}
	fail := func(err error) error {
		return sdk.Errorf(sdk.InvalidInput, "the plugin %s cannot be copied to check its SHA-256: %w", c.Path, err)
	}
	from, err := os.Open(c.Path)
	if err != nil {
		return nil, fail(err)
	}
	defer from.Close()
	to, err := newPrivateFile(filepath.Base(c.Path))
	if err != nil {
		return nil, fail(err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, hash), from)
	if err == nil && !bytes.Equal(hash.Sum(nil), c.Checksum) {
		_ = to.discard() // no process was started from the copy
		return nil, &sdk.Error{
			Code: sdk.InvalidInput, Err: goplugin.ErrChecksumsDoNotMatch,
			Message: "the plugin " + c.Path + " is not the expected one: its SHA-256 differs. Nothing was started",
		}
	}
	var path string
	if err == nil {
		path, err = to.seal()
	}
	if err != nil {
		_ = to.discard()
		return nil, fail(err)
	}
	return &pinned{path: path, remove: to.discard}, nil
}

// program returns the path of the file to start.
func (c Config) program() string {
	if c.pinned != nil {
		return c.pinned.path
	}
	return c.Path
}

// unpin removes the private copy, if there is one.
func (c Config) unpin() error {
	if c.pinned == nil {
		return nil
	}
	return c.pinned.remove()
}
