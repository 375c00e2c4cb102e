//go:build unix

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
)

// spoilers are the ways in which a path can come to name another file, or a file can get a
// second name, with a part of the error.
var spoilers = map[string]struct {
	do   func(path string) error
	says string
}{
	"deleted": {os.Remove, "deleted or renamed"},
	"renamed": {func(path string) error { return os.Rename(path, path+".moved") }, "deleted or renamed"},
	"replaced": {func(path string) error {
		return errors.Join(copyFile(path, path+".copy"), os.Rename(path+".copy", path))
	}, "replaced by another file"},
	"replaced by an empty file": {func(path string) error {
		return errors.Join(os.WriteFile(path+".empty", nil, 0o600), os.Rename(path+".empty", path))
	}, "replaced by another file"},
	"renamed, with a link in its place": {func(path string) error {
		return errors.Join(os.Rename(path, path+".moved"), os.Symlink(path+".other", path))
	}, "deleted or renamed"},
	"linked":         {func(path string) error { return os.Link(path, path+".link") }, "2 hard links"},
	"folder renamed": {func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+".moved") }, "deleted or renamed"},
	"folder deleted": {func(path string) error { return os.RemoveAll(filepath.Dir(path)) }, "deleted or renamed"},
	"log deleted":    {func(path string) error { return os.Remove(path + "-wal") }, "-wal was deleted"},
}

func copyFile(from, to string) error {
	raw, err := os.ReadFile(from + "-wal") // not the store itself: closing that would drop SQLite's locks
	return errors.Join(err, os.WriteFile(to, raw, 0o600))
}

// folder returns a store's path in a folder of its own.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "soar.db")
}

func TestEngineStopsWhenItsStoreIsGone(t *testing.T) {
	for name, spoil := range spoilers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := folder(t)
			m, session := connect(t, always(changed))
			e := newEngine(t, openStore(t, path), Options{Connections: on("org", m, session)})
			worked := make(chan error, 1)
			go func() { worked <- e.Work(t.Context()) }()
			if err := e.Idle(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := spoil.do(path); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-worked:
				if err == nil || !strings.Contains(err.Error(), spoil.says) {
					t.Errorf("got %v, want an error with %q", err, spoil.says)
				}
			case <-time.After(5 * time.Second):
				t.Error("the engine is still at work")
			}
		})
	}
}

// TestNothingIsWrittenToALostStore checks that every command that writes fails, not only an engine.
func TestNothingIsWrittenToALostStore(t *testing.T) {
	for name, spoil := range spoilers {
		if name == "log deleted" {
			continue // only an engine keeps the log open for long
		}
		t.Run(name, func(t *testing.T) {
			path := folder(t)
			s := openStore(t, path)
			m, session := connect(t, always(changed))
			if _, err := s.Perform(t.Context(), session, m.Action("contain_user"), []byte(`{"user":"a"}`), Caller{}); err != nil {
				t.Fatal(err)
			}
			if err := spoil.do(path); err != nil {
				t.Fatal(err)
			}
			called := false
			m, session = connect(t, func(context.Context, string, request) (answer, error) {
				called = true
				return answer{}, nil
			})
			_, err := s.Perform(t.Context(), session, m.Action("contain_user"), []byte(`{"user":"a"}`), Caller{})
			if err == nil || !strings.Contains(err.Error(), spoil.says) || called {
				t.Errorf("got %v, want an error with %q; the action was called: %v", err, spoil.says, called)
			}
			if _, err := New(s, Options{Connections: on("org", m, session)}); err == nil {
				t.Error("an engine took it")
			}
		})
	}
}

func TestLinkedStoreIsRejected(t *testing.T) {
	path := storePath(t)
	if err := openStore(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	link := path + ".link"
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		if _, err := OpenStore(t.Context(), name); err == nil || !strings.Contains(err.Error(), "2 hard links") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	openStore(t, path)
}

// TestLockFollowsTheFile checks that the lock belongs to the file, and not to one of its names.
func TestLockFollowsTheFile(t *testing.T) {
	path := storePath(t)
	m, session := connect(t, always(changed))
	o := Options{Connections: on("org", m, session)}
	newEngine(t, openStore(t, path), o)
	if files, err := filepath.Glob(path + "*lock*"); err != nil || len(files) > 0 {
		t.Errorf("there are lock files: %v, %v", files, err)
	}
	links := []string{filepath.Join(t.TempDir(), "to.db"), filepath.Join(t.TempDir(), "twice.db")}
	folderLink := filepath.Join(t.TempDir(), "folder")
	if err := errors.Join(os.Symlink(path, links[0]), os.Symlink(links[0], links[1]), os.Symlink(filepath.Dir(path), folderLink)); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(links, filepath.Join(folderLink, filepath.Base(path)), filepath.Dir(path)+"/./"+filepath.Base(path)) {
		s := openStore(t, name)
		if used, err := s.InUse(); err != nil || !used {
			t.Errorf("%s: in use: %v, %v", name, used, err)
		}
		if _, err := New(s, o); !errors.Is(err, ErrInUse) {
			t.Errorf("%s: got %v", name, err)
		}
		// Closing another Store of this process keeps the locks of SQLite and the engine.
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	// Another process sees both locks.
	if out := elsewhere(t, path); !strings.Contains(out, "in use: true") || !strings.Contains(out, "delete the log: database is locked") {
		t.Errorf("another process says %s", out)
	}
}

// TestRunningRowsAreTakenOverAfterTheLock checks that running rows are queued again only once a kill has ended the lock.
func TestRunningRowsAreTakenOverAfterTheLock(t *testing.T) {
	path := storePath(t)
	m, session := connect(t, always(changed))
	o := Options{Connections: on("org", m, session)}
	first := newEngine(t, openStore(t, path), o)
	if _, err := first.Accept(t.Context(), "s", page("1", "a"), []*playbook.Playbook{load(t, m, contain)}); err != nil {
		t.Fatal(err)
	}
	if _, err := first.store.write.Exec(`UPDATE runs SET status = 'running'`); err != nil {
		t.Fatal(err)
	}
	second := openStore(t, path)
	status := func() string {
		runs, err := second.Runs(t.Context(), Query{})
		if err != nil || len(runs) != 1 {
			t.Fatalf("got %v, %v", runs, err)
		}
		return runs[0].Status
	}
	if _, err := New(second, o); !errors.Is(err, ErrInUse) || status() != engine.Running {
		t.Errorf("got %v, and the run is %s", err, status())
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if newEngine(t, second, o); status() != engine.Queued {
		t.Errorf("the run is %s", status())
	}
}

// elsewhere reads the store in another process.
func elsewhere(t *testing.T, path string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestOtherProcess$")
	cmd.Env = append(os.Environ(), "SOAR_TEST_STORE="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestOtherProcess(t *testing.T) {
	path := os.Getenv("SOAR_TEST_STORE")
	if path == "" {
		t.Skip("it is run by TestLockFollowsTheFile in another process")
	}
	s := openStore(t, path)
	used, err := s.InUse()
	out := io.Writer(os.Stdout)
	fmt.Fprintln(out, "in use:", used, err)
	// SQLite rejects this while it sees another connection.
	_, err = s.write.Exec(`PRAGMA busy_timeout = 100; PRAGMA journal_mode = DELETE`)
	fmt.Fprintln(out, "delete the log:", err)
}
