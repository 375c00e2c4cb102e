package docs

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"soar.example/okta/internal/language"
)

// Checks the English of the documentation and of all descriptions in the manifest.
func TestLanguage(t *testing.T) {
	var c language.Checker
	root := os.DirFS("../..")
	pages, err := fs.Glob(root, "*.md")
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(root, "docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pages {
		page, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		c.Markdown(name, string(page))
	}
	raw, err := fs.ReadFile(root, "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest any
	if err := json.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	describe(&c, "manifest.json", manifest)
	for _, problem := range c.Finish() {
		t.Error(problem)
	}
}

// describe checks the texts for people in a document.
func describe(c *language.Checker, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			text, isText := member.(string)
			if isText && (name == "description" || name == "summary" || name == "title") {
				c.Text(path, text)
			} else {
				describe(c, path+"/"+name, member)
			}
		}
	case []any:
		for _, item := range v {
			describe(c, path, item)
		}
	}
}
