package provider

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// Delete deletes an object and waits until it no longer exists.
func (p *Provider) Delete(op *world.Op, inst *engine.Instance, urn resource.URN, id string, inputs, outputs engine.Props) error {
	c, err := p.connect(op, inst)
	if err != nil {
		return fmt.Errorf("%w If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "+
			"PULUMI_K8S_DELETE_UNREACHABLE environment variable set to \"true\"", err)
	}
	c.Reconcile(op)
	if string(urn.Type()) == releaseType {
		return c.Helm.Uninstall(op, outputs)
	}
	o := c.find(schema.FromAPIVersionAndKind(obj.Str(outputs, "apiVersion"), obj.Str(outputs, "kind")), id)
	if o == nil {
		return nil
	}
	c.dependOnPlace(op, o)
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
