package blueprint

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/kube/call"
)

// app is the demo application of a workspace as a caller.
func app(workspace string) call.Caller {
	return call.Caller{Cluster: "eks-" + workspace, Namespace: "apps", Deployment: "demo-" + workspace + "-v1"}
}

func (p *port) call(caller call.Caller, url string) call.Result {
	p.tb.Helper()
	r, err := call.Do(p.kube, caller, http.MethodGet, url)
	p.must(err)
	return r
}

// destroyByScript is the blueprint's destroy.sh, without what it does by the
// AWS command line.
func (p *port) destroyByScript(workspace string) error {
	p.tb.Helper()
	for _, target := range []string{demo, platform, kyverno, "module.eks_blueprints_addons", "module.eks."} {
		if err := p.destroy(workspace, target); err != nil {
			return err
		}
	}
	return p.destroy(workspace)
}

// With every defect repaired the port comes up, answers the walk-through's four
// calls and goes down without a rest.
func TestRepaired(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	for _, stack := range []string{"environment", "cluster1", "cluster2"} {
		p.must(p.up(stack))
	}
	for _, c := range []struct {
		from, to string
		allowed  bool
		words    []string
	}{
		{"cluster1", "cluster2", true, []string{"Requsting to Pod(demo-cluster2-v1-", "): Hello from demo-cluster2-v1"}},
		{"cluster2", "cluster1", true, []string{"Requsting to Pod(demo-cluster1-v1-", "): Hello from demo-cluster1-v1"}},
		{"cluster1", "cluster1", false, []string{"AccessDeniedException: User: " +
			"arn:aws:sts::123456789012:assumed-role/vpc-lattice-sigv4-client/eks-eks-cluste-demo-clust-",
			"is not authorized to perform: vpc-lattice-svcs:Invoke on resource: arn:aws:vpc-lattice:us-west-2:123456789012:service/svc-",
			"because no service-based policy allows the vpc-lattice-svcs:Invoke action"}},
		{"cluster2", "cluster2", false, []string{"because no service-based policy allows the vpc-lattice-svcs:Invoke action"}},
	} {
		r := p.call(app(c.from), "http://demo-"+c.to+"."+domain)
		if r.Allowed != c.allowed || r.DecidedBy != call.StepServicePolicy {
			t.Errorf("%s calls %s: %+v", c.from, c.to, r)
		}
		for _, w := range c.words {
			if !strings.Contains(r.Body, w) {
				t.Errorf("%s calls %s: want %q in %+v", c.from, c.to, w, r)
			}
		}
	}
	for _, stack := range []string{"cluster2", "cluster1"} {
		p.must(p.destroyByScript(stack))
	}
	p.must(p.destroy("environment"))
	for _, line := range p.undeclared() {
		t.Error(line)
	}
	if left := p.leftovers(); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// Without the script's order the repaired port goes down as well: its own
// dependencies are enough.
func TestRepairedByDependencies(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	p.must(p.up("environment"))
	p.must(p.up("cluster1"))
	p.must(p.destroy("cluster1"))
	p.must(p.destroy("environment"))
	if left := p.leftovers(); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// hasPart reports whether a line of a list holds all words.
func hasPart(list []string, words ...string) bool {
	return slices.ContainsFunc(list, func(line string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) })
	})
}

// undeclared lists dependencies that the program does not declare. One stack comes
// whole before another.
func (p *port) undeclared() (list []string) {
	declared := map[string]*declared{}
	for _, d := range p.resources {
		declared[d.name] = d
	}
	depends := map[string]map[string]bool{}
	var closure func(name string) map[string]bool
	closure = func(name string) map[string]bool {
		if depends[name] == nil {
			depends[name] = map[string]bool{}
			for _, n := range declared[name].dependencies() {
				depends[name][n] = true
				maps.Copy(depends[name], closure(n))
			}
		}
		return depends[name]
	}
	for _, n := range p.world.Dependencies() {
		name, on := resource.URN(n.Dependent).Name(), resource.URN(n.On).Name()
		stack, _, _ := strings.Cut(on, "/")
		if strings.HasPrefix(name, stack+"/") && !closure(name)[on] {
			list = append(list, fmt.Sprintf("%s of %s depends on %s by law %s, which the program does not declare", n.During, name, on, n.Law.ID))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
