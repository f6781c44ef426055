package provider

import (
	"encoding/base64"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
)

// Read returns the live object, and of it what the program applied.
func (p *Provider) Read(op *world.Op, inst *engine.Instance, urn resource.URN, id string, inputs, outputs engine.Props) (engine.Props,
	engine.Props, error) {
	c, err := p.connect(op, inst)
	if err != nil {
		return nil, nil, err
	}
	c.Reconcile(op)
	if string(urn.Type()) == releaseType {
		return c.Helm.Read(id, inputs)
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
func (c *client) liveInputs(o *api.Object, inputs engine.Props) (engine.Props, error) {
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

func (c *client) find(id string, outputs engine.Props) *api.Object {
	gvk := schema.FromAPIVersionAndKind(obj.Str(outputs, "apiVersion"), obj.Str(outputs, "kind"))
	namespace, name, found := strings.Cut(id, "/")
	if !found {
		namespace, name = "", id
	}
	return c.API.Get(gvk.Group, gvk.Kind, namespace, name)
}
