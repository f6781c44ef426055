package components

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// clientTrust lets the pods of every EKS cluster of the account and Region assume
// a role.
func clientTrust(account Account) PolicyDocument {
	return podIdentityTrust(PolicyCondition{
		"StringEquals": {"aws:SourceAccount": {account.ID}},
		"ArnLike":      {"aws:SourceArn": {account.clusterARN("*")}},
	})
}

// controllerTrust lets the pods of one service account of one cluster assume a role.
func controllerTrust(account Account, cluster, namespace, serviceAccount string) PolicyDocument {
	return podIdentityTrust(PolicyCondition{"StringEquals": {
		"aws:SourceAccount":                         {account.ID},
		"aws:SourceArn":                             {account.clusterARN(cluster)},
		"aws:RequestTag/kubernetes-namespace":       {namespace},
		"aws:RequestTag/kubernetes-service-account": {serviceAccount},
	}})
}

// podIdentityTrust lets EKS assume a role for pods. TagSession adds the cluster,
// namespace and service account to the session, which the policies of the
// applications evaluate. EKS sends these tags, the account and the cluster's ARN.
// An association whose role requires anything else can be created, but does not
// give credentials.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
// https://docs.aws.amazon.com/sagemaker/latest/dg/hyperpod-observability-addon-troubleshooting.html
// https://github.com/awslabs/mountpoint-s3-csi-driver/issues/781
func podIdentityTrust(condition PolicyCondition) PolicyDocument {
	return allow(PolicyStatement{
		Principal: &PolicyPrincipal{Service: "pods.eks.amazonaws.com"},
		Action:    Values{"sts:AssumeRole", "sts:TagSession"},
		Condition: condition,
	})
}

// nodeTrust has no condition: AWS does not document a key that EC2 sends, and a
// role cannot be passed to an instance of another account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func nodeTrust() PolicyDocument {
	return allow(PolicyStatement{
		Principal: &PolicyPrincipal{Service: "ec2.amazonaws.com"},
		Action:    Values{"sts:AssumeRole"},
	})
}

// clusterTrust lets EKS assume a role for one cluster.
// https://docs.aws.amazon.com/eks/latest/userguide/cross-service-confused-deputy-prevention.html
func clusterTrust(account Account, cluster string) PolicyDocument {
	return allow(PolicyStatement{
		Principal: &PolicyPrincipal{Service: "eks.amazonaws.com"},
		Action:    Values{"sts:AssumeRole"},
		Condition: PolicyCondition{
			"StringEquals": {"aws:SourceAccount": {account.ID}},
			"ArnEquals":    {"aws:SourceArn": {account.clusterARN(cluster)}},
		},
	})
}

// trustOfRoles sets the trust policy of the roles among a component's children.
func trustOfRoles(trust PolicyDocument) pulumi.ResourceTransform {
	return func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
		if args.Type != "aws:iam/role:Role" {
			return nil
		}
		args.Props["assumeRolePolicy"] = pulumi.String(trust.JSON())
		return &pulumi.ResourceTransformResult{Props: args.Props, Opts: args.Opts}
	}
}
