package kube

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

// errInvoke answers functions of the provider, none of which the twin has.
func (b *backend) Invoke(_ *world.Op, _ *engine.Instance, token string, _ engine.Props) (engine.Props, error) {
	return nil, fmt.Errorf("unknown function %q of the kubernetes provider's twin", token)
}

// Create makes an object and waits for it as the provider does. An object that
// exists but is not ready comes with the error, as a partial success does.
func (b *backend) Create(op *world.Op, inst *engine.Instance, urn resource.URN, inputs engine.Props) (string, engine.Props, error) {
	c, err := b.clusters.connect(op, inst)
	if err != nil {
		return "", nil, err
	}
	c.Reconcile(op)
	if string(urn.Type()) == releaseType {
		return c.helm.Install(op, inputs)
	}
	return c.apply(op, urn, inputs, managerOf(urn, nil), false)
}

// Update applies the new inputs to the object that is there.
func (b *backend) Update(op *world.Op, inst *engine.Instance, urn resource.URN, _ string, oldInputs, oldOutputs, newInputs engine.Props) (engine.Props, error) {
	c, err := b.clusters.connect(op, inst)
	if err != nil {
		return nil, err
	}
	c.Reconcile(op)
	if string(urn.Type()) == releaseType {
		return c.helm.Upgrade(op, oldInputs, newInputs)
	}
	_, outputs, err := c.apply(op, urn, newInputs, managerOf(urn, oldOutputs), true)
	return outputs, err
}

// managerOf is the field manager that the provider draws per resource.
func managerOf(urn resource.URN, outputs engine.Props) string {
	if m := obj.Str(outputs, fieldManager); m != "" {
		return m
	}
	return "pulumi-kubernetes-" + autoname(urn)[len(urn.Name())+1:]
}

// contentOf leaves out what only Pulumi keeps with an object.
func contentOf(inputs engine.Props) obj.Map {
	content := obj.Copy(inputs)
	maps.DeleteFunc(content, func(key string, _ any) bool { return strings.HasPrefix(key, "__") })
	return content
}

func (c *Cluster) apply(op *world.Op, urn resource.URN, inputs engine.Props, manager string, update bool) (string, engine.Props, error) {
	content := contentOf(inputs)
	force := obj.Str(content, "metadata", "annotations", "pulumi.com/patchForce") == "true"
	o, err := c.API.Apply(op, content, manager, force)
	if err != nil {
		return "", nil, c.refuse(urn, content, err, update)
	}
	c.needPlace(op, o)
	op.Takes(takes(o.Kind, op.Action), controller.LawDurations)
	c.Reconcile(op)
	id := o.Path()
	err = c.await(o)
	if err != nil && c.kyverno.AwaitWebhook(op, o) {
		c.Reconcile(op)
		err = c.await(o)
	}
	o.Record(op, err == nil && waits(o))
	outputs := obj.Copy(o.Content)
	outputs[fieldManager] = manager
	outputs[initialAPI] = obj.Str(inputs, "apiVersion")
	return id, outputs, err
}

// needPlace records what any object relies on: its namespace and its kind.
func (c *Cluster) needPlace(op *world.Op, o *api.Object) {
	if ns := c.API.Get("", "Namespace", "", o.Namespace); ns != nil {
		op.DependsOn(ns.URN, api.LawNamespaceExists)
	}
	if crd := c.API.Definition(o.Group, o.Kind); crd != nil {
		op.DependsOn(crd.URN, api.LawKindExists)
	}
}

// refuse words an API server's answer as the provider does.
func (c *Cluster) refuse(urn resource.URN, content obj.Map, err error, update bool) error {
	var noMatch *apimeta.NoKindMatchError
	if errors.As(err, &noMatch) {
		return api.LawKindExists.Refuse("", "creation of resource %q with kind %s/%s failed because the Kubernetes API server reported that the apiVersion for this resource does not exist. "+
			"Verify that any required CRDs have been created: %v", urn, obj.Str(content, "apiVersion"), obj.Str(content, "kind"), err)
	}
	broken := api.LawValid
	switch {
	case apierrors.IsConflict(err):
		broken = api.LawFieldOwner
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		broken = api.LawNamespaceExists
	}
	if r := (*law.Refusal)(nil); errors.As(err, &r) {
		broken = r.Law
	}
	verb := "created"
	if update {
		verb = "updated"
	}
	if apierrors.IsConflict(err) {
		err = fmt.Errorf("server-side apply field conflict detected: %w", err)
	}
	return broken.Refuse("", "resource %q was not successfully %s by the Kubernetes API server: %s", urn, verb, controller.Message(err))
}

// Delete asks for removal and waits until the object is gone.
func (b *backend) Delete(op *world.Op, inst *engine.Instance, urn resource.URN, id string, inputs, outputs engine.Props) error {
	c, err := b.clusters.connect(op, inst)
	if err != nil {
		return fmt.Errorf("%w If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to \"true\"", err)
	}
	c.Reconcile(op)
	if string(urn.Type()) == releaseType {
		return c.helm.Uninstall(op, outputs)
	}
	o := c.find(id, outputs)
	if o == nil {
		return nil
	}
	c.needPlace(op, o)
	if err := c.API.Delete(op, o.Key); err != nil {
		return c.refuse(urn, o.Content, err, true)
	}
	op.Takes(takes(o.Kind, world.Delete)+drains(o), controller.LawDurations)
	c.Reconcile(op)
	if c.API.Lookup(o.Key) == o {
		if obj.Str(inputs, "metadata", "annotations", "pulumi.com/skipAwait") == "true" {
			return nil
		}
		return c.Stuck(o)
	}
	for _, r := range o.DeletionDependencies {
		op.DependsOn(r.URN, r.Law)
	}
	return nil
}

var lawManagedFields = law.New(law.Kubernetes, "refresh-reads-managed-fields",
	"A refresh takes the fields that the program applied as they are live, so that another party's change of one shows; fields of others and defaults do not.",
	"https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/")

// Read returns the live object, and of it what the program applied.
func (b *backend) Read(op *world.Op, inst *engine.Instance, urn resource.URN, id string, inputs, outputs engine.Props) (engine.Props, engine.Props, error) {
	c, err := b.clusters.connect(op, inst)
	if err != nil {
		return nil, nil, err
	}
	c.Reconcile(op)
	if string(urn.Type()) == releaseType {
		return c.helm.Read(id, inputs)
	}
	o := c.find(id, outputs)
	if o == nil {
		return nil, nil, nil
	}
	live := obj.Copy(o.Content)
	live[fieldManager], live[initialAPI] = outputs[fieldManager], outputs[initialAPI]
	if len(inputs) == 0 { // an import
		return inputs, live, nil
	}
	managed, err := c.liveInputs(o, inputs)
	return managed, live, err
}

// liveInputs are the inputs as they would have to be for the object to be as it is.
func (c *Cluster) liveInputs(o *api.Object, inputs engine.Props) (engine.Props, error) {
	applied := obj.Clone(inputs)
	maps.DeleteFunc(applied, func(key string, _ any) bool { return strings.HasPrefix(key, "__") || key == "status" })
	live, err := c.API.Live(o, applied)
	if err != nil {
		return nil, err
	}
	for key, v := range inputs { // what the server does not give back as it was given
		if strings.HasPrefix(key, "__") || key == "apiVersion" || key == "kind" || key == "status" {
			live[key] = v
		}
	}
	if o.Kind == "Secret" && inputs["stringData"] != nil {
		text := obj.Map{}
		for key := range obj.At(inputs, "stringData") {
			if plain, err := base64.StdEncoding.DecodeString(obj.Str(o.Content, "data", key)); err == nil && obj.Get(o.Content, "data", key) != nil {
				text[key] = string(plain)
			}
		}
		live["stringData"] = text
	}
	return live, nil
}

func (c *Cluster) find(id string, outputs engine.Props) *api.Object {
	gvk := schema.FromAPIVersionAndKind(obj.Str(outputs, "apiVersion"), obj.Str(outputs, "kind"))
	namespace, name, found := strings.Cut(id, "/")
	if !found {
		namespace, name = "", id
	}
	return c.API.Get(gvk.Group, gvk.Kind, namespace, name)
}
