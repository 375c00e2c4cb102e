package embedded

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/playbook"
)

// A directoryOf is the service of one connection. It records its calls.
type directoryOf struct {
	mu    sync.Mutex
	calls []string
	block chan struct{} // calls wait until it is closed; nil: they do not wait
}

func (d *directoryOf) call(ctx context.Context, action string, in request) (answer, error) {
	d.mu.Lock()
	d.calls = append(d.calls, action+" "+in.User)
	block := d.block
	d.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return answer{}, ctx.Err()
		}
	}
	return changed, nil
}

func (d *directoryOf) users() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.calls, ", ")
}

// fleet is an engine with several connections to services.
type fleet struct {
	*Engine
	t *testing.T
}

// connection returns a connection to the org.
func connection(t *testing.T, name, org string, d *directoryOf) Connection {
	m, session := connect(t, d.call)
	return Connection{Name: name, Org: org, Manifest: m, Session: session}
}

func newFleet(t *testing.T, workers int, all ...Connection) *fleet {
	t.Helper()
	return &fleet{newEngine(t, openStore(t, storePath(t)), Options{Connections: all, Workers: workers}), t}
}

// playbook loads a playbook that contains a user of the trigger's connection, with the action of another connection.
func (f *fleet) playbook(trigger, action string) *playbook.Playbook {
	f.t.Helper()
	source := "name: of_" + trigger + "\ntitle: A\ntrigger: " + trigger + "/reports\nevent_types: [user.report]\n" +
		"steps: [{id: act, action: " + action + "/contain_user, with: {user: '${{ event.user }}'}}]\n"
	p, err := playbook.Load(trigger+".yaml", []byte(source), f.connections().manifests())
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// accept accepts the events and returns their runs.
func (f *fleet) accept(p *playbook.Playbook, ids ...string) []string {
	f.t.Helper()
	got, err := f.Accept(f.t.Context(), "feed of "+p.Connection, page("1", ids...), []*playbook.Playbook{p})
	if err != nil {
		f.t.Fatal(err)
	}
	return got.Runs
}

func (f *fleet) set(all ...Connection) <-chan struct{} {
	f.t.Helper()
	unused, err := f.SetConnections(all)
	if err != nil {
		f.t.Fatal(err)
	}
	return unused
}

// until waits until the run has the status.
func (f *fleet) until(id string, status engine.Status) *Run {
	f.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		run, err := f.store.Run(f.t.Context(), id)
		if err != nil {
			f.t.Fatal(err)
		}
		if run.Status == status {
			return run
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("run %s is %s (%v), want %s", id, run.Status, run.Error, status)
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestSeveralConnections checks that each step is called on its connection, and that the same event of two orgs starts two runs.
func TestSeveralConnections(t *testing.T) {
	emea, apac, desk := new(directoryOf), new(directoryOf), new(directoryOf)
	f := newFleet(t, 2, connection(t, "emea", "org-emea", emea), connection(t, "apac", "org-apac", apac), connection(t, "desk", "desk", desk))
	first, second := f.accept(f.playbook("emea", "emea"), "1", "2"), f.accept(f.playbook("apac", "desk"), "2", "3")
	if err := drain(t.Context(), f.Engine); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{first[0]: "org-emea", first[1]: "org-emea", second[0]: "org-apac", second[1]: "org-apac"} {
		if run := f.until(id, engine.Succeeded); run.Org != want || run.Audit[0].Connection == "" {
			t.Errorf("run %s belongs to %s, want %s; connection %q", id, run.Org, want, run.Audit[0].Connection)
		}
	}
	if len(emea.calls) != 2 || len(apac.calls) != 0 || len(desk.calls) != 2 {
		t.Errorf("emea was called for %s; apac for %s; desk for %s", emea.users(), apac.users(), desk.users())
	}
	if strings.Contains(emea.users(), "user-3") || strings.Contains(desk.users(), "user-1") {
		t.Errorf("an event crossed the orgs: emea %s, desk %s", emea.users(), desk.users())
	}
}

// TestPlaybooksOfOnePoll checks that Accept rejects playbooks of different orgs and of unknown connections.
func TestPlaybooksOfOnePoll(t *testing.T) {
	f := newFleet(t, 1, connection(t, "emea", "org-emea", new(directoryOf)), connection(t, "apac", "org-apac", new(directoryOf)))
	emea, apac := f.playbook("emea", "emea"), f.playbook("apac", "apac")
	if _, err := f.Accept(t.Context(), "feed", page("1", "1"), []*playbook.Playbook{emea, apac}); err == nil {
		t.Error("playbooks of two orgs share a poll")
	}
	f.set(connection(t, "emea", "org-emea", new(directoryOf)))
	if _, err := f.Accept(t.Context(), "feed", page("1", "1"), []*playbook.Playbook{apac}); err == nil {
		t.Error("a playbook of a removed connection was accepted")
	}
}

// TestSlowOrgDelaysNoOther checks that the calls to a service that hangs leave workers for other orgs.
func TestSlowOrgDelaysNoOther(t *testing.T) {
	slow, fast := &directoryOf{block: make(chan struct{})}, new(directoryOf)
	f := newFleet(t, 2, connection(t, "slow", "org-slow", slow), connection(t, "fast", "org-fast", fast))
	hanging := f.accept(f.playbook("slow", "slow"), "1", "2", "3", "4", "5")
	_, end := atWork(t.Context(), f.Engine)
	f.until(hanging[1], engine.Running)
	for _, id := range f.accept(f.playbook("fast", "fast"), "1", "2", "3") {
		f.until(id, engine.Succeeded)
	}
	if run := f.until(hanging[2], engine.Queued); run.Status != engine.Queued {
		t.Errorf("more than two runs of one org are under way: %s", run.Status)
	}
	close(slow.block)
	for _, id := range hanging {
		f.until(id, engine.Succeeded)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
}

// TestSetConnections checks that a run under way keeps its session, that later runs use the new one, and that the runs of a
// removed org wait until the org returns. No run is executed twice.
func TestSetConnections(t *testing.T) {
	before, after, other := &directoryOf{block: make(chan struct{})}, new(directoryOf), new(directoryOf)
	f := newFleet(t, 1, connection(t, "emea", "org-emea", before))
	emea := f.playbook("emea", "emea")
	runs := f.accept(emea, "1", "2")
	_, end := atWork(t.Context(), f.Engine)
	f.until(runs[0], engine.Running)

	unused := f.set(connection(t, "apac", "org-apac", other)) // emea is removed during its first run
	f.until(f.accept(f.playbook("apac", "apac"), "9")[0], engine.Succeeded)
	again := f.set(connection(t, "emea", "org-emea", after)) // and returns
	f.until(runs[0], engine.Running)
	if isClosed(unused) || !isClosed(again) {
		t.Errorf("the first set is unused: %t, want false; the second set is unused: %t, want true", isClosed(unused), isClosed(again))
	}
	close(before.block)
	f.until(runs[0], engine.Succeeded)
	f.until(runs[1], engine.Succeeded)
	select {
	case <-unused:
	case <-time.After(20 * time.Second):
		t.Error("the first set is still in use after its last run")
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if before.users() != "contain_user user-1" || after.users() != "contain_user user-2" || other.users() != "contain_user user-9" {
		t.Errorf("the first session made the calls %s, the new one %s, the other org %s", before.users(), after.users(), other.users())
	}
}

// TestConnectionToAnotherOrg checks that a queued run does not act on the org that its connection has now.
func TestConnectionToAnotherOrg(t *testing.T) {
	emea, apac := new(directoryOf), new(directoryOf)
	f := newFleet(t, 1, connection(t, "emea", "org-emea", emea), connection(t, "apac", "org-apac", apac))
	run := f.accept(f.playbook("emea", "emea"), "1")[0]
	f.set(connection(t, "apac", "org-emea", emea), connection(t, "emea", "org-apac", apac))
	if err := drain(t.Context(), f.Engine); err != nil {
		t.Fatal(err)
	}
	got := f.until(run, engine.Failed)
	if !strings.Contains(got.Error.Message, "the event is from org-emea, and the connection emea is now to another org") || emea.users()+apac.users() != "" {
		t.Errorf("got %s; calls %q and %q", got.Error.Message, emea.users(), apac.users())
	}
}

// TestInvalidConnections checks the sets of connections that New and SetConnections reject.
func TestInvalidConnections(t *testing.T) {
	good := connection(t, "emea", "org", new(directoryOf))
	f := newFleet(t, 1, good)
	noName, noOrg, noManifest, noSession := good, good, good, good
	noName.Name, noOrg.Org, noManifest.Manifest, noSession.Session = "", "", nil, nil
	for name, all := range map[string][]Connection{
		"none": nil, "two of one name": {good, good}, "no name": {noName}, "no org": {noOrg}, "no manifest": {noManifest}, "no session": {noSession},
	} {
		if _, err := f.SetConnections(all); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := New(f.store, Options{Connections: all}); err == nil {
			t.Errorf("%s: New returned no error", name)
		}
	}
	if f.connections().named("emea") == nil {
		t.Error("a rejected set replaced the connections")
	}
}
