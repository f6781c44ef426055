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

// Read returns the live object, and of it what the program applied. With inputs or
// outputs, which only a refresh has, it also reports what has not become ready, as the
// provider's awaiters do. A program that reads an object, and an import, get it as it is.
// https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/await/await.go
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
	gvk := schema.FromAPIVersionAndKind(obj.Str(outputs, "apiVersion"), obj.Str(outputs, "kind"))
	if gvk.Empty() {
		gvk = kindOf(urn)
	}
	o := c.find(gvk, id)
	if o == nil {
		return nil, nil, nil
	}
	live := obj.Copy(o.Content)
	if len(inputs) == 0 && len(outputs) == 0 {
		live[initialAPI] = live["apiVersion"]
		return imported(o), live, nil
	}
	live[fieldManager], live[initialAPI] = outputs[fieldManager], outputs[initialAPI]
	managed := inputs
	if len(inputs) > 0 { // a program that reads an object gives none
		if managed, err = c.liveInputs(o, inputs); err != nil {
			return nil, nil, err
		}
	}
	return managed, live, c.awaitRead(o)
}

// kindOf is the kind of a resource's type, such as kubernetes:core/v1:Service.
func kindOf(urn resource.URN) schema.GroupVersionKind {
	version := strings.TrimPrefix(string(urn.Type().Module().Name()), "core/")
	return schema.FromAPIVersionAndKind(version, string(urn.Type().Name()))
}

// imported are the inputs with which a program would create the object as it is.
func imported(o *api.Object) engine.Props {
	inputs := obj.Copy(o.Content)
	delete(inputs, "status")
	for _, field := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"} {
		obj.Delete(inputs, "metadata", field)
	}
	return inputs
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

func (c *client) find(gvk schema.GroupVersionKind, id string) *api.Object {
	namespace, name, found := strings.Cut(id, "/")
	if !found {
		namespace, name = "", id
	}
	return c.API.Get(gvk.Group, gvk.Kind, namespace, name)
}
