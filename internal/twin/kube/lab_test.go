package kube_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/internal/upstream"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// lab makes resources through both backends as the engine does.
type lab struct {
	t        *testing.T
	world    *world.World
	account  *aws.Account
	clusters *cluster.Clusters
	made     map[string]*made
	order    []string // of what was made
}

type made struct {
	backend engine.Backend
	inst    *engine.Instance
	urn     resource.URN
	id      string
	in, out engine.Props
}

// clusterLab has the environment and a cluster with nodes and addons.
func clusterLab(t *testing.T, cluster string) *lab {
	t.Helper()
	l := newLab(t)
	l.environment()
	l.cluster(cluster)
	return l
}

func newLab(t *testing.T) *lab {
	t.Helper()
	w := world.New()
	a := aws.New(w)
	return &lab{t: t, world: w, account: a, clusters: cluster.New(w, a), made: map[string]*made{}}
}

var awsInstance = &engine.Instance{Config: engine.Props{"region": "ap-northeast-2"}}

// try checks and creates; name is unique in the lab.
func (l *lab) try(backend engine.Backend, inst *engine.Instance, token, name string, in engine.Props) (*made, error) {
	l.t.Helper()
	m := &made{backend: backend, inst: inst, urn: resource.URN("urn:pulumi:test::eks-lattice::" + token + "::" + name)}
	text, err := json.Marshal(in)
	if err != nil {
		l.t.Fatal(err)
	}
	var plain engine.Props
	if err := json.Unmarshal(text, &plain); err != nil {
		l.t.Fatal(err)
	}
	checked, failures, err := backend.Check(inst, m.urn, nil, plain)
	if err != nil {
		return m, err
	}
	if len(failures) > 0 {
		return m, errors.New(failures[0].Property + ": " + failures[0].Reason)
	}
	m.in = checked
	err = l.world.Do(world.Create, string(m.urn), func(op *world.Op) error {
		m.id, m.out, err = backend.Create(op, inst, m.urn, checked)
		return err
	})
	if m.id != "" {
		l.made[name] = m
		l.order = append(l.order, name)
	}
	l.undisturbed()
	return m, err
}

// aws makes a resource of the account.
func (l *lab) aws(token, name string, in engine.Props) *made {
	l.t.Helper()
	m, err := l.try(l.account.Backend(), awsInstance, token, name, in)
	if err != nil {
		l.t.Fatalf("creating %s %s: %v", token, name, err)
	}
	return m
}

func (l *lab) id(name string) string {
	l.t.Helper()
	if l.made[name] == nil {
		l.t.Fatalf("%s was not made", name)
	}
	return l.made[name].id
}

func (l *lab) get(name, output string) string { return fmt.Sprint(l.made[name].out[output]) }

// kubeconfig is that of `aws eks update-kubeconfig`.
func (l *lab) kubeconfig(cluster string) string {
	eks := l.account.ClusterByName(cluster)
	if eks == nil {
		l.t.Fatalf("no cluster %s", cluster)
	}
	text, err := json.Marshal(obj.Map{
		"apiVersion": "v1", "kind": "Config", "current-context": "aws",
		"clusters": []any{obj.Map{"name": "kubernetes", "cluster": obj.Map{"server": eks.Endpoint, "certificate-authority-data": base64.StdEncoding.EncodeToString([]byte(eks.CAPEM))}}},
		"contexts": []any{obj.Map{"name": "aws", "context": obj.Map{"cluster": "kubernetes", "user": "aws"}}},
		"users": []any{obj.Map{"name": "aws", "user": obj.Map{"exec": obj.Map{
			"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": []any{"eks", "get-token", "--cluster-name", cluster}}}}},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return string(text)
}

func (l *lab) instance(cluster string) *engine.Instance {
	return &engine.Instance{Config: engine.Props{"kubeconfig": l.kubeconfig(cluster)}}
}

// tryApply makes a Kubernetes object out of YAML.
func (l *lab) tryApply(cluster, name, manifest string) (*made, error) {
	l.t.Helper()
	var in engine.Props
	if err := yaml.Unmarshal([]byte(manifest), &in); err != nil {
		l.t.Fatalf("%s: %v", name, err)
	}
	token := fmt.Sprintf("kubernetes:%s:%s", in["apiVersion"], in["kind"])
	return l.try(provider.New(l.clusters), l.instance(cluster), token, name, in)
}

func (l *lab) apply(cluster, name, manifest string) *made {
	l.t.Helper()
	m, err := l.tryApply(cluster, name, manifest)
	if err != nil {
		l.t.Fatalf("applying %s: %v", name, err)
	}
	return m
}

func (l *lab) tryRelease(cluster, name string, in engine.Props) (*made, error) {
	l.t.Helper()
	return l.try(provider.New(l.clusters), l.instance(cluster), "kubernetes:helm.sh/v3:Release", name, in)
}

func (l *lab) release(cluster, name string, in engine.Props) *made {
	l.t.Helper()
	m, err := l.tryRelease(cluster, name, in)
	if err != nil {
		l.t.Fatalf("installing %s: %v", name, err)
	}
	return m
}

// remove deletes what was made.
func (l *lab) remove(name string) error {
	l.t.Helper()
	m := l.made[name]
	if m == nil {
		l.t.Fatalf("%s was not made", name)
	}
	err := l.world.Do(world.Delete, string(m.urn), func(op *world.Op) error {
		return m.backend.Delete(op, m.inst, m.urn, m.id, m.in, m.out)
	})
	if err == nil {
		delete(l.made, name)
	}
	l.undisturbed()
	return err
}

func (l *lab) down(names ...string) {
	l.t.Helper()
	for _, name := range names {
		if err := l.remove(name); err != nil {
			l.t.Fatalf("deleting %s: %v", name, err)
		}
	}
}

// downAll deletes everything in reverse.
func (l *lab) downAll() {
	l.t.Helper()
	for i := len(l.order) - 1; i >= 0; i-- {
		if l.made[l.order[i]] != nil {
			l.down(l.order[i])
		}
	}
}

// update checks, compares and updates in place.
func (l *lab) update(name string, in engine.Props) error {
	l.t.Helper()
	m := l.made[name]
	checked, _, err := m.backend.Check(m.inst, m.urn, m.in, in)
	if err != nil {
		return err
	}
	diff, err := m.backend.Diff(m.inst, m.urn, m.in, m.out, checked)
	if err != nil || len(diff.Keys) == 0 || len(diff.Replace) > 0 {
		l.t.Fatalf("updating %s: %+v %v", name, diff, err)
	}
	return l.world.Do(world.Update, string(m.urn), func(op *world.Op) error {
		out, err := m.backend.Update(op, m.inst, m.urn, m.id, m.in, m.out, checked)
		if err == nil {
			m.in, m.out = checked, out
		}
		return err
	})
}

// refresh reads a resource, and compares what is live with what the program
// gave, as the next update does.
func (l *lab) refresh(name string) (in, out engine.Props, diff engine.Change) {
	l.t.Helper()
	m := l.made[name]
	err := l.world.Do(world.Read, string(m.urn), func(op *world.Op) (err error) {
		in, out, err = m.backend.Read(op, m.inst, m.urn, m.id, m.in, m.out)
		return err
	})
	if err != nil {
		l.t.Fatalf("reading %s: %v", name, err)
	}
	if diff, err = m.backend.Diff(m.inst, m.urn, in, out, m.in); err != nil {
		l.t.Fatalf("comparing %s: %v", name, err)
	}
	return in, out, diff
}

// object reads a live object.
func (l *lab) object(cluster, group, kind, namespace, name string) (content obj.Map) {
	l.world.Look(func() { content = l.clusters.Object(cluster, group, kind, namespace, name) })
	return content
}

// call makes a request that must reach a decision.
func (l *lab) call(caller call.Caller, url string) call.Result {
	l.t.Helper()
	r, err := call.Do(l.clusters, caller, url)
	if err != nil {
		l.t.Fatalf("calling %s: %v", url, err)
	}
	l.undisturbed()
	return r
}

// broke checks that an error is the refusal by a law, with all words.
func (l *lab) broke(err error, broken law.Law, words ...string) {
	l.t.Helper()
	var r *law.Refusal
	if !errors.As(err, &r) {
		l.t.Fatalf("want a refusal by law %s, got %v", broken.ID, err)
	}
	covered.Store(broken.ID, true)
	if r.Law.ID != broken.ID {
		l.t.Fatalf("want law %s, got %s: %v", broken.ID, r.Law.ID, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			l.t.Fatalf("want %q in: %v", w, err)
		}
	}
}

// depends tells whether an operation depended on another resource.
func (l *lab) depends(name, on string, during world.Action) bool {
	for _, n := range l.world.Dependencies() {
		if strings.HasSuffix(n.Dependent, "::"+name) && strings.HasSuffix(n.On, "::"+on) && n.During == during {
			return true
		}
	}
	return false
}

// crds reads the files that the program applies.
func crds(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range []struct{ module, path, name string }{
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_gatewayclasses.yaml", "gatewayclasses"},
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_gateways.yaml", "gateways"},
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml", "httproutes"},
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml", "grpcroutes"},
		{upstream.GatewayAPI, "config/crd/standard/gateway.networking.k8s.io_tlsroutes.yaml", "tlsroutes"},
		{upstream.ExternalDNS, "charts/external-dns/crds/dnsendpoints.externaldns.k8s.io.yaml", "dnsendpoints"},
	} {
		text, err := upstream.File(f.module, f.path)
		if err != nil {
			t.Fatal(err)
		}
		out[f.name] = string(text)
	}
	return out
}

func joined(warnings []law.Warning) string {
	lines := make([]string, len(warnings))
	for i, w := range warnings {
		lines[i] = w.String()
	}
	return strings.Join(lines, "\n")
}
