package components

import "testing"

func TestNodeRole(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, nil)
	const name = "eks-cluster1-node"
	if got, want := find(t, r, "aws:iam/role:Role "+name).Inputs["assumeRolePolicy"].StringValue(),
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`; got != want {
		t.Errorf("trust: got %s, want %s", got, want)
	}
	for _, policy := range []string{"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"} {
		checkJSON(t, policy, plain(t, find(t, r, "aws:iam/rolePolicyAttachment:RolePolicyAttachment "+name+"-"+policy).Inputs),
			`{"role": "`+name+`", "policyArn": "arn:aws:iam::aws:policy/`+policy+`"}`)
	}
}
