//go:build linux

package reliability

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"soar.example/okta/internal/oktatest"
)

var table = []row{
	{name: "kill", promise: "P1, P3", fault: "kill -9 of host and plugin across poll, match, commit, step and audit", how: "at 200 random instants (-kills 200; 20 by default), each a random moment after a random request", try: killed},
	{name: "reset", promise: "P6", fault: "the connection is reset in the middle of a page", how: "toxiproxy, reset_peer", try: badNetwork("reset_peer", `{"timeout":0}`)},
	{name: "cut", promise: "P6", fault: "the connection ends in the middle of a page", how: "toxiproxy, limit_data after 700 bytes", try: badNetwork("limit_data", `{"bytes":700}`)},
	{name: "silence", promise: "P5", fault: "the org falls silent", how: "toxiproxy, timeout; requests may take 1 s", try: badNetwork("timeout", `{"timeout":0}`)},
	{name: "slow-loris", promise: "P5", fault: "a page comes byte by byte", how: "toxiproxy, bandwidth of 1 KB/s; requests may take 1 s", try: badNetwork("bandwidth", `{"rate":1}`)},
	{name: "latency", promise: "P5", fault: "every answer takes up to 0.3 s", how: "toxiproxy, latency with jitter", try: latency},
	{name: "refused", promise: "P5", fault: "nobody listens", how: "toxiproxy is stopped and started", try: refused},
	{name: "unresolved", promise: "P5", fault: "the org's name is not known", how: "an address in .invalid", try: unresolved},
	{name: "5xx", promise: "P5", fault: "503", how: "the org's log answers so until two polls have failed", try: badAnswers(oktatest.Fault{Status: 503})},
	{name: "500", promise: "P5", fault: "500 on writes and reads alike", how: "six answers in a row, of the log and of steps", try: everywhere(oktatest.Fault{Status: 500})},
	{name: "lost-answers", promise: "P3", fault: "the work is done and the answer is lost", how: "the org does what is asked and hangs up, six times in a row", try: everywhere(oktatest.Fault{Kind: oktatest.KindHangup, AfterEffect: true})},
	{name: "hang-up", promise: "P6", fault: "the org hangs up before it answers", how: "the org's log does so until two polls have failed", try: badAnswers(oktatest.Fault{Kind: oktatest.KindHangup})},
	{name: "html", promise: "P6", fault: "an HTML page with status 200 in place of events", how: "the org's log answers so until two polls have failed", try: badAnswers(oktatest.Fault{Kind: oktatest.KindHTML, Status: 200})},
	{name: "cut-gzip", promise: "P6", fault: "a gzip that ends too early", how: "two pages are cut at two thirds", try: bodies(2, cutGzip)},
	{name: "cut-json", promise: "P6", fault: "a whole gzip of half a page", how: "two pages are cut at two thirds and then compressed", try: bodies(2, cutJSONInGzip)},
	{name: "length", promise: "P6", fault: "a Content-Length that is not kept", how: "two pages are 1,000 bytes short", try: bodies(2, lyingLength)},
	{name: "bomb", promise: "P12", fault: "a gzip bomb of 4 GiB", how: "two pages are that; the plugin may not take 640 MiB", try: bodies(2, bomb)},
	{name: "deep", promise: "P12", fault: "JSON a million levels deep", how: "two pages are that", try: bodies(2, deepJSON)},
	{name: "late", promise: "P8", fault: "events out of order and late by up to 10 minutes", how: "the log gets them so", try: appended(late)},
	{name: "repeats", promise: "P7", fault: "the same event in a page and in later ones", how: "the log has ten events four times", try: appended(repeats)},
	{name: "poison", promise: "P12", fault: "events with wrong types, numbers out of range, 5 MB of debug data", how: "the log gets them among others", try: appended(poison)},
	{name: "event-text", promise: "P12", fault: "text of an event in the reason of a containment", how: "user agents of 0 to 1,000,000 characters, with control characters, that are missing or of another type", try: eventText},
	{name: "instant", promise: "P8", fault: "5,000 events of one timestamp", how: "the log gets them; one in a hundred matches", try: appended(oneInstant)},
	{name: "429", promise: "P4", fault: "a storm of 429", how: "every limit of the org is spent for 3 s", try: storm(oktatest.Limit{Window: "3s"})},
	{name: "429-no-reset", promise: "P4", fault: "a storm of 429 that does not say until when", how: "the same without X-Rate-Limit-Reset", try: storm(oktatest.Limit{Window: "3s", OmitReset: true})},
	{name: "429-past", promise: "P4", fault: "a storm of 429 that lasts until a time in the past", how: "the same with X-Rate-Limit-Reset in the past", try: storm(oktatest.Limit{Window: "3s", ResetInPast: true})},
	{name: "elsewhere", promise: "P10", fault: "a next link to another host, port, scheme or path, with a user name, or of 10 kB", how: "eleven such links; another host listens", try: badLinks(elsewhere)},
	{name: "no-link", promise: "P10", fault: "no next link", how: "twice", try: badLinks(func(*scene, string) []string { return []string{oktatest.LinkNone, oktatest.LinkNone} })},
	{name: "self-link", promise: "P10", fault: "a next link to the page itself", how: "four times", try: loop(1)},
	{name: "circle", promise: "P10", fault: "next links in a circle of two pages", how: "four times", try: loop(2)},
	{name: "place", promise: "P10", fault: "a place in the log that Okta refuses", how: "the org forgets every place, twice, with events on their way", try: placeLost},
	{name: "redirect", promise: "P11", fault: "a redirect to another host", how: "two pages answer 302; another host listens", try: redirected},
	{name: "clock-ahead", promise: "P9", fault: "a clock an hour ahead of Okta's", how: "the org's clock is put; places are lost besides", try: clockOff(-time.Hour)},
	{name: "clock-behind", promise: "P9", fault: "a clock an hour behind Okta's", how: "the same", try: clockOff(time.Hour)},
	{name: "clock-day", promise: "P9", fault: "a clock a day ahead of Okta's", how: "the same", try: clockOff(-24 * time.Hour)},
	{name: "clock-jump", promise: "P9", fault: "a clock that jumps mid-run", how: "from two hours ahead of Okta's to an hour behind it, in three jumps; places are lost besides", try: clockJump},
	{name: "full", promise: "P13", fault: "no space left on the disk", how: "the store is on a small tmpfs that is filled, and emptied again", try: diskFull},
	{name: "eio", promise: "P13", fault: "an I/O error of the disk", how: "strace injects EIO into every sync, then into every write, of the store's files by a soar watch", try: ioErrors},
	{name: "two", promise: "P15", fault: "two watchers on one store", how: "a second soar watch, and a third by a link to the store", try: twoWatchers},
	{name: "damaged", promise: "P14", fault: "a store that is cut off, overwritten or not a store", how: "six kinds of damage to the store of a killed process; its log torn in the last commit", try: damaged},
	{name: "emptied", promise: "P14", fault: "a store of zero bytes", how: "the store of a process that ended is truncated; then it is put back", try: emptied},
	{name: "lock", promise: "P15", fault: "a deleted lock file", how: "every file beside the store that is not SQLite's is deleted; a second soar watch starts", try: lockDeleted},
	{name: "linked", promise: "P15", fault: "a store with a second hard link", how: "the link is made while a soar watch runs, and deleted later", try: linked},
	{name: "renamed", promise: "P14", fault: "a store that is renamed or deleted while in use", how: "the store of a soar watch is renamed, which takes its name away as deletion does, and put back later",
		try: moved(func(s *scene) error { return os.Rename(s.store, s.away()) }, func(s *scene) error { return os.Rename(s.away(), s.store) })},
	{name: "replaced", promise: "P14", fault: "a store that is replaced while in use", how: "another file takes the name of the store of a soar watch, and the store is put back later",
		try: moved(func(s *scene) error {
			s.write("other.db", "another file")
			return errors.Join(os.Link(s.store, s.away()), os.Rename(filepath.Join(s.dir, "other.db"), s.store))
		}, func(s *scene) error { return os.Rename(s.away(), s.store) })},
	{name: "orphan", promise: "P2", fault: "the host is killed and its plugin lives on", how: "kill -9 of the host, with a page under way and without", try: orphaned},
	{name: "swapped", promise: "P16", fault: "the plugin's binary is swapped while it runs", how: "another program takes its place, and the process is killed; then the right one is put back", try: swapped},
	{name: "pinned", promise: "P16", fault: "a plugin's binary that is swapped before or after its check", how: "--plugin-sha256; the file is overwritten before the launch, and between the launch and a restart", try: pinned},
	{name: "tls", promise: "P5", fault: "a certificate that nobody signed, mid-run", how: "the org's certificate is another from one connection to the next, and the first again", try: badCertificate},
	{name: "401", promise: "P24", fault: "the token is revoked mid-run and given back", how: "the org answers 401", try: lockedOut(401, "E0000011", 3)},
	{name: "403", promise: "P24", fault: "the right to read the log is lost mid-run and given back", how: "the org's log answers 403", try: lockedOut(403, "E0000006", 1)},
	{name: "secrets", promise: "P17", fault: "the token wherever it does not belong", how: "a canary for a token; logs at the level trace, output, store, metrics, environment and arguments of the plugin are searched", try: secrets},

	{promise: "P1", fault: "the engine is killed between a call and its entry in the journal", how: "a process is killed before or after one of its first calls is answered, up to 12 times", proved: "internal/runner TestKill", outcome: "what had finished is not done again; a call that was cut off stands in the audit trail"},
	{promise: "P1", fault: "the same where many events become one run", how: "the same, with group_by", proved: "internal/runner TestKillWithGroups", outcome: "each event is in one run; none began without all of its events"},
	{promise: "P1", fault: "the same while changes are taken back", how: "the same, with blocks that end", proved: "internal/runner TestKillWhileUndoing", outcome: "each change is taken back once; where a kill leaves it unknown who made a change, it stays and stands as failed; what stood there before stays"},
	{promise: "P3", fault: "the plugin is killed during a call", how: "kill -9 with a call under way", proved: "plugin/host TestKilledPlugin", outcome: "the call is said to be in doubt, and is not repeated; the next one has a new process"},
	{promise: "P3", fault: "a plugin that dies again and again", how: "kill -9 more often than five times a minute", proved: "plugin/host TestDiesTooOften", outcome: "not started again for a while, which is said"},
	{promise: "P4", fault: "callers at a closed door", how: "64 callers, one limit that others have used up; clocks that agree and that are an hour off", proved: "internal/okta TestStormMeetsAClosedDoor", outcome: "not one request in the closed window, none refused after it, all served"},
	{promise: "P7", fault: "the same events again after a restart", how: "random pages, restarts and kills", proved: "internal/runner TestEveryEventStartsOnce", outcome: "one run each, whatever the window: runs are known by org, playbook and event for as long as the store is kept"},
	{promise: "P12", fault: "a page of 64 MiB and more, or an answer without end", how: "gzip of zeros", proved: "internal/okta TestAnswerWithoutEnd", outcome: "refused, with the limit named"},
	{promise: "P12", fault: "events of any shape among others", how: "members that are missing, twice there, of another type or 5,000 levels deep", proved: "internal/systemlog TestSplitPoison", outcome: "passed on raw, with what could not be read; the rest unharmed"},
	{promise: "P14", fault: "a store of a newer version, or of another program", how: "eleven such files", proved: "internal/runner TestStoreRefuses", outcome: "refused, and left as it is"},
	{promise: "P15", fault: "two engines on one store", how: "by the same name and by a link", proved: "internal/runner TestOneEnginePerStore", outcome: "the second is refused"},
	{promise: "P16", fault: "a binary with another checksum", how: "a bit, a byte or the end of it differs; or it is replaced, deleted or overwritten after the launch", proved: "plugin/host TestChecksum", outcome: "refused if the host was given a checksum and the bytes differ; the bytes that were hashed are started, and started again"},
	{promise: "P17", fault: "a service app's key and access token in errors and logs", how: "somebody in Okta's place who repeats what he was sent", proved: "internal/okta TestSecretsStayInside", outcome: "in no error and no log"},
	{promise: "P17", fault: "the host's environment", how: "canaries in it", proved: "plugin/host TestEnvironment", outcome: "the plugin sees proxy, certificate and TMPDIR variables, no other"},
	{promise: "P18", fault: "ids such as `..`, `a/b`, `a?b`, `a%2fb`, with a line end or a NUL", how: "as ids of users, groups and sessions", proved: "internal/okta TestIDsThatWouldMeanSomethingElse", outcome: "refused, nothing is sent"},
	{promise: "P19", fault: "quotes and operators in what becomes a filter", how: "random texts and bytes, read back", proved: "internal/systemlog TestQuoteRoundTrips", outcome: "each text means itself"},
	{promise: "P20", fault: "a custom request to somewhere else", how: "absolute addresses, dots, other hosts and the like", proved: "internal/okta TestCustomRefusesHostilePaths", outcome: "refused before anything is sent"},
	{promise: "P21", fault: "a write whose answer is lost", how: "the org hangs up", proved: "internal/okta TestHangUpIsNotRepeated", outcome: "sent once; the error says that it is in doubt"},
	{promise: "P21", fault: "a call that is cancelled", how: "in the middle of a slow answer", proved: "internal/okta TestCancelledCallEndsAtOnce", outcome: "ends at once"},
	{promise: "P22", fault: "an hour at 1,000 events a second", how: "not tried", outcome: notProved + ": no soak of that length was run; the store grows, nothing is pruned yet"},
	{promise: "P23", fault: "a plugin of another version of the protocol, or of another kind", how: "a plugin of version 2, one of net/rpc, one of go-plugin's core protocol 9", proved: "plugin/host TestLaunchErrors", outcome: "refused, with both versions named"},
	{promise: "P23", fault: "a plugin that answers what this host cannot read", how: "every call", proved: "plugin TestForeignPlugin", outcome: "an error that says so"},
	{promise: "P24", fault: "an access token that is revoked", how: "mid-run, for a service app", proved: "internal/okta TestRevokedToken", outcome: "a new one is fetched, once"},
	{promise: "P24", fault: "a scope that is taken away", how: "mid-run", proved: "internal/okta TestScopeThatIsTakenAway", outcome: "the login asks for those that are left, and reading goes on"},
	{promise: "P24", fault: "a DPoP nonce that ends", how: "mid-run, the token with it", proved: "internal/okta TestNonceChangesMidRun", outcome: "the new one is taken up, the request is sent once more"},
}
