package eks

import (
	"maps"
	"slices"

	"eks-lattice/internal/twin/aws/cloud"
	"eks-lattice/internal/twin/aws/roles"
	"eks-lattice/internal/twin/iam"
	"eks-lattice/internal/twin/law"
)

// The services that assume roles for EKS.
const (
	clusterService     = "eks.amazonaws.com"
	nodeService        = "ec2.amazonaws.com"
	podIdentityService = "pods.eks.amazonaws.com"
)

var (
	lawClusterRole = law.New(law.References, "cluster-role",
		"A cluster's role exists, trusts eks.amazonaws.com and carries AmazonEKSClusterPolicy.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html")
	lawClusterTrust = law.New(law.References, "cluster-role-conditions",
		"EKS assumes the cluster's role with aws:SourceAccount and with the cluster's ARN as aws:SourceArn. "+
			"A condition of the trust policy on another key, account or ARN keeps EKS out.",
		"https://docs.aws.amazon.com/eks/latest/userguide/cross-service-confused-deputy-prevention.html")
	lawNodeTrust = law.New(law.References, "node-role-conditions",
		"AWS documents no aws:SourceAccount and no aws:SourceArn for the nodes' role: with such a condition in the trust policy, "+
			"nodes get no credentials and do not join.",
		"https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html; that EC2 sends neither is modelled, "+
			"https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3688")
	lawPodTrust = law.New(law.PodIdentity, "role-conditions",
		"EKS assumes a pod's role with aws:SourceAccount, with the cluster's ARN as aws:SourceArn and with its session tags as aws:RequestTag. "+
			"A condition of the trust policy on anything else fails when a pod asks for credentials, not when the association is created.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html, "+
			"https://docs.aws.amazon.com/sagemaker/latest/dg/hyperpod-observability-addon-troubleshooting.html, "+
			"https://github.com/awslabs/mountpoint-s3-csi-driver/issues/781")
	lawAssociationTrust = law.New(law.PodIdentity, "role-trusts-pod-identity",
		"The role's trust policy lets pods.eks.amazonaws.com perform sts:AssumeRole and sts:TagSession.",
		"https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html")
)

// tagKeys are the condition keys of session tags. Those of Pod Identity are
// transitive. https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
func tagKeys(tags map[string]string) iam.Context {
	sent := iam.Context{}
	if len(tags) == 0 {
		return sent
	}
	for key, value := range tags {
		sent.Set("aws:RequestTag/"+key, value)
	}
	names := slices.Sorted(maps.Keys(tags))
	sent.Set("aws:TagKeys", names...)
	sent.Set("sts:TransitiveTagKeys", names...)
	return sent
}

// trustsPods is what EKS looks at when an association is created: the principal
// and the actions. It sees no pod yet, so it judges no condition.
func trustsPods(role *roles.Role) error {
	if iam.Trusts(role.Trust, podIdentityService, "sts:AssumeRole", "sts:TagSession") {
		return nil
	}
	// https://github.com/hashicorp/terraform-provider-aws/issues/41483
	return lawAssociationTrust.Refuse("InvalidParameterException", "Trust policy of the role provided is invalid.")
}

// assumeForPod is what EKS does when a pod asks for credentials.
func (c *Cluster) assumeForPod(a *cloud.Account, role *roles.Role, tags map[string]string) error {
	sent := roles.SourceKeys(a, c.ARN)
	maps.Copy(sent, tagKeys(tags))
	actions := []string{"sts:AssumeRole", "sts:TagSession"}
	if iam.CanAssume(role.Trust, podIdentityService, sent, actions...) {
		return nil
	}
	reason := lawPodTrust
	if !iam.Trusts(role.Trust, podIdentityService, actions...) {
		reason = lawAssociationTrust
	}
	return reason.Refuse("AccessDeniedException", "Unauthorized Exception! EKS does not have permissions to assume the associated role.")
}

// assume is what EKS does with the role of a cluster.
func (c *Cluster) assume(a *cloud.Account) (*roles.Role, error) {
	role := roles.Roles.ByARN(a, c.RoleARN)
	if role != nil && iam.CanAssume(role.Trust, clusterService, roles.SourceKeys(a, c.ARN), "sts:AssumeRole") {
		return role, nil
	}
	reason := lawClusterRole
	if role != nil && iam.Trusts(role.Trust, clusterService, "sts:AssumeRole") {
		reason = lawClusterTrust
	}
	return nil, reason.Refuse("InvalidParameterException",
		"Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", c.RoleARN)
}

// assumeForNode is what EC2 does for an instance of a node group.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
func assumeForNode(role *roles.Role) error {
	if iam.CanAssume(role.Trust, nodeService, iam.Context{}, "sts:AssumeRole") {
		return nil
	}
	return lawNodeTrust.Refuse("NodeCreationFailure",
		"Instances failed to join the kubernetes cluster (EC2 cannot assume the role %s, AssumeRoleUnauthorizedAccess)", role.Name)
}
