package helm

import (
	"errors"
	"slices"
	"time"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/world"
)

// Install is `helm install --wait`.
func (c *Releases) Install(op *world.Op, inputs obj.Map) (string, obj.Map, error) {
	r, values, err := c.prepare(op, inputs)
	if err != nil {
		return "", nil, err
	}
	id := r.Namespace + "/" + r.Name
	if c.installed[id] != nil {
		return "", nil, LawReleaseName.Refuse("", "cannot re-use a name that is still in use")
	}
	if c.mgr.API.Get("", "Namespace", "", r.Namespace) == nil {
		if !obj.Bool(inputs, "createNamespace") {
			return "", nil, api.LawNamespaceExists.Refuse("", "create: failed to create: namespaces %q not found", r.Namespace)
		}
		if _, err := c.mgr.API.Apply(op, obj.Map{"apiVersion": "v1", "kind": "Namespace", "metadata": obj.Map{"name": r.Namespace}}, Manager,
			false); err != nil {
			return "", nil, err
		}
	}
	if ns := c.mgr.API.Get("", "Namespace", "", r.Namespace); ns != nil {
		op.DependsOn(ns.URN, api.LawNamespaceExists)
	}
	op.Takes(durations[r.Chart.Name], controller.LawDurations)
	if !obj.Bool(inputs, "skipCrds") {
		for _, crd := range r.Chart.CRDs() {
			if c.mgr.API.Get("apiextensions.k8s.io", "CustomResourceDefinition", "", obj.Str(crd, "metadata", "name")) == nil {
				if _, err := c.mgr.API.Apply(op, crd, Manager, false); err != nil {
					return "", nil, c.helmFailure(err)
				}
			}
		}
	}
	if err := c.write(op, r, values); err != nil {
		return "", nil, errors.Join(err, c.deleteObjects(op, r))
	}
	c.installed[id] = r
	c.mgr.Wake()
	return id, c.outputs(inputs, r), c.await(op, r, inputs)
}

// prepare finds the chart and checks the values.
func (c *Releases) prepare(_ *world.Op, inputs obj.Map) (*Release, obj.Map, error) {
	chart, err := charts.Find(obj.Str(inputs, "chart"), obj.Str(inputs, "version"), obj.Str(inputs, "repositoryOpts", "repo"))
	if err != nil {
		return nil, nil, chartError(err, "")
	}
	values := obj.Copy(obj.At(inputs, "values"))
	if err := chart.Check(values); err != nil {
		return nil, nil, LawValues.Refuse("", "%v", err)
	}
	r := &Release{Chart: chart, Name: obj.Str(inputs, "name"), Namespace: obj.Str(inputs, "namespace"),
		hooks: !obj.Bool(inputs, "disableWebhooks")}
	r.Values, r.given = chart.Merge(values), values
	for _, u := range chart.Unknown(values) {
		c.mgr.Warn(LawValues, u, chart.Name)
	}
	return r, r.Values, nil
}

func (c *Releases) helmFailure(err error) error {
	return LawReleaseReady.Refuse("", "failed to become available within allocated timeout. Error: %s", controller.Message(err))
}

// write applies what the chart renders and drops what it no longer does.
func (c *Releases) write(op *world.Op, r *Release, values obj.Map) error {
	before := r.Objects
	r.Objects = nil
	for _, content := range r.Chart.Render(charts.Release{Name: r.Name, Namespace: r.Namespace, Values: values}) {
		o, err := c.mgr.API.Apply(op, content, Manager, true)
		if err != nil {
			return c.helmFailure(err)
		}
		r.Objects = append(r.Objects, o.Key)
	}
	for _, key := range before {
		if !slices.Contains(r.Objects, key) && c.mgr.API.Lookup(key) != nil {
			_ = c.mgr.API.Delete(op, key)
		}
	}
	c.mgr.Reconcile(op)
	return nil
}

// await refuses when a workload of the release has not become ready.
func (c *Releases) await(op *world.Op, r *Release, inputs obj.Map) error {
	if obj.Bool(inputs, "skipAwait") {
		return nil
	}
	for _, key := range r.Objects {
		d := c.mgr.API.Lookup(key)
		if key.Kind != "Deployment" || d == nil {
			continue
		}
		if want := obj.Int(d.Content, "spec", "replicas"); int64(len(pods.ReadyOf(c.mgr.API, d))) < want {
			broken, why := LawReleaseReady, ""
			if t, ok := c.mgr.Trouble(key); ok {
				broken, why = t.Law, ": "+t.Text
			}
			err := broken.Refuse("", "failed to become available within allocated timeout. Error: Helm Release %s/%s: resource Deployment/%s/%s "+
				"not ready. status: InProgress, message: Available: %d/%d: context deadline exceeded%s",
				r.Namespace, r.Name, key.Namespace, key.Name, len(pods.ReadyOf(c.mgr.API, d)), want, why)
			if obj.Bool(inputs, "atomic") {
				return errors.Join(err, c.deleteObjects(op, r))
			}
			return err
		}
		d.Record(op, true)
	}
	return nil
}

// Upgrade is `helm upgrade --wait`.
func (c *Releases) Upgrade(op *world.Op, _, inputs obj.Map) (obj.Map, error) {
	next, values, err := c.prepare(op, inputs)
	if err != nil {
		return nil, err
	}
	r := c.installed[next.Namespace+"/"+next.Name]
	if r == nil {
		return nil, LawReleaseName.Refuse("", "%q has no deployed releases", next.Name)
	}
	r.Chart, r.Values, r.given, r.hooks = next.Chart, next.Values, next.given, next.hooks
	op.Takes(time.Minute, controller.LawDurations)
	if err := c.write(op, r, values); err != nil {
		return nil, err
	}
	return c.outputs(inputs, r), c.await(op, r, inputs)
}
