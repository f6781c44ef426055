package components

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/recorder"
)

// A URN contains the types of a resource's parents but not their names. Children of
// two instances with the same name would collide.
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

// The caller's options apply to the component, not to each of its children.
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
			shared := &args.Environment
			shared.ServiceNetworkID, shared.ZoneID, shared.ZoneARN = unknown, unknown, unknown
			shared.CertificateARN, shared.CACertificate, shared.ClientRoleARN = unknown, unknown, unknown
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(r.Resources()), len(recordCluster(t, nil).Resources()); got != want {
		t.Errorf("a preview registers %d resources, an up %d", got, want)
	}
}

func TestMissingArguments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		create func(*pulumi.Context) error
		want   string
	}{
		"environment": {
			func(ctx *pulumi.Context) error { _, err := NewEnvironment(ctx, "x", nil); return err },
			"environment \"x\" has 1 problem:\n" +
				"  Account: is missing",
		},
		"cluster": {
			func(ctx *pulumi.Context) error { _, err := NewLatticeCluster(ctx, "x", nil); return err },
			"lattice cluster \"x\" has 1 problem:\n" +
				"  Environment: is missing; set it to the Ref of an Environment",
		},
		"cluster with half an environment": {
			func(ctx *pulumi.Context) error {
				shared := testEnvironment()
				shared.ServiceNetworkID, shared.ZoneID, shared.Account = nil, nil, Account{}
				_, err := NewLatticeCluster(ctx, "x", &LatticeClusterArgs{Environment: shared})
				return err
			},
			"lattice cluster \"x\" has 3 problems:\n" +
				"  Environment.Account: is missing\n" +
				"  Environment.ServiceNetworkID: is missing\n" +
				"  Environment.ZoneID: is missing",
		},
		"namespace": {
			func(ctx *pulumi.Context) error { _, err := NewAppNamespace(ctx, "x", nil); return err },
			"app namespace \"x\" has 1 problem:\n" +
				"  Cluster: is missing; set it to the Ref of a LatticeCluster",
		},
		"namespace with half a cluster": {
			func(ctx *pulumi.Context) error {
				_, err := NewAppNamespace(ctx, "x", &AppNamespaceArgs{Cluster: ClusterRef{Name: "c"}, ServiceAccounts: []string{}})
				return err
			},
			"app namespace \"x\" has 4 problems:\n" +
				"  ServiceAccounts: is empty: no pod could call anything\n" +
				"  Cluster.Environment.Account: is missing\n" +
				"  Cluster.Environment.CACertificate: is missing\n" +
				"  Cluster.Environment.ClientRoleARN: is missing",
		},
		"app": {
			func(ctx *pulumi.Context) error { _, err := NewSecureApp(ctx, "x", nil); return err },
			"secure app \"x\" has 3 problems:\n" +
				"  Namespace.Name: is missing\n" +
				"  Allow: is empty: nobody could call the application; name a cluster and a namespace, or a role\n" +
				"  Namespace.Cluster: is missing; set Namespace to the Ref of an AppNamespace",
		},
		"app with half a namespace": {
			func(ctx *pulumi.Context) error {
				half := NamespaceRef{Name: "shop", Cluster: ClusterRef{Name: "c"}}
				_, err := NewSecureApp(ctx, "x", &SecureAppArgs{Namespace: half, Allow: []Caller{{Cluster: "c", Namespace: "shop"}}})
				return err
			},
			"secure app \"x\" has 8 problems:\n" +
				"  Allow[0]: is the application itself (c/shop/default); delete it, or give the service account of another application\n" +
				"  Namespace.Cluster.Environment.Account: is missing\n" +
				"  Namespace.Cluster.Environment.Domain: is missing\n" +
				"  Namespace.Cluster.Environment.ServiceNetworkName: is missing\n" +
				"  Namespace.Cluster.Environment.CACertificate: is missing\n" +
				"  Namespace.Cluster.Environment.ClientRoleARN: is missing\n" +
				"  Namespace.Cluster.InjectionPolicy: is missing\n" +
				"  Namespace.Cluster.LatticeRanges: is empty: VPC Lattice could not reach the pods; " +
				"give the ranges of a LatticeCluster, or set DirectAccess",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := recorder.Run(t, recorder.Options{}, test.create)
			if err == nil || err.Error() != test.want {
				t.Errorf("got:\n%v\nwant:\n%s", err, test.want)
			}
			if created := r.Resources(); len(created) > 0 {
				t.Errorf("created %d resources", len(created))
			}
		})
	}
}

// A component speaks of its own arguments, not of the keys of the configuration.
func TestProblemsNameArguments(t *testing.T) {
	t.Parallel()
	for want, args := range map[string]interface{ Check() error }{
		"lattice cluster has 1 problem:\n  Nodes.MaxSize = 1: must not be less than Nodes.MinSize, which is 2": &LatticeClusterArgs{
			ClusterName: "c", Nodes: NodesArgs{MaxSize: 1},
		},
		"environment has 1 problem:\n  Certificates.CACertificate: " +
			"is used only with Certificates.CAMode existing; delete it or change Certificates.CAMode": &EnvironmentArgs{
			Certificates: CertificatesArgs{CACertificate: recorder.CACertificate},
		},
		"secure app has 1 problem:\n  Allow[0].Namespace: is missing": &SecureAppArgs{
			Name: "a", Namespace: NamespaceRef{Name: "n"}, Allow: []Caller{{Cluster: "c"}},
		},
	} {
		if err := args.Check(); err == nil || err.Error() != want {
			t.Errorf("got:\n%v\nwant:\n%s", err, want)
		}
	}
}
