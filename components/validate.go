package components

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"eks-lattice/internal/problem"
)

var (
	dnsLabel     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	dnsName      = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?$`)
	eksVersion   = regexp.MustCompile(`^1\.([0-9]+)$`)
	instanceType = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)
	// arm64 matches the families whose name has a g right behind the generation:
	// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
	arm64           = regexp.MustCompile(`^(a1|[a-z]+[0-9]+g[a-z]*)\.`)
	roleName        = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	principalARN    = regexp.MustCompile(`^arn:aws[\w-]*:iam::[0-9]{12}:(role|user)/.+$`)
	certificateARN  = regexp.MustCompile(`^arn:aws[\w-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$`)
	serviceNetwork  = regexp.MustCompile(`^[a-z0-9]([a-z0-9]|-[a-z0-9]){1,61}[a-z0-9]?$`)
	tagText         = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/+\-@]*$`)
	imageReference  = regexp.MustCompile(`^[^\s"'\\]+$`)
	mirrorReference = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._/-]*[a-z0-9])?$`)
	chartLocation   = regexp.MustCompile(`^(oci|https)://[^\s"'\\]+$`)
	clusterLogTypes = []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}
)

// reservedRanges cannot be used by a VPC of a cluster. A route to one of them
// leads to something else.
var reservedRanges = []struct {
	prefix netip.Prefix
	use    string
}{
	// https://docs.aws.amazon.com/vpc-lattice/latest/ug/how-it-works.html
	{netip.MustParsePrefix("169.254.171.0/24"), "VPC Lattice answers on"},
	{netip.MustParsePrefix("fd00:ec2:80::/64"), "VPC Lattice answers on"},
	{netip.MustParsePrefix("169.254.0.0/16"), "is link-local"},
	{netip.MustParsePrefix("127.0.0.0/8"), "is loopback"},
}

// checkCIDR takes an IPv4 network whose prefix length is within bounds.
func checkCIDR(found *problem.List, path, cidr string, minBits, maxBits int, example string) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		found.Add(path, cidr, "is not a CIDR block; give one such as %s", example)
		return
	}
	for _, reserved := range reservedRanges {
		if prefix.Overlaps(reserved.prefix) {
			found.Add(path, cidr, "overlaps %s, which %s; give a private range such as %s", reserved.prefix, reserved.use, example)
			return
		}
	}
	switch {
	case !prefix.Addr().Is4():
		found.Add(path, cidr, "is not an IPv4 range; give one such as %s", example)
	case prefix != prefix.Masked():
		found.Add(path, cidr, "has bits set behind its prefix; did you mean %s?", prefix.Masked())
	case prefix.Bits() < minBits || prefix.Bits() > maxBits:
		found.Add(path, cidr, "is a /%d; the subnets need a network between /%d and /%d", prefix.Bits(), minBits, maxBits)
	}
}

func checkDomain(found *problem.List, path, domain string) {
	if len(domain) > 253 || !dnsName.MatchString(domain) {
		found.Add(path, domain, "is not a domain name; give one in lower case, such as example.com, without a wildcard or a final dot")
	}
}

// checkName takes a DNS label of limited length, which is what Kubernetes wants
// of the names of namespaces and Services.
func checkName(found *problem.List, path, name string, most int, because string) {
	switch {
	case name == "":
		found.Missing(path, "is missing")
	case !dnsLabel.MatchString(name):
		found.Add(path, name, "may hold only lower-case letters, digits and inner hyphens")
	case len(name) > most:
		found.Add(path, name, "has %d characters, at most %d fit: %s", len(name), most, because)
	}
}

// checkServiceName reports what Kubernetes takes for the names of a route and of
// its namespace, and VPC Lattice does not take for <route>-<namespace>.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateService.html
func checkServiceName(found *problem.List, route, namespace string) {
	if strings.HasPrefix(route, "svc-") {
		found.Add("name", route, "begins with svc-, which VPC Lattice keeps for the ids of services; give another name")
	}
	for _, part := range []struct{ path, name string }{{"name", route}, {"namespace", namespace}} {
		if strings.Contains(part.name, "--") {
			found.Add(part.path, part.name, "has two hyphens in a row, which VPC Lattice does not take in the service's name")
		}
	}
}

const (
	becauseRoute     = "VPC Lattice names the service after it and cuts it there"
	becauseNamespace = "VPC Lattice names the service after its namespace and cuts it there"
	becauseCluster   = "it is part of the DNS label that marks the cluster's records"
	becauseDNS       = "Kubernetes takes no longer name"
)

func checkClusterName(found *problem.List, path, name string) {
	checkName(found, path, name, maxClusterName, becauseCluster)
}

// oldestKubernetes is what the Lattice controller v2.1 needs.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/docs/guides/upgrading-v2-0-x-to-v2-1-y.md
const oldestKubernetes = 31

func checkKubernetesVersion(found *problem.List, path, version string) {
	match := eksVersion.FindStringSubmatch(version)
	if match == nil {
		found.Add(path, version, "is not a version of Kubernetes on EKS; give one such as 1.35")
		return
	}
	if minor, err := strconv.Atoi(match[1]); err != nil || minor < oldestKubernetes {
		found.Add(path, version, "is too old: the Lattice controller needs 1.%d or newer", oldestKubernetes)
	}
}

// checkEach applies a pattern to every item and reports items given twice.
func checkEach(found *problem.List, path string, items []string, pattern *regexp.Regexp, remedy string) {
	seen := map[string]bool{}
	for i, item := range items {
		at := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case !pattern.MatchString(item):
			found.Add(at, item, "%s", remedy)
		case seen[item]:
			found.Add(at, item, "is there twice")
		}
		seen[item] = true
	}
}

// CheckTags reports tags that not every tagged service would take. The Lattice
// controller is the strictest: it takes them as one line of "key=value" pairs.
func CheckTags(tags map[string]string) problem.List {
	var found problem.List
	for _, key := range sortedKeys(tags) {
		value, path := tags[key], "tags."+key
		switch {
		case key == "" || len(key) > 128 || !tagText.MatchString(key):
			found.Add(path, value, "has a key that is empty, longer than 128 characters, or holds more than letters, digits, spaces and _ . : / + - @")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			found.Add(path, value, "has a key that begins with aws:, which AWS keeps for itself")
		case len(value) > 256 || !tagText.MatchString(value):
			found.Add(path, value, "is longer than 256 characters, or holds more than letters, digits, spaces and _ . : / + - @")
		}
	}
	if len(tags) > 40 {
		found.Add("tags", len(tags), "are too many: AWS takes 50 on a resource and some are set by its controllers; give at most 40")
	}
	return found
}

// checkRoleName takes what IAM takes.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func checkRoleName(found *problem.List, path, name string) {
	if !roleName.MatchString(name) {
		found.Add(path, name, "must have 1 to 64 letters, digits or characters of +=,.@_-")
	}
}

func checkImage(found *problem.List, path, image string) {
	if image != "" && !imageReference.MatchString(image) {
		found.Add(path, image, "is not a container image; give one such as registry.example.com/name:tag")
	}
}

func checkPublicCIDR(found *problem.List, path, cidr string) {
	if prefix, err := netip.ParsePrefix(cidr); err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() {
		found.Add(path, cidr, "is not an IPv4 network; give one such as 203.0.113.0/24")
	}
}

// systemNamespaces belong to Kubernetes and to the controllers.
var systemNamespaces = []string{
	"kube-system", "kube-public", "kube-node-lease",
	latticeNamespace, externalDNSNamespace, kyvernoNamespace, gatewayNamespace,
}

func checkNamespace(found *problem.List, path, namespace string) {
	if slices.Contains(systemNamespaces, namespace) {
		found.Add(path, namespace, "belongs to the cluster; give applications another one, such as apps")
		return
	}
	checkName(found, path, namespace, maxNamespaceName, becauseNamespace)
}
