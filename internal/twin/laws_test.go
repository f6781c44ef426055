package twin

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"eks-lattice/internal/twin/law"
)

// A law without a test that breaks it is a claim. Every package counts while its
// tests run; this counts in the source, over all packages: a law is tested when
// a test names it, by its variable or by its id, itself or in what it uses of
// its package's tests. Naming it as the reason of a need does not count.
func TestEveryLawIsBroken(t *testing.T) {
	t.Parallel()
	packages := parseModule(t)
	named := map[string]bool{} // ids
	for _, p := range packages {
		p.walk(func(name string) {
			for _, q := range packages {
				if id, ok := q.laws[name]; ok && (p == q || ast.IsExported(name)) {
					named[id] = true
				}
			}
			named[name] = true // an id in a string
		})
	}
	declared := map[string]bool{}
	for _, p := range packages {
		for _, id := range p.laws {
			declared[id] = true
		}
	}
	for _, l := range law.All() {
		switch {
		case !declared[l.ID]:
			t.Errorf("law %s is not kept in a variable of a package: this test cannot see it", l.ID)
		case !named[l.ID]:
			t.Errorf("no test breaks the law %s (%s): %s", l.ID, l.Group, l.Sentence)
		}
	}
}

// testedPackage is one folder of the module.
type testedPackage struct {
	laws  map[string]string     // ids by the variables that hold the laws
	decls map[string][]ast.Node // what its test files declare, by name; methods of all types together
}

func parseModule(t *testing.T) map[string]*testedPackage {
	t.Helper()
	packages := map[string]*testedPackage{}
	files := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		if packages[dir] == nil {
			packages[dir] = &testedPackage{laws: map[string]string{}, decls: map[string][]ast.Node{}}
		}
		if strings.HasSuffix(path, "_test.go") {
			packages[dir].declare(file)
		} else {
			packages[dir].register(file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// register finds `x = law.New(group, "id", ...)`.
func (p *testedPackage) register(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, v := range spec.Values {
			call, ok := v.(*ast.CallExpr)
			if !ok || len(call.Args) != 4 {
				continue
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || f.Sel.Name != "New" || !isIdent(f.X, "law") {
				continue
			}
			if id, ok := call.Args[1].(*ast.BasicLit); ok {
				p.laws[spec.Names[i].Name], _ = strconv.Unquote(id.Value)
			}
		}
		return true
	})
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func (p *testedPackage) declare(file *ast.File) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			p.decls[d.Name.Name] = append(p.decls[d.Name.Name], d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range v.Names {
						p.decls[name.Name] = append(p.decls[name.Name], v)
					}
				}
			}
		}
	}
}

// walk visits every name and every string in the tests of a package and in what
// they use of its test files. TestMain is no test.
func (p *testedPackage) walk(visit func(string)) {
	seen := map[string]bool{"TestMain": true}
	var follow func(name string)
	follow = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, d := range p.decls[name] {
			local := locals(d)
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "depends" {
						return false
					}
				case *ast.Ident:
					visit(n.Name)
					if !local[n.Name] {
						follow(n.Name)
					}
				case *ast.BasicLit:
					if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
						visit(s)
					}
				}
				return true
			})
		}
	}
	for name := range p.decls {
		if strings.HasPrefix(name, "Test") {
			follow(name)
		}
	}
}

// locals are the names that a function declares for itself, which say nothing
// about the package's.
func locals(function ast.Node) map[string]bool {
	names := map[string]bool{}
	if _, ok := function.(*ast.FuncDecl); !ok {
		return names
	}
	add := func(list ...ast.Expr) {
		for _, e := range list {
			if id, ok := e.(*ast.Ident); ok {
				names[id.Name] = true
			}
		}
	}
	ast.Inspect(function, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				add(n.Lhs...)
			}
		case *ast.RangeStmt:
			add(n.Key, n.Value)
		case *ast.Field:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		}
		return true
	})
	return names
}

// What counts as naming a law, and what does not.
func TestNamingALaw(t *testing.T) {
	t.Parallel()
	p := &testedPackage{laws: map[string]string{}, decls: map[string][]ast.Node{}}
	files := token.NewFileSet()
	parse := func(source string) *ast.File {
		file, err := parser.ParseFile(files, "", "package p\n"+source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	p.register(parse(`
var lawA, lawX = law.New(law.DNS, "a", "", ""), other.New(law.DNS, "x", "", "")
var (
	lawB = law.New(law.DNS, "b", "", "")
	lawC = law.New(law.DNS, "c", "", "")
	lawD = law.New(law.DNS, "d", "", "")
	lawE = law.New(law.DNS, "e", "", "")
)`))
	p.declare(parse(`
func TestMain() { count(own) }
func TestTable() { own := cases; check(own, p.depends(lawC)) }
func TestHelper() { new(tester).helper() }
var own = []law.Law{lawA, lawB, lawC, lawD, lawE}
var cases = []any{lawA, "e"}
func (x *tester) helper() { x.broke(lawB) }
func unused() { _ = lawD }
`))
	seen := map[string]bool{}
	p.walk(func(name string) { seen[name] = true })
	for name, want := range map[string]bool{"lawA": true, "lawB": true, "lawC": false, "lawD": false, "lawE": false, "e": true} {
		if seen[name] != want {
			t.Errorf("%s is named: %v, want %v", name, seen[name], want)
		}
	}
	if len(p.laws) != 5 || p.laws["lawC"] != "c" {
		t.Errorf("laws %v", p.laws)
	}
}
