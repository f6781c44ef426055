package components

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-eks/sdk/v2/go/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/names"
	"eks-lattice/internal/recorder"
)

var testAccount = Account{ID: recorder.AccountID, Region: recorder.Region, Partition: recorder.Partition}

// testEnvironment is an environment of another stack.
func testEnvironment() EnvironmentRef {
	return EnvironmentRef{
		Account:            testAccount,
		Domain:             "example.com",
		ServiceNetworkName: names.DefaultServiceNetwork,
		ServiceNetworkID:   pulumi.String("sn-1"),
		ZoneID:             pulumi.String("Z1"),
		ZoneARN:            pulumi.String("arn:aws:route53:::hostedzone/Z1"),
		CertificateARN:     pulumi.String("arn:aws:acm:ap-northeast-2:123456789012:certificate/1"),
		CACertificate:      pulumi.String(recorder.CACertificate),
		ClientRoleARN:      pulumi.String("arn:aws:iam::123456789012:role/client"),
	}
}

// billing is an application in a cluster of another stack.
func billing() *SecureAppArgs {
	return &SecureAppArgs{
		Namespace: NamespaceRef{Name: "apps", Cluster: ClusterRef{
			Environment:     testEnvironment(),
			Name:            "eks-cluster1",
			LatticeRanges:   []string{"169.254.171.0/24"},
			InjectionPolicy: pulumi.String("inject-envoy-sigv4-1"),
		}},
		Allow: []Caller{{Cluster: "eks-cluster2", Namespace: "apps"}},
	}
}

// recordBilling records the application billing.
func recordBilling(t *testing.T, change func(*SecureAppArgs)) (*recorder.Recording, error) {
	t.Helper()
	return recorder.Run(t, recorder.Options{}, func(ctx *pulumi.Context) error {
		args := billing()
		change(args)
		_, err := NewSecureApp(ctx, "billing", args)
		return err
	})
}

// newCluster creates a cluster with one namespace and one application.
func newCluster(ctx *pulumi.Context, name string, change func(*LatticeClusterArgs), opts ...pulumi.ResourceOption) error {
	provider, err := aws.NewProvider(ctx, name+"-aws", &aws.ProviderArgs{Region: pulumi.String(recorder.Region)})
	if err != nil {
		return err
	}
	component, err := eks.NewProvider(ctx, name+"-component", nil)
	if err != nil {
		return err
	}
	args := &LatticeClusterArgs{Environment: testEnvironment()}
	if change != nil {
		change(args)
	}
	cluster, err := NewLatticeCluster(ctx, name, args, append(opts, pulumi.Providers(provider, component))...)
	if err != nil {
		return err
	}
	providers := pulumi.Providers(provider, cluster.Kubernetes())
	opts = append(opts, providers)
	namespace, err := NewAppNamespace(ctx, name+"-apps", &AppNamespaceArgs{Cluster: cluster.Ref(), Namespace: "apps"}, opts...)
	if err != nil {
		return err
	}
	other := map[string]string{"eks-cluster1": "eks-cluster2", "eks-cluster2": "eks-cluster1"}[name]
	_, err = NewSecureApp(ctx, "demo-"+strings.TrimPrefix(name, "eks-"), &SecureAppArgs{
		Namespace: namespace.Ref(),
		Allow:     []Caller{{Cluster: other, Namespace: "apps"}},
	}, opts...)
	return err
}

// record runs a program, which must succeed.
func record(t *testing.T, program pulumi.RunFunc) *recorder.Recording {
	t.Helper()
	r, err := recorder.Run(t, recorder.Options{}, program)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// recordCluster records eks-cluster1 with its application demo-cluster1.
func recordCluster(t *testing.T, change func(*LatticeClusterArgs)) *recorder.Recording {
	t.Helper()
	return record(t, func(ctx *pulumi.Context) error { return newCluster(ctx, "eks-cluster1", change) })
}

// find returns a resource by its type and name, separated by a space.
func find(t *testing.T, r *recorder.Recording, typeAndName string) *recorder.Resource {
	t.Helper()
	token, name, _ := strings.Cut(typeAndName, " ")
	return r.Get(t, token, name)
}

// plain returns inputs as plain values, without the marks of secrets.
func plain(t *testing.T, inputs resource.PropertyMap) map[string]any {
	t.Helper()
	text, err := json.Marshal(bare(resource.NewProperty(inputs)).Mappable())
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

func bare(value resource.PropertyValue) resource.PropertyValue {
	switch {
	case value.IsSecret():
		return bare(value.SecretValue().Element)
	case value.IsArray():
		items := make([]resource.PropertyValue, len(value.ArrayValue()))
		for i, item := range value.ArrayValue() {
			items[i] = bare(item)
		}
		return resource.NewProperty(items)
	case value.IsObject():
		object := resource.PropertyMap{}
		for key, item := range value.ObjectValue() {
			object[key] = bare(item)
		}
		return resource.NewProperty(object)
	default:
		return value
	}
}

// checkJSON compares a value with a JSON text.
func checkJSON(t *testing.T, what string, got any, want string) {
	t.Helper()
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("%s: the expected text: %v", what, err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, text, want)
	}
}
