package kube

import (
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/kube/pods"
	"eks-lattice/internal/twin/law"
	"eks-lattice/internal/twin/world"
)

var (
	lawChart = law.New(law.Kubernetes, "chart-must-exist",
		"Helm fails on a chart or a version that the repository does not have.",
		"https://helm.sh/docs/helm/helm_install/")
	lawChartVersion = law.New(law.Kubernetes, "chart-versions-known",
		"The twin renders one version of each chart and refuses the others, whether or not they exist.",
		"modelled: no registry of Go modules serves the charts' archives, so the twin has only those that it was written for")
	lawValues = law.New(law.Kubernetes, "chart-values-have-a-schema",
		"Helm refuses values that break the chart's values.schema.json.",
		"https://helm.sh/docs/topics/charts/#schema-files")
	lawReleaseName = law.New(law.Kubernetes, "release-name-is-taken-once",
		"Helm does not install a second release of the same name into a namespace.",
		"https://helm.sh/docs/helm/helm_install/")
	lawReleaseReady = law.New(law.Kubernetes, "release-waits-for-its-pods",
		"A release waits until its workloads are ready, and fails when they are not within its timeout.",
		"https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/")
	lawReleaseGone = law.New(law.Kubernetes, "release-waits-for-its-removal",
		"The removal of a release waits until its objects are gone unless skipAwait is set: it fails when something holds one of them, and when the API server refuses to delete one.",
		"https://github.com/pulumi/pulumi-kubernetes/blob/v4.33.0/provider/pkg/provider/helm_release.go")
)

const helm = "helm"

// release is one installed chart.
type release struct {
	chart   charts.Chart
	name    string
	ns      string
	urn     string
	objects []api.Key
	hooks   bool // Helm runs the chart's hooks
	values  obj.Map
	given   obj.Map // the values of the last installation or upgrade, without the chart's own
}

// checkRelease is the provider's Check: name, namespace, defaults, and the
// chart is loaded to see whether it exists.
func (c *Clusters) checkRelease(urn resource.URN, olds, news engine.Props) []engine.Failure {
	if news["name"] == nil {
		if old := obj.Str(olds, "name"); old != "" {
			news["name"] = old
		} else {
			news["name"] = autoname(urn)
		}
	}
	if ns, known := news["namespace"]; !known || ns == "" {
		news["namespace"] = "default"
	}
	if news["timeout"] == nil && !obj.Bool(news, "skipAwait") {
		news["timeout"] = float64(300)
	}
	chart, known := news["chart"].(string)
	if !known {
		return nil
	}
	found, err := charts.Find(chart, obj.Str(news, "version"), obj.Str(news, "repositoryOpts", "repo"))
	if err != nil {
		return []engine.Failure{{Property: "chart", Reason: chartError(err, "; check the chart name and repository configuration.").Error()}}
	}
	news["version"] = found.Version
	return nil
}

func chartError(err error, hint string) error {
	if e := (*charts.UnknownVersionError)(nil); errors.As(err, &e) {
		return lawChartVersion.Refuse("", "%v", err)
	}
	return lawChart.Refuse("", "%v%s", err, hint)
}

// installRelease is `helm install --wait`.
func (c *Cluster) installRelease(op *world.Op, inputs engine.Props) (string, engine.Props, error) {
	r, values, err := c.prepareRelease(op, inputs)
	if err != nil {
		return "", nil, err
	}
	id := r.ns + "/" + r.name
	if c.releases[id] != nil {
		return "", nil, lawReleaseName.Refuse("", "cannot re-use a name that is still in use")
	}
	if c.API.Get("", "Namespace", "", r.ns) == nil {
		if !obj.Bool(inputs, "createNamespace") {
			return "", nil, lawNamespaceExists.Refuse("", "create: failed to create: namespaces %q not found", r.ns)
		}
		if _, err := c.API.Apply(op, obj.Map{"apiVersion": "v1", "kind": "Namespace", "metadata": obj.Map{"name": r.ns}}, helm, false); err != nil {
			return "", nil, err
		}
	}
	if ns := c.API.Get("", "Namespace", "", r.ns); ns != nil {
		op.DependsOn(ns.URN, lawNamespaceExists)
	}
	op.Takes(releaseTakes[r.chart.Name], lawDurations)
	if !obj.Bool(inputs, "skipCrds") {
		for _, crd := range r.chart.CRDs() {
			if c.API.Get("apiextensions.k8s.io", "CustomResourceDefinition", "", obj.Str(crd, "metadata", "name")) == nil {
				if _, err := c.API.Apply(op, crd, helm, false); err != nil {
					return "", nil, c.helmFailure(err)
				}
			}
		}
	}
	if err := c.writeRelease(op, r, values); err != nil {
		return "", nil, errors.Join(err, c.removeRelease(op, r))
	}
	c.releases[id] = r
	c.Wake()
	return id, c.releaseOutputs(inputs, r), c.awaitRelease(op, r, inputs)
}

// prepareRelease finds the chart and checks the values.
func (c *Cluster) prepareRelease(_ *world.Op, inputs engine.Props) (*release, obj.Map, error) {
	chart, err := charts.Find(obj.Str(inputs, "chart"), obj.Str(inputs, "version"), obj.Str(inputs, "repositoryOpts", "repo"))
	if err != nil {
		return nil, nil, chartError(err, "")
	}
	values := obj.Copy(obj.At(inputs, "values"))
	if err := chart.Check(values); err != nil {
		return nil, nil, lawValues.Refuse("", "%v", err)
	}
	r := &release{chart: chart, name: obj.Str(inputs, "name"), ns: obj.Str(inputs, "namespace"), hooks: !obj.Bool(inputs, "disableWebhooks")}
	r.values, r.given = chart.Merge(values), values
	for _, u := range chart.Unknown(values) {
		c.Warn(lawValues, u, chart.Name)
	}
	return r, r.values, nil
}

func (c *Cluster) helmFailure(err error) error {
	return lawReleaseReady.Refuse("", "failed to become available within allocated timeout. Error: %s", controller.Message(err))
}

// writeRelease applies what the chart renders and drops what it no longer does.
func (c *Cluster) writeRelease(op *world.Op, r *release, values obj.Map) error {
	r.urn = op.URN
	before := r.objects
	r.objects = nil
	for _, content := range r.chart.Render(charts.Release{Name: r.name, Namespace: r.ns, Values: values}) {
		o, err := c.API.Apply(op, content, helm, true)
		if err != nil {
			return c.helmFailure(err)
		}
		r.objects = append(r.objects, o.Key)
	}
	for _, key := range before {
		if !slices.Contains(r.objects, key) && c.API.Lookup(key) != nil {
			_ = c.API.Delete(op, key)
		}
	}
	c.Reconcile(op)
	return nil
}

// awaitRelease refuses when a workload of the release has not become ready.
func (c *Cluster) awaitRelease(op *world.Op, r *release, inputs engine.Props) error {
	if obj.Bool(inputs, "skipAwait") {
		return nil
	}
	for _, key := range r.objects {
		d := c.API.Lookup(key)
		if key.Kind != "Deployment" || d == nil {
			continue
		}
		if want := obj.Int(d.Content, "spec", "replicas"); int64(len(pods.ReadyOf(c.API, d))) < want {
			broken, why := lawReleaseReady, ""
			if t, ok := c.Trouble(key); ok {
				broken, why = t.Law, ": "+t.Text
			}
			err := broken.Refuse("", "failed to become available within allocated timeout. Error: Helm Release %s/%s: resource Deployment/%s/%s not ready. status: InProgress, message: Available: %d/%d: context deadline exceeded%s",
				r.ns, r.name, key.Namespace, key.Name, len(pods.ReadyOf(c.API, d)), want, why)
			if obj.Bool(inputs, "atomic") {
				return errors.Join(err, c.removeRelease(op, r))
			}
			return err
		}
		c.recordDependencies(op, d, true)
	}
	return nil
}

func (c *Cluster) releaseOutputs(inputs engine.Props, r *release) engine.Props {
	out := deepCopy(inputs).(engine.Props)
	names := obj.Map{}
	for _, key := range r.objects {
		kind := key.Kind
		if key.Group != "" {
			kind += "." + key.Group
		}
		list, _ := names[kind].([]any)
		names[kind] = append(list, key.Path())
	}
	out["resourceNames"] = names
	out["status"] = obj.Map{
		"status": "deployed", "name": r.name, "namespace": r.ns, "revision": int64(1),
		"chart": r.chart.Name, "version": r.chart.Version, "appVersion": r.chart.AppVersion,
	}
	return out
}

func (c *Cluster) upgradeRelease(op *world.Op, _, inputs engine.Props) (engine.Props, error) {
	next, values, err := c.prepareRelease(op, inputs)
	if err != nil {
		return nil, err
	}
	r := c.releases[next.ns+"/"+next.name]
	if r == nil {
		return nil, lawReleaseName.Refuse("", "%q has no deployed releases", next.name)
	}
	r.chart, r.values, r.given, r.hooks = next.chart, next.values, next.given, next.hooks
	op.Takes(time.Minute, lawDurations)
	if err := c.writeRelease(op, r, values); err != nil {
		return nil, err
	}
	return c.releaseOutputs(inputs, r), c.awaitRelease(op, r, inputs)
}

// readRelease asks Helm: chart, version and values of the release as it is.
func (c *Cluster) readRelease(id string, inputs engine.Props) (engine.Props, engine.Props, error) {
	r := c.releases[id]
	if r == nil {
		return nil, nil, nil
	}
	live := deepCopy(inputs).(engine.Props)
	if live["version"] != nil {
		live["version"] = r.chart.Version
	}
	if !reflect.DeepEqual(obj.Copy(obj.At(inputs, "values")), r.given) {
		live["values"] = r.given
	}
	return live, c.releaseOutputs(live, r), nil
}

// uninstallRelease is `helm uninstall`: hooks first, then the objects, and with
// --wait, which the provider sets, until those are gone.
func (c *Cluster) uninstallRelease(op *world.Op, outputs engine.Props) error {
	id := obj.Str(outputs, "namespace") + "/" + obj.Str(outputs, "name")
	r := c.releases[id]
	if r == nil {
		return nil
	}
	op.Takes(takesDeleteRelease, lawDurations)
	if r.hooks {
		if err := c.preDelete(op, r); err != nil {
			return err
		}
	}
	if err := c.removeRelease(op, r); err != nil {
		return err
	}
	c.Reconcile(op)
	if obj.Bool(outputs, "skipAwait") && !obj.Bool(outputs, "atomic") {
		return nil
	}
	for _, key := range r.objects {
		if o := c.API.Lookup(key); o != nil && o.Terminating() {
			return lawReleaseGone.Refuse("", "uninstallation completed with 1 error(s): context deadline exceeded: %v", c.stuck(o))
		}
	}
	return nil
}

// removeRelease deletes a release's objects. While one of them cannot be
// deleted Helm keeps the release.
func (c *Cluster) removeRelease(op *world.Op, r *release) error {
	for _, key := range slices.Backward(r.objects) {
		if err := c.API.Delete(op, key); err != nil && !apierrors.IsNotFound(err) {
			return lawReleaseGone.Refuse("", "failed to delete release: %s: %s: %s", r.name, key, controller.Message(err))
		}
	}
	delete(c.releases, r.ns+"/"+r.name)
	c.Wake()
	return nil
}
