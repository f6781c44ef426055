package rehearsal

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"eks-lattice/internal/twin/world"
)

func (s *stack) set(t *testing.T, key, value string) {
	t.Helper()
	if err := s.auto.SetConfig(t.Context(), "eks-lattice:"+key, auto.ConfigValue{Value: value}); err != nil {
		t.Fatal(err)
	}
}

// previews checks how many resources a preview would update; it must neither
// make nor replace nor delete any.
func (s *stack) previews(t *testing.T, updates int) {
	t.Helper()
	result, err := s.auto.Preview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changes := maps.Clone(result.ChangeSummary)
	delete(changes, apitype.OpSame)
	want := map[apitype.OpType]int{}
	if updates > 0 {
		want[apitype.OpUpdate] = updates
	}
	if !maps.Equal(changes, want) {
		t.Errorf("the preview of %s shows %v, want %d updates:\n%s", s.file.name, changes, updates, result.StdOut)
	}
}

// updated lists what the operations from one on have changed, by the names of
// the resources.
func updated(journal []world.Op) []string {
	var names []string
	for _, op := range journal {
		if op.Action == world.Update && op.URN != "" {
			names = append(names, op.URN[strings.LastIndex(op.URN, "::")+2:])
		}
	}
	return names
}

// From 1.34 to 1.35: the control plane, then kube-proxy, which may be newer than
// the kubelet beside it but not than the API, then the nodes, then CoreDNS.
// https://kubernetes.io/releases/version-skew-policy/#kube-proxy
func TestUpgradeOfKubernetes(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	cluster := r.stacks[1]
	for _, s := range r.stacks[1:] {
		s.set(t, "kubernetesVersion", "1.34")
	}
	r.up(t, r.stacks...)
	r.checkCalls(t, "with Kubernetes 1.34")

	cluster.set(t, "kubernetesVersion", "1.35")
	cluster.previews(t, 5)
	begun := len(r.twin.World.Journal())
	r.up(t, cluster)
	want := []string{"eks-cluster1-eks-eksCluster", "eks-cluster1-kube-proxy", "eks-cluster1-nodes", "eks-cluster1-coredns"}
	if got := updated(r.twin.World.Journal()[begun:]); !slices.Equal(got, want) {
		t.Errorf("the upgrade went %v, want %v", got, want)
	}
	r.checkCalls(t, "between 1.35 and 1.34")
	for _, s := range r.stacks {
		if changed, err := s.up(t.Context(), r.track(), optup.Refresh()); err != nil || changed != 0 {
			t.Errorf("another up of %s changed %d resources: %v", s.file.name, changed, err)
		}
	}
}

// Patches come with an up and show in its preview, or wait for those who pin.
func TestPatchesOfNodesAndAddons(t *testing.T) {
	t.Parallel()
	r := deployment(t, "")
	cluster := r.stacks[1]
	r.up(t, r.stacks...)
	pins := map[string]string{}
	r.twin.World.Look(func() {
		pins["nodeReleaseVersion"] = r.twin.AWS.EKS.NodeGroups("eks-cluster1")[0].Release
		for _, addon := range r.twin.AWS.EKS.Addons("eks-cluster1") {
			pins["addonVersions."+addon.Addon] = addon.Version
		}
		r.twin.AWS.EKS.Publish()
	})
	cluster.previews(t, 5)
	path := &auto.ConfigOptions{Path: true}
	for key, value := range pins {
		if err := cluster.auto.SetConfigWithOptions(t.Context(), "eks-lattice:"+key, auto.ConfigValue{Value: value}, path); err != nil {
			t.Fatal(err)
		}
	}
	cluster.previews(t, 0)
	for key := range pins {
		if err := cluster.auto.RemoveConfigWithOptions(t.Context(), "eks-lattice:"+key, path); err != nil {
			t.Fatal(err)
		}
	}
	r.up(t, cluster)
	r.checkCalls(t, "with new nodes")
	cluster.previews(t, 0)
}
