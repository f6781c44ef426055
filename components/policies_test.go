package components

import (
	"encoding/json"
	"testing"
)

// The policy of the controller's guide, with nothing missing and nothing more.
// https://github.com/aws/aws-application-networking-k8s/blob/v2.1.3/files/controller-installation/recommended-inline-policy.json
func TestLatticeControllerPolicy(t *testing.T) {
	t.Parallel()
	var policy any
	if err := json.Unmarshal([]byte(latticeControllerPolicy(testAccount).JSON()), &policy); err != nil {
		t.Fatal(err)
	}
	checkJSON(t, "policy", policy, `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Resource": "*", "Action": [
			"vpc-lattice:*",
			"ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeSecurityGroups",
			"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:DescribeLogGroups", "logs:PutResourcePolicy",
			"logs:DescribeResourcePolicies", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
			"tag:GetResources", "firehose:TagDeliveryStream", "s3:GetBucketPolicy", "s3:PutBucketPolicy",
			"tag:TagResources", "tag:UntagResources", "acm:ListCertificates"]},
		{"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole",
			"Resource": "arn:aws:iam::*:role/aws-service-role/vpc-lattice.amazonaws.com/AWSServiceRoleForVpcLattice",
			"Condition": {"StringLike": {"iam:AWSServiceName": "vpc-lattice.amazonaws.com"}}},
		{"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole",
			"Resource": "arn:aws:iam::*:role/aws-service-role/delivery.logs.amazonaws.com/AWSServiceRoleForLogDelivery",
			"Condition": {"StringLike": {"iam:AWSServiceName": "delivery.logs.amazonaws.com"}}},
		{"Effect": "Deny", "Resource": "arn:aws:vpc-lattice:*:*:servicenetwork/*", "Action": [
			"vpc-lattice:UpdateServiceNetwork", "vpc-lattice:DeleteServiceNetwork", "vpc-lattice:PutAuthPolicy",
			"vpc-lattice:DeleteAuthPolicy", "vpc-lattice:PutResourcePolicy", "vpc-lattice:DeleteResourcePolicy"]}]}`)
}

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
