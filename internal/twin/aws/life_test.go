package aws_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/aws/awstest"
	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// The two stacks come up, find nothing to change, are found by a refresh and
// leave nothing behind.
func TestLife(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Environment()
	p.Cluster("one-")
	p.Up(awstest.ZoneAssociation, "one-zone", engine.Props{"zoneId": p.ID("zone"), "vpcId": p.ID("one-vpc")})
	p.Up(awstest.VPCAssociation, "one-association", engine.Props{"serviceNetworkIdentifier": p.ID("network"),
		"vpcIdentifier": p.ID("one-vpc")})

	for name, m := range p.Created {
		if _, diff := p.Diff(name, nil); len(diff.Keys) > 0 {
			t.Errorf("a second up changes %s: %v", name, diff.Keys)
		}
		// The zone is where an association by a resource of its own shows.
		want := map[string]string{"zone": "vpcs"}[name]
		in, out, diff := p.Refresh(name)
		if out == nil || strings.Join(diff.Keys, ",") != want || (want == "") != reflect.DeepEqual(in, m.Inputs) {
			t.Errorf("a refresh finds %s: %v", name, diff.Keys)
		}
	}

	p.Down("one-association", "one-zone")
	p.Down(awstest.ClusterNames("one-")...)
	p.Down(awstest.EnvironmentNames()...)
	p.Leftovers()
}

// What each resource depends on without naming it is recorded.
func TestDependencies(t *testing.T) {
	t.Parallel()
	p := awstest.New(t)
	p.Environment()
	p.Cluster("")
	for _, c := range []struct{ name, on, law string }{
		{"nodes", "node-worker", "node-role-policies"},
		{"nodes", "node-cni", "node-role-policies"},
		{"nodes", "node-registry", "node-role-policies"},
		{"nodes", "nat", "node-group-needs-egress"},
		{"nodes", "private-out", "node-group-needs-egress"},
		{"nodes", "private-table-a", "node-group-needs-egress"},
		{"nodes", "public-out", "node-group-needs-egress"},
		{"nodes", "vpc-cni", "nodes-need-cni"},
		{"coredns", "nodes", "coredns-needs-nodes"},
		{"coredns", "kube-proxy", "coredns-needs-network"},
		{"cluster", "cluster-policy", "cluster-role"},
		{"certificate", "ca-installed", "authority-must-be-active"},
		{"nat", "igw", "nat-needs-internet-gateway"},
	} {
		if got := p.Depends(c.name, c.on, world.Create); !slices.Contains(got, c.law) {
			t.Errorf("%s depends on %s by %q, want %s", c.name, c.on, got, c.law)
		}
	}
}
