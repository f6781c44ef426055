package components

import (
	"fmt"
	"net/netip"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
)

// EnvironmentRef is what clusters and applications need to know of their
// environment. Environment.Ref returns it.
type EnvironmentRef struct {
	Account Account
	// Domain is the name of the private zone.
	Domain string
	// ServiceNetworkName is the name of each cluster's Gateway, too.
	ServiceNetworkName string
	ServiceNetworkID   pulumi.StringInput
	ZoneID             pulumi.StringInput
	ZoneARN            pulumi.StringInput
	// CertificateARN is the ACM certificate for *.<Domain>.
	CertificateARN pulumi.StringInput
	// CACertificate is the certificate of the CA that proxies trust, in PEM.
	CACertificate pulumi.StringInput
	// ClientRoleARN is the role that applications call with.
	ClientRoleARN pulumi.StringInput
	// ClientRoleName is its name in IAM, if that is known: the role of all pods
	// with a proxy, which no single caller has.
	ClientRoleName string
}

// ClusterRef is what namespaces and applications need to know of their cluster.
// LatticeCluster.Ref returns it. A Ref from another stack does not order
// resources: deploy that stack first, and destroy it last.
type ClusterRef struct {
	Environment EnvironmentRef
	// Name of the EKS cluster.
	Name string
	// Architecture of the nodes, amd64 or arm64. Empty means unknown.
	Architecture string
	Sources      Sources
	Proxy        ProxyArgs
	// Tags of the Lattice services.
	Tags map[string]string
	// InjectionPolicy gives pods their proxy. When it changes, so do the pods. If
	// it comes from another stack, run an up of the application's stack after each
	// up of that one: a pod whose policy no longer exists gets no proxy, and does
	// not become ready.
	InjectionPolicy pulumi.StringInput
	// LatticeRanges are the networks from which VPC Lattice calls pods, those of
	// its prefix lists in the Region.
	LatticeRanges []string

	// created is the name, known once the cluster exists.
	created pulumi.StringInput
	// beforePods and beforeRoutes exist before an application's pods and route
	// are created, until after these are deleted.
	beforePods, beforeRoutes []pulumi.Resource
}

// NamespaceRef is what applications need to know of their namespace.
// AppNamespace.Ref returns it.
type NamespaceRef struct {
	Cluster ClusterRef
	Name    string `setting:"namespace"`

	// created is the name, known once the namespace exists.
	created    pulumi.StringInput
	beforePods []pulumi.Resource
}

// clusterName is the name of the cluster for resources that need it to exist.
func (r ClusterRef) clusterName() pulumi.StringInput {
	if r.created != nil {
		return r.created
	}
	return pulumi.String(r.Name)
}

// existing is the name of the namespace for what needs it to exist.
func (r NamespaceRef) existing() pulumi.StringInput {
	if r.created != nil {
		return r.created
	}
	return pulumi.String(r.Name)
}

// required is an input by its path in the arguments.
type required struct {
	path  string
	given bool
}

// checkRequired reports the inputs that are missing. Their values may be unknown.
func checkRequired(found *problem.List, inputs ...required) {
	for _, input := range inputs {
		if !input.given {
			found.Missing(input.path, "is missing")
		}
	}
}

// checkForCluster reports what a cluster misses in its environment.
func (r EnvironmentRef) checkForCluster(found *problem.List) {
	if r == (EnvironmentRef{}) {
		found.Missing("Environment", "is missing; set it to the Ref of an Environment")
		return
	}
	checkRequired(found,
		required{"Environment.Account", r.Account != Account{}},
		required{"Environment.Domain", r.Domain != ""},
		required{"Environment.ServiceNetworkName", r.ServiceNetworkName != ""},
		required{"Environment.ServiceNetworkID", r.ServiceNetworkID != nil},
		required{"Environment.ZoneID", r.ZoneID != nil},
		required{"Environment.ZoneARN", r.ZoneARN != nil},
		required{"Environment.CertificateARN", r.CertificateARN != nil},
	)
}

// checkForNamespace reports what a namespace misses in its cluster.
func (r ClusterRef) checkForNamespace(found *problem.List) {
	if r.Name == "" {
		found.Missing("Cluster", "is missing; set it to the Ref of a LatticeCluster")
		return
	}
	checkRequired(found,
		required{"Cluster.Environment.Account", r.Environment.Account != Account{}},
		required{"Cluster.Environment.CACertificate", r.Environment.CACertificate != nil},
		required{"Cluster.Environment.ClientRoleARN", r.Environment.ClientRoleARN != nil},
	)
}

// checkForApp reports what an application misses in its namespace.
func (r NamespaceRef) checkForApp(found *problem.List, directAccess bool) {
	if r.Cluster.Name == "" {
		found.Missing("Namespace.Cluster", "is missing; set Namespace to the Ref of an AppNamespace")
		return
	}
	const path = "Namespace.Cluster."
	environment := r.Cluster.Environment
	checkRequired(found,
		required{path + "Environment.Account", environment.Account != Account{}},
		required{path + "Environment.Domain", environment.Domain != ""},
		required{path + "Environment.ServiceNetworkName", environment.ServiceNetworkName != ""},
		required{path + "Environment.CACertificate", environment.CACertificate != nil},
		required{path + "Environment.ClientRoleARN", environment.ClientRoleARN != nil},
		required{path + "InjectionPolicy", r.Cluster.InjectionPolicy != nil},
	)
	if len(r.Cluster.LatticeRanges) == 0 && !directAccess {
		found.Missing(path+"LatticeRanges", "is empty: VPC Lattice could not reach the pods; "+
			"give the ranges of a LatticeCluster, or set DirectAccess")
	}
	for i, cidr := range r.Cluster.LatticeRanges {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			found.Add(fmt.Sprintf("%sLatticeRanges[%d]", path, i), cidr, "is not a network; give the ranges of a LatticeCluster")
		}
	}
}
