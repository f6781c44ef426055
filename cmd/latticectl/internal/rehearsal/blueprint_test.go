package rehearsal

import (
	"strings"

	"eks-lattice/internal/twin/world"
)

// The longest chain of `terraform apply` in the blueprint's environment and in
// its cluster folder, by resource type:
// https://github.com/aws-ia/terraform-aws-eks-blueprints/tree/main/patterns/vpc-lattice/cross-cluster-pod-communication.
// Its add-ons module waits for the whole EKS module, node group included, and
// its charts for the add-ons; it creates the add-ons together, and does not
// wait for routes or policies.
var (
	blueprintEnvironment = []string{
		"aws:acmpca/certificateAuthority:CertificateAuthority", "aws:acmpca/certificate:Certificate",
		"aws:acmpca/certificateAuthorityCertificate:CertificateAuthorityCertificate", "aws:acm/certificate:Certificate",
	}
	blueprintCluster = []string{
		"aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup",
		"aws:eks/addon:Addon", "kubernetes:helm.sh/v3:Release", "kubernetes:apps/v1:Deployment",
	}
)

// Its modules also sleep, by their defaults: dataplane_wait_duration before the
// node group, create_delay_duration before the add-ons.
// https://github.com/terraform-aws-modules/terraform-aws-eks/blob/v20.8.5/variables.tf
// https://github.com/aws-ia/terraform-aws-eks-blueprints-addons/blob/main/variables.tf
const blueprintSleeps = 30 + 30

// blueprint sums the chains: environment, then two clusters, one after the other.
func blueprint(journal []world.Op) float64 {
	longest := map[string]float64{}
	for urn, seconds := range durations(journal, world.Create) {
		typ, _, _ := strings.Cut(short(urn), " ")
		longest[typ] = max(longest[typ], seconds)
	}
	total := 2.0 * blueprintSleeps
	for _, typ := range blueprintEnvironment {
		total += longest[typ]
	}
	for _, typ := range blueprintCluster {
		total += 2 * longest[typ]
	}
	return total
}
