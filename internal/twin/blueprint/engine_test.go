package blueprint

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/twintest"
	"eks-lattice/internal/twin/world"
)

type props = engine.Props

// declared is one resource of the port. Its inputs refer to the outputs of
// others as ${name} for the id and ${name|path.of.output}.
type declared struct {
	name    string // <stack>/<Terraform's address>
	token   string // Pulumi's type
	in      props
	after   []string // what it waits for without using an output of it
	cluster string   // whose API an object is sent to, by the name of the cluster's resource
	used    []string // the resources that the inputs refer to
}

// made is a resource that exists.
type made struct {
	*declared
	*twintest.Resource
}

// port is the blueprint as a program, with the twin that it runs against.
type port struct {
	tb        testing.TB
	world     *world.World
	account   *aws.Account
	kube      *cluster.Clusters
	has       map[defect]bool
	resources []*declared // in the order of the blueprint's files
	made      map[string]*made
}

// reference matches what inputs use of other resources.
var reference = regexp.MustCompile(`\$\{([^|}]+)(?:\|([^}]+))?\}`)

// declare adds a resource.
func (p *port) declare(name, token string, in props, after ...string) {
	d := &declared{name: name, token: token, in: in, after: after}
	if token != crdToken { // which are large and refer to nothing
		text, err := json.Marshal(in)
		if err != nil {
			p.tb.Fatal(err)
		}
		for _, m := range reference.FindAllStringSubmatch(string(text), -1) {
			d.used = append(d.used, m[1])
		}
	}
	p.resources = append(p.resources, d)
}

// dependencies are the names of the resources that must exist first.
func (d *declared) dependencies() []string {
	names := slices.Concat(d.after, d.used)
	if d.cluster != "" {
		names = append(names, d.cluster)
	}
	return names
}

// value replaces references by what they stand for.
func (p *port) value(v any) any {
	switch v := v.(type) {
	case string:
		if m := reference.FindStringSubmatch(v); m != nil && m[0] == v {
			return p.output(m[1], m[2])
		}
		return reference.ReplaceAllStringFunc(v, func(s string) string {
			m := reference.FindStringSubmatch(s)
			return fmt.Sprint(p.output(m[1], m[2]))
		})
	case props:
		out := props{}
		for k, e := range v {
			out[k] = p.value(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = p.value(e)
		}
		return out
	}
	return v
}

func (p *port) output(name, path string) any {
	m := p.made[name]
	if m == nil {
		p.tb.Fatalf("%s is used before it exists", name)
	}
	if path == "" {
		return m.ID
	}
	var v any = m.Outputs
	for key := range strings.SplitSeq(path, ".") {
		v = v.(props)[key]
	}
	return v
}

// up creates what a stack lacks. A resource goes once all that it needs is there;
// among several, those that hurry go first with all that they need, and the rest
// as they are declared. It stops at the first refusal.
func (p *port) up(stack string, hurry ...string) error {
	p.tb.Helper()
	for range p.resources { // until the dependencies of dependencies are in
		for _, d := range p.resources {
			if slices.Contains(hurry, d.name) {
				hurry = append(hurry, slices.DeleteFunc(d.dependencies(), func(n string) bool { return slices.Contains(hurry, n) })...)
			}
		}
	}
	for {
		d := p.ready(stack, hurry)
		if d == nil {
			return nil
		}
		if err := p.create(d); err != nil {
			return fmt.Errorf("creating %s: %w", d.name, err)
		}
	}
}

func (p *port) ready(stack string, hurry []string) (next *declared) {
	for _, d := range p.resources {
		if !strings.HasPrefix(d.name, stack+"/") || p.made[d.name] != nil ||
			slices.ContainsFunc(d.dependencies(), func(n string) bool { return p.made[n] == nil }) {
			continue
		}
		if slices.Contains(hurry, d.name) {
			return d
		}
		if next == nil {
			next = d
		}
	}
	if next == nil {
		for _, d := range p.resources {
			if strings.HasPrefix(d.name, stack+"/") && p.made[d.name] == nil {
				p.tb.Fatalf("%s waits for what nothing creates: %v", d.name, d.dependencies())
			}
		}
	}
	return next
}

// create creates a resource. One that exists although its creation failed is
// kept, as in the engine's state.
func (p *port) create(d *declared) error {
	p.tb.Helper()
	m := &made{declared: d, Resource: &twintest.Resource{
		Backend: p.account.Backend(), Instance: &engine.Instance{Config: props{"region": region}},
		URN: resource.URN("urn:pulumi:port::blueprint::" + d.token + "::" + d.name),
	}}
	if d.cluster != "" {
		m.Backend, m.Instance = provider.New(p.kube), &engine.Instance{Config: props{"kubeconfig": p.kubeconfig(d.cluster)}}
	}
	err := m.Create(p.world, p.value(d.in).(props))
	if m.ID != "" {
		p.made[d.name] = m
	}
	return err
}

// kubeconfig is that of the blueprint's Helm provider: endpoint and authority of
// the cluster, and a token from the AWS CLI.
func (p *port) kubeconfig(cluster string) string {
	text, err := json.Marshal(props{
		"apiVersion": "v1", "kind": "Config", "current-context": "helm",
		"clusters": []any{props{"name": "helm", "cluster": props{
			"server": p.output(cluster, "endpoint"), "certificate-authority-data": p.output(cluster, "certificateAuthority.data")}}},
		"contexts": []any{props{"name": "helm", "context": props{"cluster": "helm", "user": "helm"}}},
		"users": []any{props{"name": "helm", "user": props{"exec": props{
			"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws",
			"args": []any{"eks", "get-token", "--cluster-name", p.output(cluster, "name")}}}}},
	})
	if err != nil {
		p.tb.Fatal(err)
	}
	return string(text)
}
