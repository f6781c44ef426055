// Package kubetest drives the twin's clusters in tests as the Pulumi engine does,
// and creates the parts of a system that tests are about.
package kubetest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"sigs.k8s.io/yaml"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/call"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/provider"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/twintest"
	"eks-lattice/internal/twin/world"
)

// Harness is a twin that a test drives. After each step it checks that clusters
// at rest stay at rest.
type Harness struct {
	T        *testing.T
	World    *world.World
	Account  *aws.Account
	Clusters *cluster.Clusters
	created  map[string]*twintest.Resource
	order    []string // in which resources were created
}

// New returns a harness with an empty twin.
func New(t *testing.T) *Harness {
	t.Helper()
	w := world.New()
	a := aws.New(w)
	return &Harness{T: t, World: w, Account: a, Clusters: cluster.New(w, a), created: map[string]*twintest.Resource{}}
}

// Try creates a resource. The name is unique in the harness.
func (h *Harness) Try(backend engine.Backend, inst *engine.Instance, token, name string, in engine.Props) error {
	h.T.Helper()
	r := &twintest.Resource{Backend: backend, Instance: inst, URN: resource.URN("urn:pulumi:test::eks-lattice::" + token + "::" + name)}
	err := r.Create(h.World, in)
	if r.ID != "" {
		h.created[name] = r
		h.order = append(h.order, name)
	}
	undisturbed(h)
	return err
}

// AWS creates a resource of the account.
func (h *Harness) AWS(token, name string, in engine.Props) {
	h.T.Helper()
	if err := h.Try(h.Account.Backend(), &engine.Instance{Config: engine.Props{"region": "ap-northeast-2"}}, token, name, in); err != nil {
		h.T.Fatalf("creating %s %s: %v", token, name, err)
	}
}

// Resource returns a resource that was created.
func (h *Harness) Resource(name string) *twintest.Resource {
	h.T.Helper()
	r := h.created[name]
	if r == nil {
		h.T.Fatalf("%s does not exist", name)
	}
	return r
}

// ID returns the id of a resource.
func (h *Harness) ID(name string) string {
	h.T.Helper()
	return h.Resource(name).ID
}

// Output returns an output of a resource as text.
func (h *Harness) Output(name, output string) string {
	h.T.Helper()
	return fmt.Sprint(h.Resource(name).Outputs[output])
}

// Inputs returns a copy of a resource's inputs.
func (h *Harness) Inputs(name string) engine.Props {
	h.T.Helper()
	return obj.Clone(h.Resource(name).Inputs)
}

// Kubeconfig is that of `aws eks update-kubeconfig`.
func (h *Harness) Kubeconfig(name string) string {
	h.T.Helper()
	eks := h.Account.EKS.ClusterByName(name)
	if eks == nil {
		h.T.Fatalf("no cluster %s", name)
	}
	text, err := json.Marshal(obj.Map{
		"apiVersion": "v1", "kind": "Config", "current-context": "aws",
		"clusters": []any{obj.Map{"name": "kubernetes", "cluster": obj.Map{
			"server": eks.Endpoint, "certificate-authority-data": base64.StdEncoding.EncodeToString([]byte(eks.CAPEM))}}},
		"contexts": []any{obj.Map{"name": "aws", "context": obj.Map{"cluster": "kubernetes", "user": "aws"}}},
		"users": []any{obj.Map{"name": "aws", "user": obj.Map{"exec": obj.Map{
			"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": []any{"eks", "get-token", "--cluster-name", name}}}}},
	})
	if err != nil {
		h.T.Fatal(err)
	}
	return string(text)
}

// TryObject creates a Kubernetes object with a provider of the kubeconfig.
func (h *Harness) TryObject(kubeconfig any, name string, in engine.Props) error {
	h.T.Helper()
	token := fmt.Sprintf("kubernetes:%s:%s", in["apiVersion"], in["kind"])
	return h.Try(provider.New(h.Clusters), &engine.Instance{Config: engine.Props{"kubeconfig": kubeconfig}}, token, name, in)
}

// TryApply creates a Kubernetes object of YAML.
func (h *Harness) TryApply(cluster, name, manifest string) error {
	h.T.Helper()
	var in engine.Props
	if err := yaml.Unmarshal([]byte(manifest), &in); err != nil {
		h.T.Fatalf("%s: %v", name, err)
	}
	return h.TryObject(h.Kubeconfig(cluster), name, in)
}

// Apply is TryApply that has to succeed.
func (h *Harness) Apply(cluster, name, manifest string) {
	h.T.Helper()
	if err := h.TryApply(cluster, name, manifest); err != nil {
		h.T.Fatalf("applying %s: %v", name, err)
	}
}

// TryRelease installs a chart.
func (h *Harness) TryRelease(cluster, name string, in engine.Props) error {
	h.T.Helper()
	inst := &engine.Instance{Config: engine.Props{"kubeconfig": h.Kubeconfig(cluster)}}
	return h.Try(provider.New(h.Clusters), inst, "kubernetes:helm.sh/v3:Release", name, in)
}

// Release is TryRelease that has to succeed.
func (h *Harness) Release(cluster, name string, in engine.Props) {
	h.T.Helper()
	if err := h.TryRelease(cluster, name, in); err != nil {
		h.T.Fatalf("installing %s: %v", name, err)
	}
}

// Update updates a resource in place.
func (h *Harness) Update(name string, in engine.Props) {
	h.T.Helper()
	if err := h.Resource(name).Update(h.World, in); err != nil {
		h.T.Fatalf("updating %s: %v", name, err)
	}
	undisturbed(h)
}

// Delete deletes a resource.
func (h *Harness) Delete(name string) error {
	h.T.Helper()
	err := h.Resource(name).Delete(h.World)
	if err == nil {
		delete(h.created, name)
	}
	undisturbed(h)
	return err
}

// Down deletes resources, which has to succeed.
func (h *Harness) Down(names ...string) {
	h.T.Helper()
	for _, name := range names {
		if err := h.Delete(name); err != nil {
			h.T.Fatalf("deleting %s: %v", name, err)
		}
	}
}

// Created returns the names of all resources that exist, in the order in which
// they were created.
func (h *Harness) Created() []string {
	return slices.DeleteFunc(slices.Clone(h.order), func(name string) bool { return h.created[name] == nil })
}

// Object returns a live object, nil when there is none.
func (h *Harness) Object(cluster, group, kind, namespace, name string) (content obj.Map) {
	h.World.Look(func() { content = h.Clusters.Object(cluster, group, kind, namespace, name) })
	return content
}

// Call makes a GET request that has to reach a decision.
func (h *Harness) Call(caller call.Caller, url string) call.Result {
	h.T.Helper()
	r, err := call.Do(h.Clusters, caller, http.MethodGet, url)
	if err != nil {
		h.T.Fatalf("calling %s: %v", url, err)
	}
	undisturbed(h)
	return r
}

// Refused checks that an error is the refusal by a law, with all words, and
// returns the law that refused.
func (h *Harness) Refused(err error, broken law.Law, words ...string) law.Law {
	h.T.Helper()
	if got := law.Of(err); got != broken {
		h.T.Fatalf("want a refusal by law %s, got law %q: %v", broken.ID, got.ID, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			h.T.Fatalf("want %q in: %v", w, err)
		}
	}
	return broken
}

// Depends reports whether an operation on a resource depended on another one.
func (h *Harness) Depends(name, on string, during world.Action) bool {
	return len(h.dependencies(name, on, during)) > 0
}

// Reason returns the law by which an operation on a resource depended on another
// one: want if that is among the reasons, else the zero Law.
func (h *Harness) Reason(name, on string, during world.Action, want law.Law) law.Law {
	for _, d := range h.dependencies(name, on, during) {
		if d.Law == want {
			return d.Law
		}
	}
	return law.Law{}
}

// After returns how many seconds had to pass between two resources for a reason,
// -1 if there was no such reason.
func (h *Harness) After(name, on string, during world.Action, reason law.Law) float64 {
	longest := float64(-1)
	for _, d := range h.dependencies(name, on, during) {
		if d.Law == reason {
			longest = max(longest, d.After)
		}
	}
	return longest
}

func (h *Harness) dependencies(name, on string, during world.Action) (found []world.Dependency) {
	for _, d := range h.World.Dependencies() {
		if strings.HasSuffix(d.Dependent, "::"+name) && strings.HasSuffix(d.On, "::"+on) && d.During == during {
			found = append(found, d)
		}
	}
	return found
}

// Trouble returns the law by which an object is not in the state that it should
// be in.
func (h *Harness) Trouble(cluster, group, kind, namespace, name string) (met law.Law) {
	h.World.Look(func() {
		t, _ := h.Clusters.ByName(cluster).Trouble(api.Key{Group: group, Kind: kind, Namespace: namespace, Name: name})
		met = t.Law
	})
	return met
}

// Pods returns the pods of a namespace.
func (h *Harness) Pods(cluster, namespace string) (out []obj.Map) {
	h.World.Look(func() {
		for _, p := range h.Clusters.ByName(cluster).API.List("", "Pod", namespace) {
			out = append(out, obj.Copy(p.Content))
		}
	})
	return out
}
