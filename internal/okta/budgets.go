package okta

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"sync"

	"soar.example/okta/sdk"
)

// budgets are those of this process: clients of the same login on the same org
// share one, since Okta counts them together.
var budgets = sharedBudgets{all: map[budgetKey]*sharedBudget{}}

// A budgetKey names a login on an org without giving it away.
type budgetKey [sha256.Size]byte

type sharedBudgets struct {
	mu  sync.Mutex
	all map[budgetKey]*sharedBudget
}

type sharedBudget struct {
	*budget
	clients int
}

// join returns the budget of the login that settings hold, and what gives it back.
// One that nobody uses is kept while a window of it is open.
func (s *sharedBudgets) join(origin *url.URL, settings Settings) (b *budget, leave func()) {
	key := budgetKey(sha256.Sum256([]byte(origin.String() + "\n" + settings.ClientID + "\n" + settings.Token.Reveal())))
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, other := range s.all {
		if other.clients == 0 && other.idle() {
			delete(s.all, k)
		}
	}
	shared := s.all[key]
	if shared == nil {
		shared = &sharedBudget{budget: newBudget()}
		s.all[key] = shared
	}
	shared.clients++
	return shared.budget, sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		shared.clients--
	})
}

// Budget is what Okta still allows of requests for the log, by its last answer; nil
// if there was none.
func (c *Client) Budget() *sdk.Budget { return c.budget.state(bucketOf(http.MethodGet, LogPath)) }
