// Package helm installs the charts of controllers as Helm does.
package helm

import (
	"errors"
	"reflect"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	LawChart = law.New(law.Kubernetes, "chart-must-exist",
		"Helm fails on a chart or a version that the repository does not have.",
		"https://helm.sh/docs/helm/helm_install/")
	LawChartVersion = law.New(law.Kubernetes, "chart-versions-known",
		"The twin renders one version of each chart and refuses the others, whether or not they exist.",
		"modelled: no registry of Go modules serves the charts' archives, so the twin has only those that it was written for")
	LawValues = law.New(law.Kubernetes, "chart-values-have-a-schema",
		"Helm refuses values that break the chart's values.schema.json.",
		"https://helm.sh/docs/topics/charts/#schema-files")
	LawReleaseName = law.New(law.Kubernetes, "release-name-is-taken-once",
		"Helm does not install a second release of the same name into a namespace.",
		"https://helm.sh/docs/helm/helm_install/")
	LawReleaseReady = law.New(law.Kubernetes, "release-waits-for-its-pods",
		"A release waits until its workloads are ready, and fails when they are not within its timeout.",
		"https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/")
	LawReleaseGone = law.New(law.Kubernetes, "release-waits-for-its-removal",
		"The removal of a release waits until its objects are gone unless skipAwait is set: it fails when something holds one of them, and when the API server refuses to delete one.",
		"https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/provider/helm_release.go")
)

// Manager is Helm's field manager.
const Manager = "helm"

// Release is one installed chart.
type Release struct {
	Chart     charts.Chart
	Name      string
	Namespace string
	Objects   []api.Key
	Values    obj.Map // the chart's own with those of the installation
	given     obj.Map // the values of the last installation or upgrade
	hooks     bool    // Helm runs the chart's hooks
}

// Hook is what a chart does before Helm deletes its release.
type Hook func(op *world.Op, r *Release) error

// Releases are the releases of a cluster.
type Releases struct {
	mgr       *controller.Manager
	installed map[string]*Release // by namespace/name
	preDelete map[string]Hook     // by chart
}

// New returns the releases of a cluster, none.
func New(mgr *controller.Manager) *Releases {
	return &Releases{mgr: mgr, installed: map[string]*Release{}, preDelete: map[string]Hook{}}
}

// PreDelete sets the pre-delete hook of a chart.
func (c *Releases) PreDelete(chart string, h Hook) { c.preDelete[chart] = h }

// Of returns the releases of a chart, by namespace and name.
func (c *Releases) Of(chart string) (list []*Release) {
	for _, id := range obj.Keys(c.installed) {
		if r := c.installed[id]; r.Chart.Name == chart {
			list = append(list, r)
		}
	}
	return list
}

// Check looks for a release's chart, as the provider's Check does, and sets the
// version that was found.
func Check(inputs obj.Map) error {
	chart, known := inputs["chart"].(string)
	if !known {
		return nil
	}
	found, err := charts.Find(chart, obj.Str(inputs, "version"), obj.Str(inputs, "repositoryOpts", "repo"))
	if err != nil {
		return chartError(err, "; check the chart name and repository configuration.")
	}
	inputs["version"] = found.Version
	return nil
}

func chartError(err error, hint string) error {
	if e := (*charts.UnknownVersionError)(nil); errors.As(err, &e) {
		return LawChartVersion.Refuse("", "%v", err)
	}
	return LawChart.Refuse("", "%v%s", err, hint)
}

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
		if _, err := c.mgr.API.Apply(op, obj.Map{"apiVersion": "v1", "kind": "Namespace", "metadata": obj.Map{"name": r.Namespace}}, Manager, false); err != nil {
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
	r := &Release{Chart: chart, Name: obj.Str(inputs, "name"), Namespace: obj.Str(inputs, "namespace"), hooks: !obj.Bool(inputs, "disableWebhooks")}
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
			err := broken.Refuse("", "failed to become available within allocated timeout. Error: Helm Release %s/%s: resource Deployment/%s/%s not ready. status: InProgress, message: Available: %d/%d: context deadline exceeded%s",
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

// Uninstall is `helm uninstall`: hooks first, then the objects, and with
// --wait, which the provider sets, until those are gone.
func (c *Releases) Uninstall(op *world.Op, outputs obj.Map) error {
	id := obj.Str(outputs, "namespace") + "/" + obj.Str(outputs, "name")
	r := c.installed[id]
	if r == nil {
		return nil
	}
	op.Takes(takesUninstall, controller.LawDurations)
	if hook := c.preDelete[r.Chart.Name]; hook != nil && r.hooks {
		if err := hook(op, r); err != nil {
			return err
		}
	}
	if err := c.deleteObjects(op, r); err != nil {
		return err
	}
	c.mgr.Reconcile(op)
	if obj.Bool(outputs, "skipAwait") && !obj.Bool(outputs, "atomic") {
		return nil
	}
	for _, key := range r.Objects {
		if o := c.mgr.API.Lookup(key); o != nil && o.Terminating() {
			return LawReleaseGone.Refuse("", "uninstallation completed with 1 error(s): context deadline exceeded: %v", c.mgr.Stuck(o))
		}
	}
	return nil
}

// deleteObjects deletes a release's objects. While one of them cannot be
// deleted Helm keeps the release.
func (c *Releases) deleteObjects(op *world.Op, r *Release) error {
	for _, key := range slices.Backward(r.Objects) {
		if err := c.mgr.API.Delete(op, key); err != nil && !apierrors.IsNotFound(err) {
			return LawReleaseGone.Refuse("", "failed to delete release: %s: %s: %s", r.Name, key, controller.Message(err))
		}
	}
	delete(c.installed, r.Namespace+"/"+r.Name)
	c.mgr.Wake()
	return nil
}
