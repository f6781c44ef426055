package components

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Other programs cannot name the types of internal packages.
func TestNoInternalTypesInTheAPI(t *testing.T) {
	t.Parallel()
	exported := 0
	for _, folder := range []string{".", "../cluster", "../environment"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range internalNames(t, string(text), &exported) {
				t.Errorf("%s: %s is exported and mentions a type of internal/", file, name)
			}
		}
	}
	if exported < 40 {
		t.Errorf("found only %d exported declarations", exported)
	}
	const bad = "package p\nimport \"eks-lattice/internal/problem\"\ntype T struct { A int; B []problem.List }\n" +
		"func (t T) F() (x int, err *problem.Error) { return }\nfunc f() problem.List { return nil }\nvar V problem.List"
	if got := strings.Join(internalNames(t, bad, new(int)), " "); got != "T F V" {
		t.Errorf("found %q in a file with T, F and V", got)
	}
}

// internalNames returns the exported declarations of a file that mention a type
// of an internal package, and counts all exported ones.
func internalNames(t *testing.T, text string, exported *int) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	internal := map[string]bool{}
	for _, spec := range file.Imports {
		if path := strings.Trim(spec.Path.Value, `"`); strings.Contains(path, "/internal/") {
			internal[path[strings.LastIndex(path, "/")+1:]] = true
		}
	}
	var found []string
	check := func(name *ast.Ident, node ast.Node) {
		if !name.IsExported() || node == nil {
			return
		}
		*exported++
		mentions := false
		ast.Inspect(node, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && len(field.Names) > 0 && !field.Names[0].IsExported() {
				_, isStruct := node.(*ast.StructType)
				return !isStruct
			}
			if selector, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := selector.X.(*ast.Ident); ok && internal[pkg.Name] {
					mentions = true
				}
			}
			return true
		})
		if mentions {
			found = append(found, name.Name)
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			check(decl.Name, decl.Type)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					check(spec.Name, spec.Type)
				case *ast.ValueSpec:
					if spec.Type != nil {
						check(spec.Names[0], spec.Type)
					}
				}
			}
		}
	}
	return found
}
