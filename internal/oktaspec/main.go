package oktaspec

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"soar.example/okta/internal/oktasim"
)

// Main runs a package's tests. It then checks all exchanges of the embedded orgs in the process against the
// description. A deviation fails the package.
type Main struct {
	M interface{ Run() int }
	// Except selects requests that a test wrote itself. They are not checked.
	Except func(oktasim.Exchange) bool
	// OddEvents means that tests add events to the log that Okta would not send. The responses of the log are then
	// not checked.
	OddEvents bool
}

// Run runs the tests and the check, for a TestMain.
func (m Main) Run() int {
	seen := &exchanges{Main: m, distinct: map[string]oktasim.Exchange{}}
	oktasim.Observe(seen.add)
	code := m.M.Run()
	problems, err := seen.check()
	if errors.Is(err, ErrMissing) {
		fmt.Fprintln(os.Stderr, "oktaspec: nothing was checked:", err)
		return code
	} else if err != nil {
		problems = append(problems, err.Error())
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "oktaspec:", p)
	}
	fmt.Fprintf(os.Stderr, "oktaspec: checked %d exchanges, %d of them distinct\n", seen.all, len(seen.distinct))
	if len(problems) > 0 {
		return cmp.Or(code, 1)
	}
	return code
}

// exchanges contains the distinct exchanges so far.
type exchanges struct {
	Main
	mu       sync.Mutex
	all      int
	distinct map[string]oktasim.Exchange
}

func (s *exchanges) add(e oktasim.Exchange) {
	if s.Except != nil && s.Except(e) {
		return
	}
	e.Faulty = e.Faulty || s.OddEvents && e.Path == "/api/v1/logs"
	if e.Faulty {
		e.Status, e.Response = 0, nil
	}
	key := fmt.Sprintf("%s %s?%s %s %s %d %s", e.Method, e.Path, e.Query, e.ContentType, e.Body, e.Status, e.Response)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all++; len(s.distinct) < most {
		s.distinct[key] = e
	}
}

// most is the maximum number of kept exchanges, more than the tests have.
const most = 50_000

func (s *exchanges) check() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for _, e := range s.distinct {
		paths = append(paths, e.Path)
	}
	spec, err := Load(paths)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, e := range s.distinct {
		for _, p := range spec.Check(e) {
			found[fmt.Sprintf("%s %s?%s %s %s", e.Method, e.Path, e.Query, short(e.Body), p)] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}
