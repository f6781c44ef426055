package aws

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"eks-lattice/internal/twin/engine"
	"eks-lattice/internal/twin/world"
)

// The two stacks come up, find nothing to change, are found by a refresh and go
// down without a rest.
func TestLife(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	p.cluster("one-")
	p.up(tZoneVPC, "one-zone", engine.Props{"zoneId": p.id("zone"), "vpcId": p.id("one-vpc")})
	p.up(tAssoc, "one-association", engine.Props{"serviceNetworkIdentifier": p.id("network"), "vpcIdentifier": p.id("one-vpc")})

	for name, m := range p.made {
		checked, _, err := p.a.Backend().Check(p.inst, m.urn, m.in, m.in)
		if err != nil {
			t.Fatal(err)
		}
		if diff, _ := p.a.Backend().Diff(p.inst, m.urn, m.in, m.out, checked); len(diff.Keys) > 0 {
			t.Errorf("a second up changes %s: %v", name, diff.Keys)
		}
		// The zone is where an association by a resource of its own shows.
		want := map[string]string{"zone": "vpcs"}[name]
		if in, out, diff := p.refresh(name); out == nil || strings.Join(diff.Keys, ",") != want || (want == "") != reflect.DeepEqual(in, m.in) {
			t.Errorf("a refresh finds %s: %v", name, diff.Keys)
		}
	}

	p.down("one-association", "one-zone")
	p.down(clusterNames("one-")...)
	p.down(environmentNames()...)
	if left := p.a.Leftovers(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What each resource found ready without naming it is recorded.
func TestNeedsOfLife(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.environment()
	p.cluster("")
	for _, c := range []struct {
		name, on string
		law      string
	}{
		{"nodes", "node-worker", lawNodeRole.ID},
		{"nodes", "node-cni", lawNodeRole.ID},
		{"nodes", "node-registry", lawNodeRole.ID},
		{"nodes", "nat", lawNodesNeedEgress.ID},
		{"nodes", "private-out", lawNodesNeedEgress.ID},
		{"nodes", "private-table-a", lawNodesNeedEgress.ID},
		{"nodes", "public-out", lawNodesNeedEgress.ID},
		{"nodes", "vpc-cni", lawNodesNeedCNI.ID},
		{"coredns", "nodes", lawCorednsNodes.ID},
		{"coredns", "kube-proxy", lawCorednsNetwork.ID},
		{"cluster", "cluster-policy", lawClusterRole.ID},
		{"certificate", "ca-installed", lawAuthorityActive.ID},
		{"nat", "igw", lawNATNeedsGateway.ID},
	} {
		if !slices.ContainsFunc(p.a.World.Dependencies(), func(n world.Dependency) bool {
			return n.Law.ID == c.law && n.During == world.Create && endsWith(n.Dependent, c.name) && endsWith(n.On, c.on)
		}) {
			t.Errorf("%s depends on %s, and nothing records it", c.name, c.on)
		}
	}
}

func endsWith(urn, name string) bool {
	return tail(urn, "::") == name || len(urn) > 2 && urn[len(urn)-len(name)-2:] == "::"+name
}
