package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"soar.example/okta/sdk"
)

func TestStoreIsPrivateAndDurable(t *testing.T) {
	path := storePath(t)
	s := openStore(t, path)
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "user_version": fmt.Sprint(schemaVersion)} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %s", name, got, err, want)
		}
	}
	m, session := connect(t, always(changed))
	newEngine(t, s, Options{Connections: on("org", m, session)})
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", f, info.Mode(), err)
		}
	}
}

func TestStoreRestrictsItsMode(t *testing.T) {
	path := storePath(t)
	openStore(t, path)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	openStore(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestStoreFileNames(t *testing.T) {
	for _, name := range []string{"with space.db", "a+b.db", "100%25?mode=memory#x.db", "a&_pragma=synchronous(off).db", "ünï.db", ":memory:"} {
		path := filepath.Join(t.TempDir(), name)
		openStore(t, path)
		info, err := os.Stat(path)
		if err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
		if s := openStore(t, path); filepath.Base(s.Path()) != name {
			t.Errorf("%s is known as %s", name, s.Path())
		}
	}
}

func TestStoreRejectsOtherFiles(t *testing.T) {
	sqlite := func(statements string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(statements); err != nil {
				t.Fatal(err)
			}
		}
	}
	bytes := func(b string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		make func(*testing.T, string)
		is   error
		says string
	}{
		"text":              {make: bytes("name: a playbook\n"), is: errNotStore},
		"two bytes":         {make: bytes("SQ"), is: errNotStore},
		"header only":       {make: bytes("SQLite format 3\x00 and then nothing of use"), says: "open store"},
		"foreign database":  {make: sqlite(`CREATE TABLE t (x)`), is: errNotStore},
		"foreign versioned": {make: sqlite(`PRAGMA user_version = 1; CREATE TABLE runs (x)`), is: errNotStore},
		"foreign marked":    {make: sqlite(`PRAGMA application_id = 7; CREATE TABLE t (x)`), is: errNotStore},
		"newer": {make: version(schemaVersion + 1), is: errNewer,
			says: fmt.Sprintf("its version is %d and this program reads version %d", schemaVersion+1, schemaVersion)},
		"older":              {make: version(schemaVersion - 1), is: errOlder, says: "Move it away with its -wal file"},
		"oldest":             {make: version(1), is: errOlder, says: "its version is 1"},
		"directory":          {make: func(t *testing.T, path string) { os.Mkdir(path, 0o700) }, says: "is not a file"},
		"missing directory":  {make: func(t *testing.T, path string) { os.RemoveAll(filepath.Dir(path)) }, says: "no such file"},
		"marked, no version": {make: sqlite(`PRAGMA application_id = 1936679282; CREATE TABLE t (x)`), is: errNotStore},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d", "soar.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			test.make(t, path)
			before, _ := os.ReadFile(path)
			s, err := OpenStore(context.Background(), path)
			if err == nil {
				s.Close()
				t.Fatal("was opened")
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %v", err, test.is)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
			if files, _ := filepath.Glob(path + "?*"); len(files) > 0 && test.is == errNotStore {
				t.Errorf("it left %v beside it", files)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	if _, err := OpenStore(context.Background(), ""); err == nil {
		t.Error("a store without a name was opened")
	}
}

// version makes a store of another version.
func version(n int) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		s, err := OpenStore(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.write.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, n)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEmptyFileIsRejected opens an empty file, which is a store whose content is lost. Only
// OpenNewStore accepts it. A rejection leaves the file unchanged.
func TestEmptyFileIsRejected(t *testing.T) {
	database := func(t *testing.T, path, statements string) {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statements); err != nil {
			t.Fatal(err)
		}
	}
	for name, empty := range map[string]func(t *testing.T, path string){
		"zero bytes": func(t *testing.T, path string) {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"truncated store": func(t *testing.T, path string) {
			if err := openStore(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		},
		"truncated store with a log": func(t *testing.T, path string) {
			if err := openStore(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Truncate(path, 0), os.WriteFile(path+"-wal", []byte("of the store before"), 0o600)); err != nil {
				t.Fatal(err)
			}
		},
		"database in WAL mode without tables": func(t *testing.T, path string) { database(t, path, `PRAGMA journal_mode = WAL`) },
		"database whose tables are gone":      func(t *testing.T, path string) { database(t, path, `CREATE TABLE t (x); DROP TABLE t`) },
	} {
		t.Run(name, func(t *testing.T) {
			path := storePath(t)
			empty(t, path)
			before, _ := os.ReadFile(path)
			if s, err := OpenStore(t.Context(), path); !errors.Is(err, errEmpty) || !strings.Contains(err.Error(), "--new-store") {
				t.Errorf("got %v, %v", s, err)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the rejected file was changed")
			}
			s, err := OpenNewStore(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(s.checkIntegrity(), s.Close()); err != nil {
				t.Error(err)
			}
			openStore(t, path) // now it is an ordinary store
		})
	}
}

// TestStoreIsCreatedWhole checks that a new store gets its name only when it is complete.
// Files that a killed process or a deleted store left do not matter.
func TestStoreIsCreatedWhole(t *testing.T) {
	for name, leave := range map[string]func(path string) error{
		"nothing":         func(string) error { return nil },
		"an unfinished":   func(path string) error { return os.WriteFile(path+".new", []byte("half a sto"), 0o600) },
		"a log":           func(path string) error { return os.WriteFile(path+"-wal", []byte("of another store"), 0o600) },
		"a link to come":  func(path string) error { return os.Symlink(filepath.Join(filepath.Dir(path), "target.db"), path) },
		"a relative link": func(path string) error { return os.Symlink("target.db", path) },
	} {
		t.Run(name, func(t *testing.T) {
			path := storePath(t)
			if err := leave(path); err != nil {
				t.Fatal(err)
			}
			seen := make(chan string, 1)
			done := make(chan struct{})
			var watching sync.WaitGroup
			watching.Go(func() {
				for {
					if info, err := os.Stat(path); err == nil && info.Size() == 0 {
						seen <- "an empty file was seen under the store's name"
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
			s := openStore(t, path)
			close(done)
			watching.Wait()
			select {
			case what := <-seen:
				t.Error(what)
			default:
			}
			if err := s.checkIntegrity(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the unfinished store is still there: %v", err)
			}
		})
	}
}

func TestStoreCreatedByManyAtOnce(t *testing.T) {
	path := storePath(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			s, err := OpenStore(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestDamagedStoreIsRejected(t *testing.T) {
	path := storePath(t)
	s := openStore(t, path)
	m, session := connect(t, always(changed))
	e := newEngine(t, s, Options{Connections: on("org", m, session)})
	if _, err := (&rig{Engine: e, tb: t, book: load(t, m, contain)}).Accept(t.Context(), "s", page("1", "a", "b"), nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{
		"cut off":     whole[:len(whole)/2],
		"overwritten": append(append([]byte{}, whole[:4096]...), make([]byte, len(whole)-4096)...),
	} {
		path := storePath(t)
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenStore(t.Context(), path)
		if err != nil {
			continue // found even earlier
		}
		if _, err := New(s, Options{Connections: on("org", m, session)}); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: got %v", name, err)
		}
		// The rejected engine does not keep the lock.
		if l, err := New(s, Options{Connections: on("org", m, session)}); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s, again: got %v, %v", name, l, err)
		}
		s.Close()
	}
}

func TestOneEnginePerStore(t *testing.T) {
	path := storePath(t)
	m, session := connect(t, always(changed))
	o := Options{Connections: on("org", m, session)}
	first, err := New(openStore(t, path), o)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		s := openStore(t, name)
		if _, err := New(s, o); err == nil || !strings.Contains(err.Error(), "another engine works on the store") {
			t.Errorf("%s: got %v", name, err)
		}
		if runs, err := s.Runs(t.Context(), Query{}); err != nil || len(runs) != 0 {
			t.Errorf("a reader got %v, %v", runs, err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	newEngine(t, openStore(t, link), o)
	if _, err := first.Accept(t.Context(), "s", page("1", "a"), nil); !errors.Is(err, errClosed) {
		t.Errorf("a closed engine accepted: %v", err)
	}
	if err := first.Work(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("a closed engine worked: %v", err)
	}
	if _, err := New(openStore(t, storePath(t)), Options{}); err == nil {
		t.Error("an engine without a session was made")
	}
}

// TestStoreCreatedAtTheSameInstant creates one store in two processes that both read it and
// then want to write. SQLite rejects one of them at once, without its busy timeout.
func TestStoreCreatedAtTheSameInstant(t *testing.T) {
	for range 20 {
		path := storePath(t)
		var group sync.WaitGroup
		start := make(chan struct{})
		for range 4 {
			group.Go(func() {
				<-start
				s, err := OpenStore(context.Background(), path)
				if err == nil {
					err = s.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		group.Wait()
	}
}

// TestHostKey checks that all programs on a store have one key, and that another store has
// another key.
func TestHostKey(t *testing.T) {
	path := storePath(t)
	var mu sync.Mutex
	var keys [][]byte
	openStore(t, path) // so that all of them want to create the key
	var wg sync.WaitGroup
	for range 4 {
		s := openStore(t, path)
		wg.Go(func() {
			for range 2 {
				key, err := s.HostKey(context.Background())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				keys = append(keys, key)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		if len(key) != sdk.HostKeySize || !bytes.Equal(key, keys[0]) {
			t.Errorf("got %d bytes, %t", len(key), bytes.Equal(key, keys[0]))
		}
	}
	other, err := openStore(t, storePath(t)).HostKey(t.Context())
	if err != nil || bytes.Equal(other, keys[0]) || bytes.Equal(other, make([]byte, sdk.HostKeySize)) {
		t.Errorf("another store has the key %x, %v", other, err)
	}
}

// TestStoreErrorsNameTheNextStep makes transactions fail, and checks the advice of the error.
func TestStoreErrorsNameTheNextStep(t *testing.T) {
	for name, test := range map[string]struct {
		pragma, want string
		locked       bool // another Store is writing
	}{
		"full disk":    {pragma: "max_page_count = 1", want: "Free space on the disk of the store"},
		"read-only":    {pragma: "query_only = 1", want: "writable for this user"},
		"other writer": {pragma: "busy_timeout = 1", want: "Another process has been writing", locked: true},
	} {
		t.Run(name, func(t *testing.T) {
			path := storePath(t)
			s := openStore(t, path)
			if _, err := s.write.Exec("PRAGMA " + test.pragma); err != nil {
				t.Fatal(err)
			}
			if test.locked {
				other, err := openStore(t, path).write.Begin()
				must(t, err)
				defer other.Rollback()
			}
			err := s.tx(t.Context(), func(tx *conn) {
				tx.exec(`INSERT INTO targets (settings, target) VALUES ('a', ?)`, strings.Repeat("x", 1<<20))
			})
			wrapped := (&conn{err: err}).failed("write")
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Count(wrapped.Error(), test.want) != 1 {
				t.Errorf("got %v, want the advice %q once", wrapped, test.want)
			}
		})
	}
}
