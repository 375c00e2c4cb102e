package selection

import "strings"

// people are actors or targets: ids, and logins in lower case.
type people struct {
	ids, logins map[string]bool
}

func newPeople(who []string) people {
	p := people{ids: map[string]bool{}, logins: map[string]bool{}}
	for _, w := range who {
		if isID(w) {
			p.ids[w] = true
		} else {
			p.logins[strings.ToLower(w)] = true
		}
	}
	return p
}

// isID reports whether s has the form of Okta's ids: 20 letters and digits.
func isID(s string) bool {
	digits := 0
	for i := range len(s) {
		switch ch := s[i]; {
		case ch >= '0' && ch <= '9':
			digits++
		case ch < 'A' || ch > 'z' || ch > 'Z' && ch < 'a':
			return false
		}
	}
	return len(s) == 20 && digits > 0
}

func (p people) empty() bool { return len(p.ids)+len(p.logins) == 0 }

// among judges a list of which one must be one of p, if there are any.
func (p people) among(list entities, missed *[]string) Verdict {
	if p.empty() {
		return Wanted
	}
	for _, e := range list.all {
		if e.id.there && p.ids[e.id.value] || e.login.there && p.logins[strings.ToLower(e.login.value)] {
			return Wanted
		}
	}
	var unread []string
	if list.unread != "" {
		unread = append(unread, list.unread)
	}
	for _, e := range list.all {
		if e.id.unread != "" && len(p.ids) > 0 {
			unread = append(unread, e.id.unread)
		}
		if e.login.unread != "" && len(p.logins) > 0 {
			unread = append(unread, e.login.unread)
		}
	}
	if unread == nil {
		return Unwanted
	}
	*missed = append(*missed, unread...)
	return Unsure
}

func (p people) without(list entities, missed *[]string) Verdict {
	if p.empty() {
		return Wanted
	}
	return p.among(list, missed).not()
}
