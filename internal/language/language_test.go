package language

import (
	"strings"
	"testing"
)

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // part of the problem; "" if there is none
	}{
		{"The trigger follows Okta's next link.", ""},
		{"What the trigger follows is the link.", "begin with a noun"},
		{"What happened?", ""},
		{"Suspends a user, who is then taken back.", "undo"},
		{"The change is judged by the state.", "metaphor"},
		{"It is refused with the rule.", "rejected"},
		{"The connection whom it belongs to.", "modern English"},
		{strings.Repeat("word ", 36) + ".", "36 words"},
		{"`whom` and [a link](http://whom.example)", ""},
	} {
		var checker Checker
		checker.sentences = 1000 // keeps the share of one long sentence below the limit
		checker.Markdown("page", c.text)
		got := strings.Join(checker.Finish(), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestCodeBlocksAreSkipped(t *testing.T) {
	var c Checker
	c.Markdown("page", "Text.\n\n```\nWhat whom\n```\n")
	if problems := c.Finish(); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestShareOfLongSentences(t *testing.T) {
	var c Checker
	for range 40 {
		c.Text("page", strings.Repeat("word ", 31)+".")
	}
	if problems := c.Finish(); len(problems) != 1 || !strings.Contains(problems[0], "40 of 40") {
		t.Error(problems)
	}
}
