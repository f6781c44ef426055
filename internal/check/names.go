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
	// The controller names a service after its route and namespace, and cuts the
	// two at these lengths: two longer names could collide.
	// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/pkg/utils/common.go
	maxRouteName     = 20
	maxNamespaceName = 18
	maxLabel         = 63 // https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
	// ExternalDNS writes a TXT record whose first label is the cluster's name,
	// "-cname-" and the route's name; a DNS label has at most 63 bytes.
	maxClusterName = 63 - len("-cname-") - maxRouteName
)

var (
	dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	dnsName  = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?$`)
)

// maxDomain leaves room for the name of an application.
// https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
const maxDomain = 253 - maxRouteName - 1

// Domain accepts the name of a zone.
func Domain(found *problem.List, path, domain string) {
	if !dnsName.MatchString(domain) {
		found.Add(path, domain, "is not a domain name; give one in lower case, such as example.com, without a wildcard or a final dot")
		return
	}
	if len(domain) > maxDomain {
		found.Add(path, domain, "has %d characters; give at most %d, because a host name has 253, including the application's name",
			problem.Derived(len(domain)), maxDomain)
	}
	for part := range strings.SplitSeq(domain, ".") {
		if len(part) > maxLabel {
			found.Add(path, domain, "has a part of %d characters; DNS allows at most %d between two dots", problem.Derived(len(part)), maxLabel)
		}
	}
}

// label accepts a DNS label of limited length, which Kubernetes requires of the
// names of namespaces and Services.
func label(found *problem.List, path, name string, maximum int, because string) {
	switch {
	case !dnsLabel.MatchString(name):
		found.Add(path, name, "may contain only lower-case letters, digits and inner hyphens")
	case len(name) > maximum:
		found.Add(path, name, "has %d characters; give at most %d, because %s", problem.Derived(len(name)), maximum, because)
	}
}

// RouteName accepts the name of an application's route, which begins the name of
// its service in VPC Lattice.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateService.html
// The application's Kubernetes Service is named after it, too.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#rfc-1035-label-names
func RouteName(found *problem.List, path, name string) {
	label(found, path, name, maxRouteName, "the Lattice controller cuts the name there")
	if strings.ContainsAny(name[:1], "0123456789") {
		found.Add(path, name, "begins with a digit, which Kubernetes does not allow for a Service; begin it with a letter")
	}
	if strings.HasPrefix(name, "svc-") {
		found.Add(path, name, "begins with svc-, which VPC Lattice reserves for the ids of services; give another name")
	}
	singleHyphens(found, path, name)
}

// ServiceName accepts the name of a Service.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#rfc-1035-label-names
func ServiceName(found *problem.List, path, name string) {
	label(found, path, name, maxLabel, "Kubernetes allows no more")
	if strings.ContainsAny(name[:1], "0123456789") {
		found.Add(path, name, "begins with a digit, which Kubernetes does not allow for a Service; give the name of one that exists")
	}
}

func singleHyphens(found *problem.List, path, name string) {
	if strings.Contains(name, "--") {
		found.Add(path, name, "has two hyphens in a row, which VPC Lattice does not allow in the name of a service")
	}
}

// systemNamespaces belong to Kubernetes and to the controllers.
var systemNamespaces = []string{
	"default", // Kubernetes never deletes it, so a destroy would not end
	names.LatticeNamespace, names.ExternalDNSNamespace, names.KyvernoNamespace, names.GatewayNamespace,
}

// AppNamespace accepts the name of an application's namespace, which ends the name
// of its service in VPC Lattice.
func AppNamespace(found *problem.List, path, name string) {
	CallerNamespace(found, path, name)
	singleHyphens(found, path, name)
}

// CallerNamespace accepts the name of a namespace whose pods call applications.
func CallerNamespace(found *problem.List, path, name string) {
	// https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
	if slices.Contains(systemNamespaces, name) || strings.HasPrefix(name, "kube-") {
		found.Add(path, name, "belongs to the system; give another one, such as apps")
		return
	}
	label(found, path, name, maxNamespaceName, "the Lattice controller cuts the name there")
}

// ServiceAccount accepts the name of a service account.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
func ServiceAccount(found *problem.List, path, name string) {
	for part := range strings.SplitSeq(name, ".") {
		if !dnsLabel.MatchString(part) {
			found.Add(path, name, "may contain only lower-case letters, digits, inner hyphens and single dots")
			return
		}
	}
	if len(name) > 253 {
		found.Add(path, name, "has %d characters; Kubernetes allows at most 253", problem.Derived(len(name)))
	}
}

// ClusterName accepts the name of an EKS cluster.
func ClusterName(found *problem.List, path, name string) {
	label(found, path, name, maxClusterName, "it is part of the DNS label that marks the cluster's records")
}

var serviceNetwork = regexp.MustCompile(`^[a-z0-9]([a-z0-9]|-[a-z0-9]){1,61}[a-z0-9]?$`)

// ServiceNetwork accepts the name of a service network and of a Gateway.
// https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateServiceNetwork.html
func ServiceNetwork(found *problem.List, path, name string) {
	if len(name) < 3 || !serviceNetwork.MatchString(name) {
		found.Add(path, name, "must consist of 3 to 63 lower-case letters, digits and single inner hyphens")
	}
	if strings.HasPrefix(name, "servicenetwork-") {
		found.Add(path, name, "begins with servicenetwork-, which VPC Lattice reserves; give another name")
	}
}

var stackName = regexp.MustCompile(`^([A-Za-z0-9_.-]{1,100}/){0,2}[A-Za-z0-9_.-]{1,100}$`)

// StackName accepts the name of a stack, with or without its project and
// organization.
// https://www.pulumi.com/docs/iac/concepts/stacks/#stack-name
func StackName(found *problem.List, path, name string) {
	if !stackName.MatchString(name) {
		found.Add(path, name, "is not the name of a stack; give one such as environment, or organization/project/stack")
	}
}
