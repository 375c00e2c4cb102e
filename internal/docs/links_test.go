package docs

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	linkTarget = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	codeText   = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	heading    = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
)

// Checks that every link of every Markdown page leads to a file or a heading that exists.
// Pages of other sites are not fetched.
func TestLinksResolve(t *testing.T) {
	root := os.DirFS(root)
	pages := map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if err == nil && path.Ext(name) == ".md" {
			var page []byte
			page, err = fs.ReadFile(root, name)
			pages[name] = string(page)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for name, page := range pages {
		for _, found := range linkTarget.FindAllStringSubmatch(codeText.ReplaceAllString(page, ""), -1) {
			links++
			if err := resolve(root, pages, name, found[1]); err != nil {
				t.Errorf("%s: %s: %v", name, found[1], err)
			}
		}
	}
	if len(pages) < 80 || links < 300 {
		t.Errorf("only %d pages and %d links were found", len(pages), links)
	}
}

// resolve reports an error if a link of a page leads nowhere.
func resolve(root fs.FS, pages map[string]string, from, link string) error {
	target, err := url.Parse(link)
	if err != nil || target.Scheme == "https" {
		return err
	}
	if target.Scheme != "" || target.Host != "" {
		return fmt.Errorf("is neither relative nor an https address")
	}
	file := from
	if target.Path != "" {
		file = path.Join(path.Dir(from), target.Path)
	}
	if _, err := fs.Stat(root, file); err != nil || target.Fragment == "" {
		return err
	}
	if !anchors(pages[file])[target.Fragment] {
		return fmt.Errorf("%s has no heading with this anchor", file)
	}
	return nil
}

// anchors returns the anchors that GitHub gives to the headings of a page.
func anchors(page string) map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(regexp.MustCompile("(?s)```.*?```").ReplaceAllString(page, ""), -1) {
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(h[1]))
		first := anchor
		for n := 1; all[anchor]; n++ {
			anchor = fmt.Sprintf("%s-%d", first, n)
		}
		all[anchor] = true
	}
	return all
}

// Checks that broken links are found.
func TestResolve(t *testing.T) {
	root := os.DirFS(root)
	pages := map[string]string{"docs/configuration.md": "# One `two`, three!\n## Same\n## Same\n```\n# code\n```\n", "README.md": "# Readme\n"}
	for link, works := range map[string]bool{
		"#one-two-three": true, "#same": true, "#same-1": true, "#same-2": false, "#code": false, "#absent": false,
		"../README.md": true, "../README.md#readme": true, "../README.md#absent": false, "../docs": true,
		"absent.md": false, "quickstart.md": true, "../../outside.md": false, "https://example.com/absent": true, "http://example.com": false, "/README.md": false,
	} {
		if err := resolve(root, pages, "docs/configuration.md", link); (err == nil) != works {
			t.Errorf("%s: %v", link, err)
		}
	}
}
