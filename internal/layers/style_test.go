package layers

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	maxFileLines      = 450
	maxLineCharacters = 160
)

// wideTables may have longer files and lines, because each line is a row of a table.
var wideTables = []string{"internal/reliability/table_rows_test.go"}

// longLines are folders and files that still have lines over the limit. Delete an entry
// once it has none. 
var longLines = []string{
	"internal/docs",
	"internal/systemlog",
}

// TestStyle checks the length of every Go file and line, and that every exported name
// has a comment that starts with the name. Generated files are exempt.
func TestStyle(t *testing.T) {
	checked := 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() != ".." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, filepath.Join("..", "..")+string(filepath.Separator)))
		problems, err := checkStyle(name, string(source))
		checked++
		for _, problem := range problems {
			if strings.Contains(problem, "characters") && within(module+name, longLines...) {
				continue
			}
			t.Errorf("%s: %s", name, problem)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 300 {
		t.Errorf("only %d Go files were checked", checked)
	}
}

// checkStyle returns the violations of the style rules in one file.
func checkStyle(name, source string) ([]string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(file) {
		return nil, nil
	}
	var problems []string
	if !slices.Contains(wideTables, name) {
		lines := strings.Split(strings.TrimSuffix(source, "\n"), "\n")
		if len(lines) > maxFileLines {
			problems = append(problems, fmt.Sprintf("has %d lines, more than %d", len(lines), maxFileLines))
		}
		for i, line := range lines {
			if n := utf8.RuneCountInString(line); n > maxLineCharacters {
				problems = append(problems, fmt.Sprintf("line %d has %d characters, more than %d", i+1, n, maxLineCharacters))
			}
		}
	}
	if strings.HasSuffix(name, "_test.go") || file.Name.Name == "main" {
		return problems, nil
	}
	for _, decl := range file.Decls {
		for _, ident := range undocumented(decl) {
			problems = append(problems, fmt.Sprintf("line %d: the comment of %s is missing or does not start with the name",
				fset.Position(ident.Pos()).Line, ident.Name))
		}
	}
	return problems, nil
}

// undocumented returns the exported names of a declaration that have no comment that
// starts with the name. In a group of constants or variables, a comment of the group
// or at the end of the line is enough.
func undocumented(decl ast.Decl) []*ast.Ident {
	var found []*ast.Ident
	check := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if name.IsExported() && !slices.ContainsFunc(docs, func(doc *ast.CommentGroup) bool { return startsWith(doc, name.Name) }) {
			found = append(found, name)
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil || ast.IsExported(receiver(decl.Recv.List[0].Type)) {
			check(decl.Name, decl.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				check(spec.Name, spec.Doc, decl.Doc)
			case *ast.ValueSpec:
				if decl.Lparen.IsValid() && (decl.Doc != nil || spec.Doc != nil || spec.Comment != nil) {
					continue
				}
				for _, name := range spec.Names {
					check(name, spec.Doc, decl.Doc)
				}
			}
		}
	}
	return found
}

// receiver returns the name of a method's receiver type.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// startsWith reports whether a comment starts with the name, after an article if any.
func startsWith(doc *ast.CommentGroup, name string) bool {
	words := strings.Fields(doc.Text())
	if len(words) > 1 && slices.Contains([]string{"A", "An", "The"}, words[0]) {
		words = words[1:]
	}
	return len(words) > 0 && strings.TrimRight(words[0], ".,:;") == name
}

// TestCheckStyle checks that each rule finds its violation.
func TestCheckStyle(t *testing.T) {
	const doc = "// Package p is for tests.\npackage p\n"
	for name, c := range map[string]struct {
		file, source string
		want         int
	}{
		"clean":                     {"p.go", doc + "\n// F does nothing.\nfunc F() {}\n", 0},
		"450 lines":                 {"p.go", doc + strings.Repeat("\n", 448), 0},
		"451 lines":                 {"p.go", doc + strings.Repeat("\n", 449), 1},
		"451 generated lines":       {"p.go", "// Code generated by a tool. DO NOT EDIT.\n" + doc + strings.Repeat("\n", 449), 0},
		"451 lines of a wide table": {wideTables[0], doc + strings.Repeat("\n", 449), 0},
		"160 characters":            {"p.go", doc + "//" + strings.Repeat("é", 158), 0},
		"161 characters":            {"p.go", doc + "//" + strings.Repeat("é", 159), 1},
		"161 characters in a test":  {"p_test.go", doc + "//" + strings.Repeat("é", 159), 1},
		"no comment":                {"p.go", doc + "func F() {}\ntype T int\nvar V int\nconst C = 1\n", 4},
		"another name":              {"p.go", doc + "// Does nothing.\nfunc F() {}\n// FF is a type.\ntype F int\n", 2},
		"no comment in a test":      {"p_test.go", doc + "func F() {}\n", 0},
		"no comment in a program":   {"p.go", "package main\nfunc F() {}\n", 0},
		"unexported":                {"p.go", doc + "func f() {}\ntype t int\nfunc (t) M() {}\n", 0},
		"method":                    {"p.go", doc + "// A T is a type.\ntype T[A, B any] int\nfunc (t *T[A, B]) M() {}\n", 1},
		"method of one parameter":   {"p.go", doc + "// A T is a type.\ntype T[A any] int\nfunc (t T[A]) M() {}\n", 1},
		"group with a comment":      {"p.go", doc + "// The numbers.\nconst (\n\tA = 1\n\tB = 2\n)\n", 0},
		"group with line comments":  {"p.go", doc + "const (\n\tA = 1 // one\n\tB = 2\n)\n", 1},
	} {
		problems, err := checkStyle(c.file, c.source)
		if err != nil || len(problems) != c.want {
			t.Errorf("%s: found %q, %v; want %d violations", name, problems, err, c.want)
		}
	}
}
