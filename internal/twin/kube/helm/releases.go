// Package helm installs the charts of controllers as Helm does.
package helm

import (
	"errors"

	"eks-lattice/internal/twin/kube/api"
	"eks-lattice/internal/twin/kube/charts"
	"eks-lattice/internal/twin/kube/controller"
	"eks-lattice/internal/twin/kube/obj"
	"eks-lattice/internal/twin/world"
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
