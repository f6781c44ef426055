package check

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"eks-lattice/internal/problem"
)

// Addons are the EKS add-ons of a cluster.
var Addons = []string{"vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns"}

var (
	addonVersion = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+$`)
	// https://docs.aws.amazon.com/eks/latest/userguide/eks-linux-ami-versions.html
	nodeRelease = regexp.MustCompile(`^(1\.[0-9]+)\.[0-9]+-[0-9]{8}$`)
)

// NodeRelease accepts a release of EKS's image, such as 1.35.2-20260801.
func NodeRelease(found *problem.List, path, release string) {
	if !nodeRelease.MatchString(release) {
		found.Add(path, release, "is not a release of EKS's image; give one such as 1.35.0-20260801")
	}
}

// ReleaseOf returns the version of Kubernetes that a release of EKS's image is
// for, or "" if it is not a release.
func ReleaseOf(release string) string {
	if match := nodeRelease.FindStringSubmatch(release); match != nil {
		return match[1]
	}
	return ""
}

// AddonVersions accepts the versions of add-ons by name.
func AddonVersions(found *problem.List, path string, versions map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		at, version := path+"."+name, versions[name]
		switch {
		case !slices.Contains(Addons, name):
			found.Add(at, version, "is for an add-on that the cluster does not have; it has %s", strings.Join(Addons, ", "))
		case !addonVersion.MatchString(version):
			found.Add(at, version, "is not a version of an EKS add-on; give one such as v1.20.4-eksbuild.1")
		}
	}
}
