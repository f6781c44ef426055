package components

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/check"
	"eks-lattice/internal/recorder"
)

// Each up installs the newest versions, and does not look up pinned ones.
func TestVersionsOfNodesAndAddons(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pinned               bool
		release, proxy, rest string
		lookups              int
	}{
		"newest": {false, recorder.NodeRelease, recorder.AddonVersion, recorder.AddonVersion, 4},
		"pinned": {true, "1.35.0-20260701", "v1.35.0-eksbuild.1", recorder.AddonVersion, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := recordCluster(t, func(args *LatticeClusterArgs) {
				if test.pinned {
					args.Nodes.ReleaseVersion = test.release
					args.AddonVersions = map[string]string{"kube-proxy": test.proxy}
				}
			})
			if got := find(t, r, "aws:eks/nodeGroup:NodeGroup eks-cluster1-nodes").Inputs["releaseVersion"].StringValue(); got != test.release {
				t.Errorf("the nodes' release: got %s, want %s", got, test.release)
			}
			for _, addon := range check.Addons {
				want := test.rest
				if addon == "kube-proxy" {
					want = test.proxy
				}
				if got := find(t, r, "aws:eks/addon:Addon eks-cluster1-"+addon).Inputs["addonVersion"].StringValue(); got != want {
					t.Errorf("the version of %s: got %s, want %s", addon, got, want)
				}
			}
			lookups := r.Calls("aws:eks/getAddonVersion:getAddonVersion")
			if len(lookups) != test.lookups {
				t.Fatalf("%d versions were looked up, want %d", len(lookups), test.lookups)
			}
			checkJSON(t, "lookup", plain(t, lookups[0]), `{"addonName": "vpc-cni", "kubernetesVersion": "1.35", "mostRecent": true}`)
			releases := r.Calls("aws:ssm/getParameter:getParameter")
			if test.pinned != (len(releases) == 0) {
				t.Fatalf("releases were looked up %d times", len(releases))
			}
			if !test.pinned {
				checkJSON(t, "lookup", plain(t, releases[0]),
					`{"name": "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/release_version"}`)
			}
		})
	}
}

// The recorder's EKS has 1.35 and 1.34 in standard support, 1.33 in extended support.
func TestVersionsThatEKSDoesNotOffer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version  string
		extended bool
		want     string
	}{
		"unknown": {"1.99", false, `is not a version that EKS offers in ap-northeast-2; give one of 1.35, 1.34, 1.33`},
		"dear": {"1.33", false, `is in extended support, in which a control plane costs six times as much; ` +
			`give one of 1.35, 1.34, or set ExtendedSupport to true`},
		"dear on purpose": {"1.33", true, ""},
		"standard":        {"1.34", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := recorder.Run(t, recorder.Options{Preview: true}, func(ctx *pulumi.Context) error {
				return newCluster(ctx, "eks-cluster1", func(args *LatticeClusterArgs) {
					args.KubernetesVersion, args.ExtendedSupport = test.version, test.extended
				})
			})
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			for _, res := range r.Resources() {
				if strings.HasPrefix(res.Type, "aws:") {
					t.Errorf("%s exists all the same", res.URN)
				}
			}
		})
	}
}
