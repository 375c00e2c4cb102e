package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"soar.example/okta/internal/language"
)

var (
	indented  = regexp.MustCompile(`(?m)^[ \t].*$`) // code and lists of a comment
	quotation = regexp.MustCompile(`"[^"\n]*"|\bRFC \d+[^.]*`)
	camel     = regexp.MustCompile(`([a-z])([A-Z])`)
	testName  = regexp.MustCompile(`^(Test|Fuzz|Benchmark|Example)[A-Z]`)
	docOfName = regexp.MustCompile(`^(Of|Answer) (returns|derives|is)\b`) // a function or a field of this name
)

// TestLanguageOfSource checks the English of the comments and of the test names in all Go files.
func TestLanguageOfSource(t *testing.T) {
	var c language.Checker
	files := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		return checkSource(&c, path, source)
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 300 {
		t.Errorf("only %d Go files were checked", files)
	}
	for _, problem := range c.Finish() {
		t.Error(problem)
	}
}

func checkSource(c *language.Checker, path string, source []byte) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, source, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, group := range file.Comments {
		text := docOfName.ReplaceAllString(indented.ReplaceAllString(group.Text(), "\n"), "X $2")
		c.Text(set.Position(group.Pos()).String(), quotation.ReplaceAllString(text, "X"))
	}
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is && strings.HasSuffix(path, "_test.go") && testName.MatchString(f.Name.Name) {
			c.Text(set.Position(f.Pos()).String(), camel.ReplaceAllString(f.Name.Name, "$1 $2"))
		}
	}
	return nil
}

func TestCheckSource(t *testing.T) {
	var c language.Checker
	source := "package p\n\n// What is long is cut, upon request.\nfunc TestOfThingsRefused(t *testing.T) {}\n\n// Of returns \"whom\".\nfunc Of() {}\n"
	if err := checkSource(&c, "p_test.go", []byte(source)); err != nil {
		t.Fatal(err)
	}
	if len(c.Problems) != 3 {
		t.Errorf("got %q, want 3 problems", c.Problems)
	}
}
