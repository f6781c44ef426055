package provider

import (
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// Invoke answers functions of the provider, none of which the twin has.
func (p *Provider) Invoke(_ *world.Op, _ *engine.Instance, token string, _ engine.Props) (engine.Props, error) {
	return nil, fmt.Errorf("the twin's kubernetes provider has no function %q", token)
}

// Create creates an object and waits for it as the provider does. An object that
// exists but is not ready comes with the error, as a partial success does.
func (p *Provider) Create(op *world.Op, inst *engine.Instance, urn resource.URN, inputs engine.Props) (string, engine.Props, error) {
	c, err := p.connect(op, inst)
	if err != nil {
		return "", nil, err
	}
	c.Reconcile(op)
	if string(urn.Type()) == releaseType {
		return c.Helm.Install(op, inputs)
	}
	return c.apply(op, urn, inputs, managerOf(urn, nil), false)
}

// Update applies the new inputs to the existing object.
func (p *Provider) Update(op *world.Op, inst *engine.Instance, urn resource.URN, _ string, oldInputs, oldOutputs,
	newInputs engine.Props) (engine.Props, error) {
	c, err := p.connect(op, inst)
	if err != nil {
		return nil, err
	}
	c.Reconcile(op)
	if string(urn.Type()) == releaseType {
		return c.Helm.Upgrade(op, oldInputs, newInputs)
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

func (c *client) apply(op *world.Op, urn resource.URN, inputs engine.Props, manager string, update bool) (string, engine.Props, error) {
	content := contentOf(inputs)
	force := obj.Str(content, "metadata", "annotations", "pulumi.com/patchForce") == "true"
	o, err := c.API.Apply(op, content, manager, force)
	if err != nil {
		return "", nil, c.refuse(urn, content, err, update)
	}
	c.dependOnPlace(op, o)
	op.Takes(takes(o.Kind, op.Action), controller.LawDurations)
	c.Reconcile(op)
	id := o.Path()
	err = c.await(o)
	if err != nil && c.Kyverno.AwaitWebhook(op, o) {
		c.Reconcile(op)
		err = c.await(o)
	}
	o.Record(op, err == nil && waits(o))
	outputs := obj.Copy(o.Content)
	outputs[fieldManager] = manager
	outputs[initialAPI] = obj.Str(inputs, "apiVersion")
	return id, outputs, err
}

// dependOnPlace records what every object depends on: its namespace and its kind.
func (c *client) dependOnPlace(op *world.Op, o *api.Object) {
	if ns := c.API.Get("", "Namespace", "", o.Namespace); ns != nil {
		op.DependsOn(ns.URN, api.LawNamespaceExists)
	}
	if crd := c.API.Definition(o.Group, o.Kind); crd != nil {
		op.DependsOn(crd.URN, api.LawKindExists)
	}
}
