package components

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
)

// VersionArgs configures one version of an application: a Deployment and a Service
// called <application>-<name>.
type VersionArgs struct {
	Name string `setting:"name"`
	// Weight is the version's share of the requests. 0 means none; the pods run anyway.
	Weight int `setting:"weight"`
	// Image of the version. Empty means the application's.
	Image string `setting:"image"`
	// Replicas is the number of pods. 0 means the application's.
	Replicas int `setting:"replicas"`
	// Env are environment variables besides the application's, and instead of those
	// of the same name.
	Env map[string]string `setting:"env"`
}

// maxVersions is the number of target groups of a rule, and of a service by default.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_ForwardAction.html
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html
const maxVersions = 10

func (v *VersionArgs) setDefaults(app *SecureAppArgs) {
	if v.Image == "" {
		v.Image = app.Container.Image
	}
	if v.Replicas == 0 {
		v.Replicas = app.Replicas
	}
}

// versionProblems returns what is wrong with the versions together.
func (a *SecureAppArgs) versionProblems() problem.List {
	var found problem.List
	if len(a.Versions) > maxVersions {
		found.Add("Versions", len(a.Versions), "are too many; a rule of VPC Lattice leads to %d target groups at most", maxVersions)
	}
	total := 0
	for i, v := range a.Versions {
		total += v.Weight
		if a.hasVersion(v.Name, i) {
			found.Add(fmt.Sprintf("Versions[%d].Name", i), v.Name, "is the name of another version, too")
		}
	}
	if len(a.Versions) > 0 && total == 0 {
		found.Missing("Versions", "have no weight, so nobody would get an answer; give at least one of them a weight from 1 to 999")
	}
	return found
}

// hasVersion reports whether one of the first n versions has a name.
func (a *SecureAppArgs) hasVersion(name string, n int) bool {
	return slices.ContainsFunc(a.Versions[:n], func(v VersionArgs) bool { return v.Name == name })
}

// workload is one version of an application, with its own arguments.
type workload struct {
	*SecureApp

	versionName string
	args        *SecureAppArgs
}

// workloads returns the versions of the application.
func (a *SecureApp) workloads() []*workload {
	if len(a.args.Versions) == 0 {
		return []*workload{{a, names.DefaultVersion, a.args}}
	}
	var all []*workload
	for _, v := range a.args.Versions {
		args := *a.args
		args.Container.Image, args.Replicas = v.Image, v.Replicas
		args.Container.Env = maps.Clone(a.args.Container.Env)
		maps.Copy(args.Container.Env, v.Env)
		all = append(all, &workload{a, v.Name, &args})
	}
	return all
}

// version is the name of the objects of the version.
func (a *workload) version() string { return names.Version(a.args.Name, a.versionName) }

// child names a Pulumi resource of the version. An application that begins to list
// versions keeps what it has as v1.
func (a *workload) child(suffix string) string {
	if a.versionName == names.DefaultVersion {
		return a.name + "-" + suffix
	}
	return a.name + "-" + suffix + "-" + a.versionName
}

// provision creates the pods of the version and what a route to them needs.
func (a *workload) provision(ctx *pulumi.Context) ([]pulumi.Resource, error) {
	before := slices.Concat(a.cluster().beforePods, a.args.Namespace.beforePods)
	if !a.args.DirectAccess {
		// The network policy comes first: until it exists, everybody can call the pods.
		policy, err := a.newNetworkPolicy(ctx, before)
		if err != nil {
			return nil, err
		}
		before = append(before, policy)
	}
	return a.newWorkload(ctx, before)
}
