package components

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/recorder"
)

// A URN holds the types of a resource's parents but not their names: two
// instances whose children are called alike would be one.
func TestTwoInstancesSideBySide(t *testing.T) {
	t.Parallel()
	r := record(t, func(ctx *pulumi.Context) error {
		if err := newCluster(ctx, "eks-cluster1", nil); err != nil {
			return err
		}
		return newCluster(ctx, "eks-cluster2", nil)
	})
	seen := map[string]bool{}
	for _, res := range r.Resources() {
		if seen[res.URN] {
			t.Errorf("two resources have the URN %s", res.URN)
		}
		seen[res.URN] = true
	}
}

// What a caller protects or ignores is the component, not each of its parts.
func TestOptionsOfTheCallerStayOnTheComponent(t *testing.T) {
	t.Parallel()
	r := record(t, func(ctx *pulumi.Context) error {
		return newCluster(ctx, "eks-cluster1", nil, pulumi.IgnoreChanges([]string{"anything"}),
			pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "1h"}))
	})
	for _, res := range r.Resources() {
		isComponent := strings.HasPrefix(res.Type, "eks-lattice:")
		if got := slices.Contains(res.IgnoreChanges, "anything"); got != isComponent {
			t.Errorf("%s ignores changes: %t", res.URN, got)
		}
		if got := res.CreateTimeout == "1h"; got != isComponent {
			t.Errorf("%s has the caller's timeout: %t", res.URN, got)
		}
	}
}

func TestPreviewOfUnknownInputs(t *testing.T) {
	t.Parallel()
	r, err := recorder.Run(t, recorder.Options{Preview: true}, func(ctx *pulumi.Context) error {
		return newCluster(ctx, "eks-cluster1", func(args *LatticeClusterArgs) {
			unknown := pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
			args.ServiceNetworkID, args.ZoneID, args.ZoneARN, args.CertificateARN = unknown, unknown, unknown, unknown
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(r.Resources()), len(recordCluster(t, nil).Resources()); got != want {
		t.Errorf("a preview registers %d resources, an up %d", got, want)
	}
}

func TestArgumentsThatAreMissing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(*pulumi.Context) error
		want string
	}{
		"environment": {
			func(ctx *pulumi.Context) error { _, err := NewEnvironment(ctx, "x", nil); return err },
			"environment \"x\" has 1 problem:\n" +
				"  account: is missing",
		},
		"cluster without inputs": {
			func(ctx *pulumi.Context) error {
				args := clusterArgs("eks-cluster1")
				args.ServiceNetworkID, args.ZoneID, args.Account = nil, nil, Account{}
				_, err := NewLatticeCluster(ctx, "x", args)
				return err
			},
			"lattice cluster \"x\" has 3 problems:\n" +
				"  serviceNetworkId: is missing\n" +
				"  zoneId: is missing\n" +
				"  account: is missing",
		},
		"namespace": {
			func(ctx *pulumi.Context) error { _, err := NewAppNamespace(ctx, "x", nil); return err },
			"app namespace \"x\" has 6 problems:\n" +
				"  namespace: is missing\n" +
				"  serviceAccounts: is empty: no pod could call anything\n" +
				"  account: is missing\n" +
				"  clusterName: is missing\n" +
				"  clientRoleArn: is missing\n" +
				"  caCertificate: is missing",
		},
		"app": {
			func(ctx *pulumi.Context) error { _, err := NewSecureApp(ctx, "x", nil); return err },
			"secure app \"x\" has 11 problems:\n" +
				"  name: is missing\n" +
				"  namespace: is missing\n" +
				"  allow: is empty: nobody could call the application; name a cluster and a namespace\n" +
				"  account: is missing\n" +
				"  clusterName: is missing\n" +
				"  domain: is missing\n" +
				"  gatewayName: is missing\n" +
				"  injectionPolicy: is missing\n" +
				"  caCertificate: is missing\n" +
				"  clientRoleArn: is missing\n" +
				"  latticeRanges: is empty: VPC Lattice could not reach the pods; give those of the LatticeCluster, or set directAccess",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := recorder.Run(t, recorder.Options{}, test.make)
			if err == nil || err.Error() != test.want {
				t.Errorf("got:\n%v\nwant:\n%s", err, test.want)
			}
			if made := r.Resources(); len(made) > 0 {
				t.Errorf("made %d resources", len(made))
			}
		})
	}
}
