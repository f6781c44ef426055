package components

import (
	"strings"
	"testing"
)

const tNetworkPolicy = "kubernetes:networking.k8s.io/v1:NetworkPolicy"

// Only VPC Lattice reaches the pods of the Service, on the application's port. The
// policy does not restrict what the pods call.
func TestNetworkPolicy(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	policy := find(t, r, tNetworkPolicy+" demo-cluster1-network-policy")
	checkJSON(t, "network policy", unlabelled(t, policy), `{
		"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
		"metadata": {"name": "demo-cluster1-v1", "namespace": "apps", "labels": {"app": "demo-cluster1-v1"}},
		"spec": {
			"podSelector": {"matchLabels": {"app": "demo-cluster1-v1"}},
			"policyTypes": ["Ingress"],
			"ingress": [{
				"from": [
					{"ipBlock": {"cidr": "129.224.0.0/17"}},
					{"ipBlock": {"cidr": "169.254.171.0/24"}},
					{"ipBlock": {"cidr": "fd00:ec2:80::/64"}}],
				"ports": [{"protocol": "TCP", "port": 8090}]}]}}`)
	service := plain(t, find(t, r, "kubernetes:core/v1:Service demo-cluster1-service").Inputs)["spec"].(map[string]any)
	checkJSON(t, "the Service's selector", service["selector"], `{"app": "demo-cluster1-v1"}`)
}

func TestDirectAccess(t *testing.T) {
	t.Parallel()
	r, err := recordBilling(t, func(args *SecureAppArgs) { args.Namespace.Cluster.LatticeRanges, args.DirectAccess = nil, true })
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range r.Resources() {
		if res.Type == tNetworkPolicy {
			t.Errorf("%s restricts an application with direct access", res.URN)
		}
	}
}

// A rule with an empty list of peers would admit everybody.
func TestNetworkPolicyNeedsLattice(t *testing.T) {
	t.Parallel()
	for want, ranges := range map[string][]string{
		`LatticeRanges: is empty: VPC Lattice could not reach the pods; give the ranges of a LatticeCluster, or set DirectAccess`: nil,
		`LatticeRanges[1] = "169.254.171": is not a network; give the ranges of a LatticeCluster`: {
			"fd00:ec2:80::/64", "169.254.171",
		},
	} {
		_, err := recordBilling(t, func(args *SecureAppArgs) { args.Namespace.Cluster.LatticeRanges = ranges })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
