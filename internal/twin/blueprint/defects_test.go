package blueprint

import (
	"testing"

	"eks-lattice/internal/twin/aws"
	"eks-lattice/internal/twin/kube/cluster"
	"eks-lattice/internal/twin/world"
)

// defect is one thing that is wrong with the blueprint today.
type defect string

// The defects. A port that has none of them differs from the blueprint by the
// repair that each names.
const (
	// Two HTTPS listeners on port 443 without a hostname, which the CRDs of
	// today's Gateway API refuse. Repair: a wildcard hostname for one of them.
	sameListeners defect = "listeners alike"
	// Helm makes the namespace of the application, without the label that the
	// Gateway's listeners select. Repair: a namespace with the label.
	plainNamespace defect = "namespace without label"
	// ExternalDNS of both clusters has the owner id "default". Repair: an id and
	// a prefix for each cluster.
	sameOwner defect = "one owner id"
	// The same, with one TXT prefix for both: all that keeps them apart is gone.
	samePrefix defect = "one owner id and one prefix"
	// ExternalDNS gets values of another chart of the same name and one in an old
	// form. Repair: neither.
	otherChartsValues defect = "values of another chart"
	// Only Lattice's IPv4 prefix list is admitted. Repair: a rule for IPv6.
	onlyIPv4 defect = "IPv4 only"
	// Each cluster puts the auth policy of the service network that they share.
	// Repair: the policy belongs to the environment.
	policyPerCluster defect = "network policy by the clusters"
	// Kubernetes 1.30 is out of support. Repair: a version in standard support.
	oldKubernetes defect = "Kubernetes 1.30"
	// The cluster has no upgrade policy, so EKS keeps it at its version when
	// standard support ends. Repair: the support type STANDARD.
	noUpgradePolicy defect = "no upgrade policy"
	// Nothing makes the wildcard certificate wait until its CA is active.
	// Repair: it depends on the CA's installed certificate.
	certificateRaces defect = "certificate before its CA is active"
	// Nothing permits ACM to renew. Repair: a permission of the CA.
	noRenewal defect = "no renewal permission"
	// The default security group of the zone's VPC has its rules. Repair: it is
	// adopted without any, as the VPC module does in the clusters.
	openDefaultGroup defect = "open default security group"
	// Charts of 2023 and 2024. The twin has one version of each chart; the others
	// are not in its repositories. Repair: the versions of today.
	oldController  defect = "Lattice controller v1.0.5"
	oldExternalDNS defect = "ExternalDNS chart 1.14.3"
	oldKyverno     defect = "Kyverno chart 3.0.5"
	// The controller's chart of 2024 brought the CRDs of the Gateway API, today's
	// does not. Repair: the CRDs come first, and so does that of DNSEndpoint.
	noCRDs defect = "no CRDs of the Gateway API"
	// DNSEndpoint comes with ExternalDNS, which nothing puts before the
	// controller. Repair: as before.
	lateDNSEndpoint defect = "DNSEndpoint after the controller"
	// The policy that injects the sidecar does not wait for Kyverno. Repair: it does.
	kyvernoRaces defect = "policy before Kyverno"
	// Nothing waits until the policy works: the application's pods can come before
	// its webhook, without the sidecar. Repair: a wait for the condition Ready.
	policyNotAwaited defect = "pods before the policy works"
	// Service network and VPC associations are made by the controller, which
	// never deletes them. Repair: network and associations are resources.
	networkByController defect = "service network by the controller"
	// What a port to Pulumi loses easily: the launch template by which the EKS
	// module makes nodes carry a security group of its own. The rule for Lattice is
	// on that group. Repair: the template, as in the blueprint.
	noTemplate defect = "no launch template"
	// CoreDNS waits neither for nodes nor for the addons that make its pods run.
	// Repair: it does.
	addonsRace defect = "CoreDNS before nodes"
	// Objects of one chart have no order among each other. Repair: the Gateway
	// depends on its class.
	chartHasNoOrder defect = "no order within a chart"
	// Another thing that a port loses: the CNI addon is not preserved when the
	// addons are destroyed, which the blueprint's script does before the nodes.
	// Repair: preserve, as in the blueprint.
	addonsNotPreserved defect = "CNI goes before the nodes"
)

const (
	region  = "us-west-2"
	domain  = "example.com"
	network = "lattice-gateway"
)

// newPort declares environment, cluster1 and cluster2 with some of the defects.
func newPort(tb testing.TB, defects ...defect) *port {
	tb.Helper()
	w := world.New()
	a := aws.New(w)
	p := &port{tb: tb, world: w, account: a, kube: cluster.New(w, a), has: map[defect]bool{}, made: map[string]*made{}}
	for _, d := range defects {
		p.has[d] = true
	}
	p.environment()
	p.cluster("cluster1", "eks-cluster2")
	p.cluster("cluster2", "eks-cluster1")
	return p
}
