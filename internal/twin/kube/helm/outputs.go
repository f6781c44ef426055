package helm

import (
	"reflect"

	"eks-lattice/internal/twin/kube/obj"
)

func (c *Releases) outputs(inputs obj.Map, r *Release) obj.Map {
	out := obj.Clone(inputs)
	names := obj.Map{}
	for _, key := range r.Objects {
		kind := key.Kind
		if key.Group != "" {
			kind += "." + key.Group
		}
		list, _ := names[kind].([]any)
		names[kind] = append(list, key.Path())
	}
	out["resourceNames"] = names
	out["status"] = obj.Map{
		"status": "deployed", "name": r.Name, "namespace": r.Namespace, "revision": int64(1),
		"chart": r.Chart.Name, "version": r.Chart.Version, "appVersion": r.Chart.AppVersion,
	}
	return out
}

// Read asks Helm: chart, version and values of the release as it is.
func (c *Releases) Read(id string, inputs obj.Map) (obj.Map, obj.Map, error) {
	r := c.installed[id]
	if r == nil {
		return nil, nil, nil
	}
	live := obj.Clone(inputs)
	if live["version"] != nil {
		live["version"] = r.Chart.Version
	}
	if !reflect.DeepEqual(obj.Copy(obj.At(inputs, "values")), r.given) {
		live["values"] = r.given
	}
	return live, c.outputs(live, r), nil
}
