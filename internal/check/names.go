package check

import (
	"regexp"
	"slices"
	"strings"

	"eks-lattice/internal/names"
	"eks-lattice/internal/problem"
)

// Limits on names.
const (
	// VPC Lattice names a service after its route and namespace, and the
	// controller cuts the two at these lengths: two longer names could collide.
	// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/utils/common.go
	maxRouteName     = 20
	maxNamespaceName = 18
	// ExternalDNS writes a TXT record whose first label is the cluster's name,
	// "-cname-" and the route's name; a DNS label has at most 63 bytes.
	maxClusterName = 63 - len("-cname-") - maxRouteName
)

var (
	dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	dnsName  = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?$`)
)

// Domain takes the name of a zone.
func Domain(found *problem.List, path, domain string) {
	if len(domain) > 253 || !dnsName.MatchString(domain) {
		found.Add(path, domain, "is not a domain name; give one in lower case, such as example.com, without a wildcard or a final dot")
	}
}

// label takes a DNS label of limited length, which is what Kubernetes wants of
// the names of namespaces and Services.
func label(found *problem.List, path, name string, most int, because string) {
	switch {
	case !dnsLabel.MatchString(name):
		found.Add(path, name, "may hold only lower-case letters, digits and inner hyphens")
	case len(name) > most:
		found.Add(path, name, "has %d characters, at most %d fit: %s", len(name), most, because)
	}
}

// RouteName takes the name of an application's route, which is half of the
// name of its service in VPC Lattice.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateService.html
func RouteName(found *problem.List, path, name string) {
	label(found, path, name, maxRouteName, "VPC Lattice names the service after it and cuts it there")
	if strings.HasPrefix(name, "svc-") {
		found.Add(path, name, "begins with svc-, which VPC Lattice keeps for the ids of services; give another name")
	}
	singleHyphens(found, path, name)
}

func singleHyphens(found *problem.List, path, name string) {
	if strings.Contains(name, "--") {
		found.Add(path, name, "has two hyphens in a row, which VPC Lattice does not take in the service's name")
	}
}

// systemNamespaces belong to Kubernetes and to the controllers.
var systemNamespaces = []string{
	"kube-system", "kube-public", "kube-node-lease",
	names.LatticeNamespace, names.ExternalDNSNamespace, names.KyvernoNamespace, names.GatewayNamespace,
}

// AppNamespace takes the name of an application's namespace, which is the other
// half of its service's name in VPC Lattice.
func AppNamespace(found *problem.List, path, name string) {
	CallerNamespace(found, path, name)
	singleHyphens(found, path, name)
}

// CallerNamespace takes the name of a namespace whose pods call applications.
func CallerNamespace(found *problem.List, path, name string) {
	if slices.Contains(systemNamespaces, name) {
		found.Add(path, name, "belongs to the cluster; give applications another one, such as apps")
		return
	}
	label(found, path, name, maxNamespaceName, "VPC Lattice names the service after its namespace and cuts it there")
}

// ServiceAccount takes the name of a service account.
func ServiceAccount(found *problem.List, path, name string) {
	label(found, path, name, 63, "Kubernetes takes no longer name")
}

// ClusterName takes the name of an EKS cluster.
func ClusterName(found *problem.List, path, name string) {
	label(found, path, name, maxClusterName, "it is part of the DNS label that marks the cluster's records")
}

var serviceNetwork = regexp.MustCompile(`^[a-z0-9]([a-z0-9]|-[a-z0-9]){1,61}[a-z0-9]?$`)

// ServiceNetwork takes the name of a service network and of a Gateway.
func ServiceNetwork(found *problem.List, path, name string) {
	if len(name) < 3 || !serviceNetwork.MatchString(name) {
		found.Add(path, name, "must have 3 to 63 lower-case letters, digits and single inner hyphens")
	}
}
