package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scrape FILE PATH STATUS PATTERN... requests a path of a watch until the response has the status, and a body that matches
// all patterns. FILE is the output of the watch, which names the address. scrape sets $ADDRESS, and keeps the body in the
// file scraped.
func scrape(ts *testscript.TestScript, _ bool, args []string) {
	at := regexp.MustCompile(`http://[0-9.:]+/metrics`).FindString(ts.ReadFile(args[0]))
	base, err := url.Parse(at)
	ts.Check(err)
	ts.Setenv("ADDRESS", base.Host)
	deadline := time.Now().Add(30 * time.Second)
	for {
		status, body := get(base.ResolveReference(&url.URL{Path: args[1]}).String())
		is := status == args[2]
		for _, pattern := range args[3:] {
			is = is && regexp.MustCompile(pattern).MatchString(body)
		}
		if is {
			ts.Check(os.WriteFile(ts.MkAbs("scraped"), []byte(body), 0o600))
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s answers %s\n%s", args[1], status, body)
		}
		<-time.After(50 * time.Millisecond)
	}
}

func get(address string) (status, body string) {
	resp, err := http.Get(address)
	if err != nil {
		return "none", err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return "none", err.Error()
	}
	return resp.Status[:3], string(b)
}

// clearfaults removes all faults of the org.
func clearFaults(ts *testscript.TestScript, _ bool, _ []string) { orgOf(ts).ClearFaults() }

// polled N waits until the org was asked for its log N times.
func awaitPolls(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(30 * time.Second)
	for {
		n := 0
		for _, r := range orgOf(ts).Requests() {
			if r.Path == "/api/v1/logs" {
				n++
			}
		}
		if want, err := strconv.Atoi(args[0]); err == nil && n >= want {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the log was asked for %d times", n)
		}
		<-time.After(10 * time.Millisecond)
	}
}
