package components

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Only pods of the controller's own service account, in its own cluster, get its role.
func TestControllerRoles(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	for controller, want := range map[string]struct{ namespace, serviceAccount string }{
		"lattice-controller": {"aws-application-networking-system", "gateway-api-controller"},
		"external-dns":       {"external-dns", "external-dns"},
	} {
		trust := find(t, r, "aws:iam/role:Role eks-cluster1-"+controller).Inputs["assumeRolePolicy"].StringValue()
		checkJSON(t, controller, json.RawMessage(trust), `{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
			"Condition": {"StringEquals": {
				"aws:SourceAccount": "123456789012",
				"aws:SourceArn": "arn:aws:eks:ap-northeast-2:123456789012:cluster/eks-cluster1",
				"aws:RequestTag/kubernetes-namespace": "`+want.namespace+`",
				"aws:RequestTag/kubernetes-service-account": "`+want.serviceAccount+`"}}}]}`)
	}
}

// The real engine and component are in the rehearsals.
func TestClusterRole(t *testing.T) {
	t.Parallel()
	trust := clusterTrust(Account{ID: "123456789012", Region: "ap-northeast-2", Partition: "aws"}, "eks-cluster1")
	checkJSON(t, "trust", json.RawMessage(trust.JSON()), `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole",
		"Condition": {
			"StringEquals": {"aws:SourceAccount": "123456789012"},
			"ArnEquals": {"aws:SourceArn": "arn:aws:eks:ap-northeast-2:123456789012:cluster/eks-cluster1"}}}]}`)
	given := pulumi.ResourceOptions{DeleteBeforeReplace: true}
	got := trustOfRoles(trust)(t.Context(), &pulumi.ResourceTransformArgs{
		Type: "aws:iam/role:Role", Props: pulumi.Map{"description": pulumi.String("d"), "assumeRolePolicy": pulumi.String("{}")}, Opts: given})
	want := pulumi.Map{"description": pulumi.String("d"), "assumeRolePolicy": pulumi.String(trust.JSON())}
	if got == nil || !reflect.DeepEqual(got.Props, want) || !reflect.DeepEqual(got.Opts, given) {
		t.Errorf("got %+v", got)
	}
	if got := trustOfRoles(trust)(t.Context(), &pulumi.ResourceTransformArgs{Type: "aws:eks/cluster:Cluster"}); got != nil {
		t.Errorf("another resource became %+v", got)
	}
}

func TestBoundaryOfRoles(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::123456789012:policy/boundary"
	got := boundaryOfRoles(arn)(t.Context(), &pulumi.ResourceTransformArgs{
		Type: "aws:iam/role:Role", Props: pulumi.Map{"description": pulumi.String("d")}})
	want := pulumi.Map{"description": pulumi.String("d"), "permissionsBoundary": pulumi.String(arn)}
	if got == nil || !reflect.DeepEqual(got.Props, want) {
		t.Errorf("got %+v", got)
	}
	if got := boundaryOfRoles(arn)(t.Context(), &pulumi.ResourceTransformArgs{Type: "aws:iam/rolePolicy:RolePolicy"}); got != nil {
		t.Errorf("another resource became %+v", got)
	}
	if opts := bounded(nil, ""); opts != nil {
		t.Errorf("without a boundary, the options are %v", opts)
	}
}

func TestNodeRole(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	const name = "eks-cluster1-node"
	if got, want := find(t, r, "aws:iam/role:Role "+name).Inputs["assumeRolePolicy"].StringValue(),
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`+
			`"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`; got != want {
		t.Errorf("trust: got %s, want %s", got, want)
	}
	for _, policy := range []string{"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"} {
		checkJSON(t, policy, plain(t, find(t, r, "aws:iam/rolePolicyAttachment:RolePolicyAttachment "+name+"-"+policy).Inputs),
			`{"role": "`+name+`", "policyArn": "arn:aws:iam::aws:policy/`+policy+`"}`)
	}
}
