package iam

import "strings"

// managed contains the AWS managed policies that programs attach, reduced to the
// actions that the twin checks. The full texts:
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
var managed = map[string]string{
	"AdministratorAccess": allow("*"),
	"AmazonEKSClusterPolicy": allow("autoscaling:DescribeAutoScalingGroups", "autoscaling:UpdateAutoScalingGroup",
		"ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:CreateTags", "ec2:Describe*", "elasticloadbalancing:*", "kms:DescribeKey"),
	"AmazonEKSVPCResourceController": allow("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
	"AmazonEKSWorkerNodePolicy": allow("ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeRouteTables",
		"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVolumes", "ec2:DescribeVpcs",
		"eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"),
	"AmazonEKSWorkerNodeMinimalPolicy": allow("ec2:DescribeInstances", "eks-auth:AssumeRoleForPodIdentity"),
	"AmazonEKS_CNI_Policy": allow("ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface",
		"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeInstances", "ec2:DescribeTags",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeInstanceTypes", "ec2:DescribeSubnets",
		"ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute", "ec2:UnassignPrivateIpAddresses", "ec2:CreateTags"),
	"AmazonEC2ContainerRegistryPullOnly": allow("ecr:GetAuthorizationToken", "ecr:BatchImportUpstreamImage",
		"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
	"AmazonEC2ContainerRegistryReadOnly": allow("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability",
		"ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:ListImages"),
	"AmazonSSMManagedInstanceCore": allow("ssm:UpdateInstanceInformation", "ssmmessages:*", "ec2messages:*"),
	"AmazonRoute53FullAccess":      allow("route53:*", "route53domains:*"),
	"VPCLatticeFullAccess": allow("vpc-lattice:*", "acm:ListCertificates", "acm:DescribeCertificate",
		"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
	"VPCLatticeServicesInvokeAccess": allow("vpc-lattice-svcs:Invoke"),
	"AWSCertificateManagerPrivateCAReadOnly": allow("acm-pca:Describe*", "acm-pca:List*",
		"acm-pca:GetCertificate*", "acm-pca:GetPolicy"),
}

// Managed returns an AWS managed policy by its ARN, such as
// "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy".
func Managed(arn string) (Document, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "iam" || parts[4] != "aws" {
		return Document{}, false
	}
	name := parts[5][strings.LastIndex(parts[5], "/")+1:]
	text, ok := managed[name]
	return Document{Name: name, Text: text}, ok
}

func allow(actions ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` +
		strings.Join(actions, `","`) + `"],"Resource":"*"}]}`
}
