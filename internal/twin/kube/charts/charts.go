// Package charts knows the Helm charts that the system installs: their values,
// the CRDs they bring, and the part of what they render that has an effect in
// the twin.
package charts

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"eks-lattice/internal/twin/kube/obj"
)

// The charts by name.
const (
	Lattice     = "aws-gateway-controller-chart"
	ExternalDNS = "external-dns"
	Kyverno     = "kyverno"
)

// Chart is one version of a chart.
type Chart struct {
	Name       string
	Version    string
	AppVersion string
	Repository string
	check      func(values obj.Map) error // the chart's own values.schema.json
	known      func() obj.Map             // the keys that its values.yaml has
	render     func(Release) []obj.Map
	crds       func() []obj.Map // the crds/ folder: never updated, never deleted by Helm
	crdObjects func() []obj.Map // CRDs that are templates, and go with the release
}

// Release is what templates see of a release.
type Release struct {
	Name, Namespace string
	Values          obj.Map // merged over the chart's own
	Chart           Chart
}

var all = []Chart{
	{
		Name: Lattice, Version: "v2.1.3", AppVersion: "v2.1.3",
		Repository: "oci://public.ecr.aws/aws-application-networking-k8s",
		check:      checkLattice, known: latticeValues, render: renderLattice, crds: latticeCRDs,
	},
	{
		Name: ExternalDNS, Version: "1.21.1", AppVersion: "0.21.0",
		Repository: "https://kubernetes-sigs.github.io/external-dns/",
		check:      checkExternalDNS, known: externalDNSValues, render: renderExternalDNS, crds: externalDNSCRDs,
	},
	{
		Name: Kyverno, Version: "3.9.1", AppVersion: "v1.19.1",
		Repository: "https://kyverno.github.io/kyverno/",
		known:      kyvernoValues, render: renderKyverno, crdObjects: kyvernoCRDs,
	},
}

// Find looks a chart up as `helm pull` would. A repository that is not the
// chart's own is taken for a mirror of it.
func Find(chart, version, repository string) (Chart, error) {
	name := path.Base(chart)
	i := slices.IndexFunc(all, func(c Chart) bool { return c.Name == name })
	oci := strings.HasPrefix(chart, "oci://")
	if i < 0 {
		if oci || repository == "" {
			return Chart{}, fmt.Errorf("failed to download %q%s", chart, at(version))
		}
		return Chart{}, fmt.Errorf("chart %q version %q not found in %s repository", name, version, repository)
	}
	if !oci && repository == "" {
		return Chart{}, fmt.Errorf("failed to download %q%s", chart, at(version))
	}
	c := all[i]
	if version != "" && version != c.Version && strings.TrimPrefix(version, "v") != strings.TrimPrefix(c.Version, "v") {
		return Chart{}, &UnknownVersionError{Chart: c, Version: version}
	}
	return c, nil
}

// UnknownVersionError says that the twin knows another version of a chart. It
// cannot tell whether the repository has the one that was asked for.
type UnknownVersionError struct {
	Chart   Chart
	Version string
}

// Error names both versions.
func (e *UnknownVersionError) Error() string {
	return fmt.Sprintf("the twin knows chart %s in version %s only and cannot tell whether version %s exists or what it does", e.Chart.Name,
		e.Chart.Version, e.Version)
}

func at(version string) string {
	if version == "" {
		return ""
	}
	return fmt.Sprintf(" at version %q", version)
}

// Merge lays values over the chart's own, as Helm does.
func (c Chart) Merge(values obj.Map) obj.Map { return merge(obj.Copy(c.known()), obj.Copy(values)) }

func merge(base, over obj.Map) obj.Map {
	if base == nil {
		base = obj.Map{}
	}
	for k, v := range over {
		if m, ok := v.(obj.Map); ok {
			if b, ok := base[k].(obj.Map); ok {
				base[k] = merge(b, m)
				continue
			}
		}
		base[k] = v
	}
	return base
}

// Check validates values by the chart's schema, with Helm's words.
func (c Chart) Check(values obj.Map) error {
	if c.check == nil {
		return nil
	}
	if err := c.check(c.Merge(values)); err != nil {
		return fmt.Errorf("values don't meet the specifications of the schema(s) in the following chart(s):\n%s:\n%w", c.Name, err)
	}
	return nil
}

// Unknown lists the keys that the chart has no value of, which Helm ignores
// without a word, and those whose value is of another kind than the chart's.
func (c Chart) Unknown(values obj.Map) []string {
	var out []string
	unknown(c.known(), obj.Copy(values), "", &out)
	slices.Sort(out)
	return out
}

// free are the maps whose keys are the user's, whatever the chart has in them.
var free = []string{
	"affinity", "annotations", "extraArgs", "labels", "limits", "matchLabels", "namespaceSelector", "nodeSelector", "objectSelector",
	"containerSecurityContext", "podAnnotations", "podLabels", "podSecurityContext", "requests", "resources", "securityContext",
}

func unknown(known, values obj.Map, at string, out *[]string) {
	for _, k := range obj.Keys(values) {
		p := strings.TrimPrefix(at+"."+k, ".")
		want, ok := known[k]
		if !ok {
			*out = append(*out, fmt.Sprintf("chart %%s has no value %s: Helm ignores it", p))
			continue
		}
		wantMap, isMap := want.(obj.Map)
		have, haveMap := values[k].(obj.Map)
		switch {
		case slices.Contains(free, k):
		case isMap && haveMap && len(wantMap) > 0:
			unknown(wantMap, have, p, out)
		case isMap && !haveMap:
			*out = append(*out, fmt.Sprintf("chart %%s wants a map for %s", p))
		}
	}
}

// Render returns the objects that a release consists of.
func (c Chart) Render(r Release) []obj.Map {
	r.Chart = c
	list := c.render(r)
	if c.crdObjects != nil {
		list = append(c.crdObjects(), list...)
	}
	for i, o := range list {
		list[i] = obj.Copy(o)
		obj.Set(list[i], "Helm", "metadata", "labels", "app.kubernetes.io/managed-by")
		obj.Set(list[i], r.Name, "metadata", "annotations", "meta.helm.sh/release-name")
		obj.Set(list[i], r.Namespace, "metadata", "annotations", "meta.helm.sh/release-namespace")
	}
	return list
}

// CRDs are the objects of the chart's crds/ folder.
func (c Chart) CRDs() []obj.Map {
	if c.crds == nil {
		return nil
	}
	return c.crds()
}

// fullname is the name that most charts give their objects.
func fullname(r Release) string {
	if n := obj.Str(r.Values, "fullnameOverride"); n != "" {
		return n
	}
	name := obj.Str(r.Values, "nameOverride")
	if name == "" {
		name = r.Chart.Name
	}
	if strings.Contains(r.Name, name) {
		return r.Name
	}
	return r.Name + "-" + name
}

func selector(r Release) obj.Map {
	return obj.Map{"app.kubernetes.io/name": r.Chart.Name, "app.kubernetes.io/instance": r.Name}
}

func serviceAccount(r Release, values obj.Map, otherwise string) (string, []obj.Map) {
	name := obj.Str(values, "name")
	if name == "" {
		name = otherwise
	}
	if create, ok := values["create"].(bool); ok && !create {
		return name, nil
	}
	return name, []obj.Map{{"apiVersion": "v1", "kind": "ServiceAccount",
		"metadata": obj.Map{"name": name, "namespace": r.Namespace, "annotations": obj.At(values, "annotations")}}}
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return fmt.Sprint(v)
	case int64:
		// Values come to Helm's templates as JSON numbers, and quote prints
		// large ones in scientific notation: https://github.com/helm/helm/issues/1707
		if v >= 1e6 || v <= -1e6 {
			return fmt.Sprint(float64(v))
		}
	}
	return fmt.Sprint(v)
}
