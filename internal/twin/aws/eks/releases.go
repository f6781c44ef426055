package eks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/law"
)

var (
	lawAddonVersion = law.New(law.References, "addon-version",
		"An addon's version is one that EKS offers for the cluster's version of Kubernetes, and kube-proxy's is of the same minor version. "+
			"Without one, a new addon gets the default version and keeps it.",
		"https://docs.aws.amazon.com/eks/latest/userguide/addon-compat.html")
	lawNodeRelease = law.New(law.References, "node-release",
		"A node group's releaseVersion is a release of EKS's image for its version of Kubernetes. "+
			"Without one, it gets the newest when it is created or changes its version, and keeps it.",
		"https://github.com/eksctl-io/eksctl/issues/7976")
)

// addonRelease is one version of an addon and the versions of Kubernetes that it
// is for, from the oldest to the newest.
type addonRelease struct{ version, oldest, newest string }

// addonReleases are those of the addons that programs use, the newest first. The
// numbers are examples; which of them go together is what counts.
// https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
var addonReleases = map[string][]addonRelease{
	"vpc-cni": {{"v1.21.1-eksbuild.1", "1.31", "1.35"}, {"v1.20.4-eksbuild.1", "1.31", "1.35"}},
	"coredns": {{"v1.13.1-eksbuild.1", "1.35", "1.35"}, {"v1.12.4-eksbuild.1", "1.33", "1.35"},
		{"v1.11.4-eksbuild.24", "1.31", "1.34"}},
	"kube-proxy":                kubeProxies(),
	"eks-pod-identity-agent":    {{"v1.3.10-eksbuild.1", "1.31", "1.35"}, {"v1.3.8-eksbuild.2", "1.31", "1.34"}},
	"aws-ebs-csi-driver":        {{"v1.53.0-eksbuild.1", "1.31", "1.35"}},
	"metrics-server":            {{"v0.8.0-eksbuild.5", "1.31", "1.35"}},
	"eks-node-monitoring-agent": {{"v1.4.2-eksbuild.1", "1.31", "1.35"}},
}

// kubeProxies has two patches of each version.
func kubeProxies() (list []addonRelease) {
	for _, v := range versions {
		list = append(list, addonRelease{"v" + v + ".2-eksbuild.1", v, v}, addonRelease{"v" + v + ".0-eksbuild.2", v, v})
	}
	return list
}

// published is how many times AWS published patches.
var published = cloud.NewState(func() *int { return new(int) })

// Publish has AWS publish a patch of everything: a release of the nodes' image
// for each version of Kubernetes, and a build of each addon.
func (e EKS) Publish() { *published.In(e.Account)++ }

var build = regexp.MustCompile(`[0-9]+$`)

// addonVersions are those of an addon for a version of Kubernetes, the newest
// first.
func addonVersions(a *cloud.Account, name, kubernetes string) []string {
	var out []string
	at := slices.Index(versions, kubernetes)
	for _, r := range addonReleases[name] {
		if slices.Index(versions, r.oldest) <= at && at <= slices.Index(versions, r.newest) {
			out = append(out, r.version)
		}
	}
	for i := range *published.In(a) {
		if len(out) > 0 {
			out = append([]string{build.ReplaceAllString(out[0], fmt.Sprint(100+i))}, out...)
		}
	}
	return out
}

// defaultAddon is what EKS installs when it is told no version. It is behind the
// newest one.
func defaultAddon(list []string) string { return list[min(1, len(list)-1)] }

// nodeReleases are those of the nodes' image for a version of Kubernetes, the
// newest last: https://docs.aws.amazon.com/eks/latest/userguide/eks-linux-ami-versions.html
func nodeReleases(a *cloud.Account, kubernetes string) []string {
	var out []string
	for i := range *published.In(a) + 1 {
		out = append(out, fmt.Sprintf("%s.%d-2026%02d01", kubernetes, i, 8+i))
	}
	return out
}

// nodeRelease is the release that a node group gets.
func nodeRelease(a *cloud.Account, given, kubernetes string) (string, error) {
	releases := nodeReleases(a, kubernetes)
	switch {
	case given == "":
		return releases[len(releases)-1], nil
	case !slices.Contains(releases, given):
		return "", lawNodeRelease.Refuse("InvalidParameterException",
			"Requested release version %s is not valid for kubernetes version %s.", given, kubernetes)
	}
	return given, nil
}

var _ = cloud.DefineFunction("aws:eks/getAddonVersion:getAddonVersion", func(r *cloud.Request) (engine.Props, error) {
	list := addonVersions(r.Account, r.Str("addonName"), r.Str("kubernetesVersion"))
	if len(list) == 0 {
		return nil, cloud.LawLookup.Refuse("", "reading EKS Add-On version info (%s, %s): couldn't find resource",
			r.Str("addonName"), r.Str("kubernetesVersion"))
	}
	version := defaultAddon(list)
	if r.Flag("mostRecent") {
		version = list[0]
	}
	return cloud.Merge(r.In, engine.Props{"id": r.Str("addonName"), "version": version}), nil
})

// The public parameters of EKS:
// https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
var _ = cloud.DefineFunction("aws:ssm/getParameter:getParameter", func(r *cloud.Request) (engine.Props, error) {
	path := strings.Split(strings.TrimPrefix(r.Str("name"), "/aws/service/eks/optimized-ami/"), "/")
	if len(path) != 6 || !slices.Contains(versions, path[0]) ||
		!slices.Contains([]string{"x86_64", "arm64"}, path[2]) ||
		path[1] != "amazon-linux-2023" || strings.Join(path[3:], "/") != "standard/recommended/release_version" {
		return nil, cloud.LawLookup.Refuse("ParameterNotFound", "reading SSM Parameter (%s): couldn't find resource", r.Str("name"))
	}
	releases := nodeReleases(r.Account, path[0])
	value := releases[len(releases)-1]
	return cloud.Merge(r.In, engine.Props{"id": r.Str("name"), "type": "String", "value": value, "insecureValue": value,
		"version": len(releases),
		"arn":     r.Account.ARN("ssm", r.Region, "", "parameter"+r.Str("name"))}), nil
})
