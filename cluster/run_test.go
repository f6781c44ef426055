package cluster

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"eks-lattice/internal/problem"
	"eks-lattice/internal/recorder"
	"eks-lattice/internal/sidecar"
)

const (
	route    = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
	release  = "kubernetes:helm.sh/v3:Release"
	identity = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
)

func TestRunCreatesOneClusterWithItsApp(t *testing.T) {
	t.Parallel()
	r := run(t)
	for token, want := range map[string]int{
		"eks-lattice:index:LatticeCluster": 1, "eks-lattice:index:AppNamespace": 1, "eks-lattice:index:SecureApp": 1,
		"eks:index:Cluster": 1, release: 3, route: 1, identity: 3,
	} {
		if got := len(r.OfType(token)); got != want {
			t.Errorf("%s: got %d, want %d", token, got, want)
		}
	}
}

// Default providers are disabled, so a resource without a provider is an error in a
// real deployment.
func TestEveryResourceHasAnExplicitProvider(t *testing.T) {
	t.Parallel()
	r := run(t)
	for _, res := range r.Resources() {
		pkg, _, _ := strings.Cut(res.Type, ":")
		if pkg == "pulumi" || pkg == "eks-lattice" {
			continue
		}
		if !strings.Contains(res.Provider, "pulumi:providers:"+pkg+"::") {
			t.Errorf("%s has provider %q", res.URN, res.Provider)
		}
	}
	// The children of the EKS component get the providers of the component around it.
	around := r.OfType("eks-lattice:index:LatticeCluster")[0]
	for _, pkg := range []string{"aws", "eks"} {
		if !strings.Contains(around.Providers[pkg], "pulumi:providers:"+pkg+"::") {
			t.Errorf("the lattice cluster passes on %s provider %q", pkg, around.Providers[pkg])
		}
	}
}

func TestProviderTagsEverythingAndStaysInItsAccount(t *testing.T) {
	t.Parallel()
	r := run(t, "eks-lattice:tags", `{"team": "mesh"}`, "aws:profile", "sandbox")
	provider := r.Get(t, "pulumi:providers:aws", "aws")
	tags := provider.Inputs["defaultTags"].Mappable().(map[string]any)["tags"]
	if want := map[string]any{"pulumi-project": "eks-lattice", "pulumi-stack": "cluster1", "team": "mesh"}; !reflect.DeepEqual(tags, want) {
		t.Errorf("default tags: got %v, want %v", tags, want)
	}
	if got := provider.Inputs["allowedAccountIds"].Mappable(); !reflect.DeepEqual(got, []any{recorder.AccountID}) {
		t.Errorf("allowed accounts: got %v", got)
	}
	if got := provider.Inputs["profile"]; !got.IsString() || got.StringValue() != "sandbox" {
		t.Errorf("profile: got %v", got)
	}
	template := r.OfType("aws:ec2/launchTemplate:LaunchTemplate")[0].Inputs
	nodes := template["tagSpecifications"].ArrayValue()[0].ObjectValue()["tags"].ObjectValue()
	if got := nodes["team"].StringValue(); got != "mesh" {
		t.Errorf("tags of the nodes: got %v", nodes)
	}
	annotations := annotationsOf(r.OfType(route)[0])
	const want = "pulumi-project=eks-lattice,pulumi-stack=cluster1,team=mesh"
	if got := annotations["application-networking.k8s.aws/tags"].StringValue(); got != want {
		t.Errorf("tags of the Lattice service: got %s, want %s", got, want)
	}
}

func annotationsOf(res *recorder.Resource) resource.PropertyMap {
	return res.Inputs["metadata"].ObjectValue()["annotations"].ObjectValue()
}

func TestPreview(t *testing.T) {
	t.Parallel()
	o := options()
	o.Preview = true
	r, err := recorder.Run(t, o, Run)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(r.Resources()), len(run(t).Resources()); got != want {
		t.Errorf("a preview registers %d resources, an up %d", got, want)
	}
}

// Two clusters in one program, as in a test or in a single stack.
func TestTwoClustersSideBySide(t *testing.T) {
	t.Parallel()
	r := run(t)
	other := options("eks-lattice:apps",
		`[{"name": "demo-cluster2", "namespace": "apps", "allow": [{"cluster": "eks-cluster1", "namespace": "apps"}]}]`)
	other.Stack = "cluster2"
	second, err := recorder.Run(t, other, Run)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, res := range r.Resources() {
		names[res.Type+" "+res.Name] = true
	}
	for _, res := range second.Resources() {
		switch res.Type {
		case "aws:iam/role:Role", "aws:eks/nodeGroup:NodeGroup", "aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation":
			// Their names in AWS are derived from these.
			if names[res.Type+" "+res.Name] {
				t.Errorf("both clusters have %s %s", res.Type, res.Name)
			}
		}
	}
}

func TestAppsShareNamespacesAndServiceAccounts(t *testing.T) {
	t.Parallel()
	r := run(t, "eks-lattice:apps", `[
		{"name": "orders", "namespace": "shop", "allow": [{"cluster": "eks-cluster2", "namespace": "apps"}]},
		{"name": "prices", "namespace": "shop", "serviceAccount": "prices",
			"allow": [{"cluster": "eks-cluster1", "namespace": "shop", "serviceAccount": "default"}]},
		{"name": "stock",  "namespace": "shop", "serviceAccount": "prices", "allow": [{"cluster": "eks-cluster2", "namespace": "apps"}]},
		{"name": "audit",  "namespace": "back", "allow": [{"cluster": "eks-cluster1", "namespace": "shop"}]}
	]`)
	var pairs []string
	for _, res := range r.OfType(identity) {
		pairs = append(pairs, res.Inputs["namespace"].StringValue()+"/"+res.Inputs["serviceAccount"].StringValue())
	}
	for pair, want := range map[string]int{"shop/default": 1, "shop/prices": 1, "back/default": 1} {
		if got := count(pairs, pair); got != want {
			t.Errorf("associations of %s: got %d, want %d", pair, got, want)
		}
	}
	if got := len(r.OfType("kubernetes:core/v1:ConfigMap")); got != 2 {
		t.Errorf("ConfigMaps: got %d, want one for each namespace", got)
	}
	if got := len(r.OfType("kubernetes:core/v1:ServiceAccount")); got != 1 {
		t.Errorf("service accounts: got %d, want 1: every namespace has its default", got)
	}
	if got := len(r.OfType(route)); got != 4 {
		t.Errorf("routes: got %d, want 4", got)
	}
	ns := r.Get(t, "kubernetes:core/v1:Namespace", "shop-namespace").Inputs["metadata"].ObjectValue()["labels"].ObjectValue()
	if got := ns["allow-attachment-to-infra-gw"].StringValue(); got != "true" {
		t.Errorf("the namespace's routes may not attach: %q", got)
	}
	if got := ns[sidecar.NamespaceLabelKey].StringValue(); got != sidecar.NamespaceLabelValue {
		t.Errorf("the namespace's pods get no proxy: %q", got)
	}
}

func count(items []string, item string) int {
	n := 0
	for _, i := range items {
		if i == item {
			n++
		}
	}
	return n
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	o := options()
	outputs := environmentOutputs()
	outputs["caCertificate"] = resource.MakeSecret(outputs["caCertificate"])
	o.Outputs[environmentStack] = outputs
	r, err := recorder.Run(t, o, Run)
	if err != nil {
		t.Fatal(err)
	}
	if data := r.Get(t, "kubernetes:core/v1:ConfigMap", "apps-proxy").Inputs["data"]; !data.ContainsSecrets() {
		t.Error("a CA certificate that the environment keeps secret is not secret in the ConfigMap")
	}
	if config := r.OfType("pulumi:providers:kubernetes")[0].Inputs["kubeconfig"]; !config.ContainsSecrets() {
		t.Error("the kubeconfig is not secret")
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	var secret bool
	_, err := recorder.Run(t, options(), func(ctx *pulumi.Context) error {
		outputs, err := deploy(ctx)
		if err != nil {
			return err
		}
		for name, output := range map[string]pulumi.StringOutput{
			"name": outputs.ClusterName, "arn": outputs.ClusterARN, "vpc": outputs.VPCID,
			"kubectl": outputs.ConfigureKubectl, "url": outputs.AppURLs["demo-cluster1"].ToStringOutput(),
		} {
			if got[name], err = recorder.Await(output); err != nil {
				return err
			}
		}
		secret, err = recorder.Secret(outputs.Kubeconfig)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"name":    "eks-test",
		"arn":     "arn:aws:eks:ap-northeast-2:123456789012:cluster/eks-test",
		"vpc":     "eks-cluster1-vpc-id",
		"kubectl": "aws eks update-kubeconfig --region ap-northeast-2 --name eks-test --alias eks-test",
		"url":     "http://demo-cluster1.example.com",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !secret {
		t.Error("the kubeconfig is not a secret")
	}
}

// The engine would end a program that reads an environment which does not exist, so
// the program reports its own problems first.
func TestProblemsAreReportedTogether(t *testing.T) {
	t.Parallel()
	o := options("eks-lattice:vpcCidr", "169.254.0.0/16", "eks-lattice:nodeMinSize", "many")
	delete(o.Outputs, environmentStack)
	r, err := recorder.Run(t, o, Run)
	var found *problem.Error
	if !errors.As(err, &found) {
		t.Fatalf("got %v", err)
	}
	const want = `the configuration of stack "cluster1" has 2 problems:
  eks-lattice:nodeMinSize = "many": is not a whole number
  eks-lattice:vpcCidr = "169.254.0.0/16": overlaps 169.254.171.0/24, which VPC Lattice uses; give a private range such as 10.0.0.0/16`
	if found.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", found, want)
	}
	if len(r.Reads()) > 0 {
		t.Errorf("read %v", r.Reads())
	}
}
