package components

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestFlowLogs(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, func(args *LatticeClusterArgs) { args.Network.FlowLogs, args.Network.FlowLogRetentionDays = true, 90 })
	const name = "eks-cluster1-flow-logs"
	checkJSON(t, "log group", plain(t, find(t, r, "aws:cloudwatch/logGroup:LogGroup "+name).Inputs),
		`{"name": "/aws/vpc-flow-logs/eks-cluster1", "retentionInDays": 90}`)
	checkJSON(t, "flow log", plain(t, find(t, r, "aws:ec2/flowLog:FlowLog "+name).Inputs), `{
		"vpcId": "eks-cluster1-vpc-id", "trafficType": "ALL", "iamRoleArn": "arn:aws:test:::`+name+`",
		"logDestination": "arn:aws:test:::`+name+`", "tags": {"Name": "eks-cluster1"}}`)
	checkJSON(t, "trust", json.RawMessage(find(t, r, "aws:iam/role:Role "+name).Inputs["assumeRolePolicy"].StringValue()), `{
		"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole",
			"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"},
				"ArnLike": {"aws:SourceArn": "arn:aws:ec2:ap-northeast-2:123456789012:vpc-flow-log/*"}}}]}`)
	policy := find(t, r, "aws:iam/rolePolicy:RolePolicy "+name).Inputs["policy"]
	checkJSON(t, "policy", json.RawMessage(policy.StringValue()), `{
		"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
			"Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"],
			"Resource": "arn:aws:test:::`+name+`:*"}]}`)
	if strings.Contains(policy.StringValue(), "CreateLogGroup") {
		t.Error("flow logs would create the log group again after a destroy")
	}
}

func TestCustomerManagedKey(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, func(args *LatticeClusterArgs) { args.CustomerManagedKey = true })
	checkJSON(t, "key", plain(t, find(t, r, "aws:kms/key:Key eks-cluster1-key").Inputs), `{
		"description": "Data of the Kubernetes API of EKS cluster eks-cluster1", "enableKeyRotation": true, "tags": {"Name": "eks-cluster1"}}`)
	const cluster = "eks:index:Cluster eks-cluster1-eks"
	if got := find(t, r, cluster).Inputs["encryptionConfigKeyArn"]; got.StringValue() != "arn:aws:test:::eks-cluster1-key" {
		t.Errorf("key of the cluster: %v", got)
	}
	policy := find(t, r, "aws:iam/rolePolicy:RolePolicy eks-cluster1-key").Inputs
	if got := policy["role"].StringValue(); got != "eks-test-role" {
		t.Errorf("the policy belongs to %s", got)
	}
	checkJSON(t, "policy", json.RawMessage(policy["policy"].StringValue()), `{
		"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
			"Action": ["kms:DescribeKey", "kms:ListGrants", "kms:Encrypt", "kms:Decrypt"], "Resource": "arn:aws:test:::eks-cluster1-key"}]}`)
	if got, given := find(t, recordCluster(t, nil), cluster).Inputs["encryptionConfigKeyArn"]; given {
		t.Errorf("key of a cluster without a key of its own: %v", got)
	}
}

func TestPrivateAccess(t *testing.T) {
	t.Parallel()
	r := recordCluster(t, func(args *LatticeClusterArgs) {
		args.PublicAccessCIDRs, args.PrivateAccessCIDRs = []string{}, []string{"10.200.0.0/16", "172.16.0.0/12"}
		args.TransitGatewayID = "tgw-0123456789abcdef0"
	})
	cluster := plain(t, find(t, r, "eks:index:Cluster eks-cluster1-eks").Inputs)
	endpoints := []any{cluster["endpointPublicAccess"], cluster["endpointPrivateAccess"], cluster["publicAccessCidrs"]}
	checkJSON(t, "endpoints", endpoints, `[false, true, null]`)
	rule := find(t, r, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule eks-cluster1-api-172.16.0.0/12")
	checkJSON(t, "rule", plain(t, rule.Inputs), `{
		"securityGroupId": "sg-cluster", "description": "To the Kubernetes API", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443,
		"cidrIpv4": "172.16.0.0/12", "tags": {"Name": "eks-cluster1-api"}}`)
	checkJSON(t, "attachment", plain(t, find(t, r, "aws:ec2transitgateway/vpcAttachment:VpcAttachment eks-cluster1-transit").Inputs), `{
		"transitGatewayId": "tgw-0123456789abcdef0", "vpcId": "eks-cluster1-vpc-id", "tags": {"Name": "eks-cluster1"},
		"subnetIds": ["eks-cluster1-private-0-id", "eks-cluster1-private-1-id", "eks-cluster1-private-2-id"]}`)
	checkJSON(t, "route", plain(t, find(t, r, "aws:ec2/route:Route eks-cluster1-public-2-172.16.0.0/12").Inputs), `{
		"routeTableId": "eks-cluster1-public-2-id", "destinationCidrBlock": "172.16.0.0/12", "transitGatewayId": "tgw-0123456789abcdef0"}`)
}
