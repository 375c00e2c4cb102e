package oktaspec

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"soar.example/okta/internal/oktasim"
)

// Main runs a package's tests, and then holds every exchange that embedded orgs of the
// process had meanwhile against the description. What does not follow it fails the
// package.
type Main struct {
	M interface{ Run() int }
	// Except are the requests whose words are a test's own, not the connector's.
	Except func(oktasim.Exchange) bool
	// OddEvents says that tests put events into the log that Okta would not: pages of the
	// log are their words too, and only asking for them is held against the description.
	OddEvents bool
}

// Run is what a TestMain calls, or goleak for it.
func (m Main) Run() int {
	seen := &exchanges{Main: m, unlike: map[string]oktasim.Exchange{}, calls: map[string]bool{}}
	oktasim.Observe(seen.add)
	code := m.M.Run()
	problems, err := seen.check()
	switch {
	case errors.Is(err, ErrMissing):
		fmt.Fprintln(os.Stderr, "oktaspec: nothing was checked:", err)
		return code
	case err != nil:
		problems = append(problems, err.Error())
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "oktaspec:", p)
	}
	fmt.Fprintf(os.Stderr, "oktaspec: checked %d exchanges, %d of them unlike, to %d calls\n", seen.all, len(seen.unlike), len(seen.calls))
	if seen.left > 0 {
		fmt.Fprintf(os.Stderr, "oktaspec: %d more were too many to check\n", seen.left)
	}
	if len(problems) > 0 && code == 0 {
		code = 1
	}
	return code
}

// exchanges gathers those that are unlike any before.
type exchanges struct {
	Main
	mu     sync.Mutex
	all    int
	left   int // not kept
	unlike map[string]oktasim.Exchange
	calls  map[string]bool
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
	s.all++
	if _, seen := s.unlike[key]; !seen && len(s.unlike) == most {
		s.left++
		return
	}
	s.unlike[key] = e
}

// most is how many exchanges are kept, which is more than the tests have unless they are
// told to run for hours.
const most = 50_000

func (s *exchanges) check() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for _, e := range s.unlike {
		paths = append(paths, e.Path)
	}
	spec, err := Load(paths)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, e := range s.unlike {
		if item := spec.find(e.Method, e.Path); item != nil {
			s.calls[item.GetOperation(e.Method).OperationID] = true
		}
		for _, p := range spec.Check(e) {
			found[fmt.Sprintf("%s %s?%s %s %s", e.Method, e.Path, e.Query, short(e.Body), p)] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}
