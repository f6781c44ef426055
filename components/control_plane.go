package components

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-eks/sdk/v2/go/eks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// controlPlane is the EKS cluster without its nodes.
type controlPlane struct {
	// name of the cluster, known once it is there.
	name pulumi.StringOutput
	arn  pulumi.StringOutput
	// securityGroupID is the group that EKS makes and that the nodes of managed
	// node groups carry.
	securityGroupID pulumi.StringOutput
	kubeconfig      pulumi.StringOutput
	nodeRoleARN     pulumi.StringOutput
	nodePolicies    []pulumi.Resource
}

func (c *LatticeCluster) newControlPlane(ctx *pulumi.Context) error {
	if err := c.newNodeRole(ctx); err != nil {
		return err
	}
	logs, err := c.newLogGroup(ctx)
	if err != nil {
		return err
	}
	key, err := c.newKey(ctx)
	if err != nil {
		return err
	}
	useAPI := eks.AuthenticationModeApi
	yes := true
	args := &eks.ClusterArgs{
		Name:               pulumi.String(c.args.ClusterName),
		Version:            pulumi.String(c.args.KubernetesVersion),
		AuthenticationMode: &useAPI,
		VpcId:              c.network.vpcID,
		PublicSubnetIds:    c.network.publicIDs,
		PrivateSubnetIds:   c.network.privateIDs,
		// The component waits for the API where it has a public endpoint. Where it
		// has none, nodes come before anybody who deploys looks at it.
		EndpointPublicAccess:   pulumi.Bool(len(c.args.PublicAccessCIDRs) > 0),
		EndpointPrivateAccess:  pulumi.Bool(true),
		EnabledClusterLogTypes: pulumi.ToStringArray(c.args.ClusterLogTypes),
		// Nodes come as a managed node group of our own, and EKS makes the access
		// entry of their role with it. The component would make one as well unless
		// it is given no roles at all; nothing would depend on that one, so a
		// destroy would begin with it and cut off the nodes.
		// https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
		SkipDefaultNodeGroup: &yes,
		InstanceRoles:        iam.RoleArray{},
		// Otherwise it installs an old CNI with kubectl, which the managed
		// add-on then fights with: https://github.com/pulumi/pulumi-eks/issues/1294
		UseDefaultVpcCni: &yes,
	}
	if len(c.args.PublicAccessCIDRs) > 0 {
		// An empty list is everybody's to EKS, and a difference at each refresh.
		args.PublicAccessCidrs = pulumi.ToStringArray(c.args.PublicAccessCIDRs)
	}
	if key != nil {
		args.EncryptionConfigKeyArn = key.ARN
	}
	cluster, err := eks.NewCluster(ctx, c.name+"-eks", args, pulumi.Parent(c), pulumi.DependsOn(logs),
		// The component hands no upgrade policy on, and trusts EKS for every cluster.
		// The only role among its children is the cluster's: the nodes' is ours.
		pulumi.Transforms([]pulumi.ResourceTransform{
			upgradePolicy(c.args.ExtendedSupport),
			trustOfRoles(clusterTrust(c.args.Environment.Account, c.args.ClusterName)),
		}))
	if err != nil {
		return fmt.Errorf("creating EKS cluster: %w", err)
	}
	c.plane.name = cluster.EksCluster.Name()
	c.plane.arn = cluster.EksCluster.Arn()
	c.plane.securityGroupID = cluster.EksCluster.VpcConfig().ClusterSecurityGroupId().Elem()
	c.plane.kubeconfig = kubeconfigFor(c.args.Environment.Account.Region, c.args.ClusterName, cluster.KubeconfigJson)
	c.ClusterName, c.ClusterARN, c.Kubeconfig = c.plane.name, c.plane.arn, c.plane.kubeconfig
	return c.admitClusterRole(ctx, cluster.EksCluster.RoleArn(), key)
}

// upgradePolicy tells EKS what to do when standard support of a cluster's
// version ends. EKS takes the dear way when it is told nothing: the cluster stays
// at its version, at six times the price.
// https://docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html
func upgradePolicy(extended bool) pulumi.ResourceTransform {
	support := "STANDARD"
	if extended {
		support = "EXTENDED"
	}
	return func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
		if args.Type != "aws:eks/cluster:Cluster" {
			return nil // the other children of the component stay as they are
		}
		args.Props["upgradePolicy"] = pulumi.Map{"supportType": pulumi.String(support)}
		return &pulumi.ResourceTransformResult{Props: args.Props, Opts: args.Opts}
	}
}

// newLogGroup makes the group that logs of the control plane go to, if there
// are any. EKS would make it by itself, keep all in it forever, and leave it
// behind. https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920
func (c *LatticeCluster) newLogGroup(ctx *pulumi.Context) ([]pulumi.Resource, error) {
	if len(c.args.ClusterLogTypes) == 0 {
		return nil, nil
	}
	logs, err := cloudwatch.NewLogGroup(ctx, c.name+"-control-plane", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/eks/" + c.args.ClusterName + "/cluster"),
		RetentionInDays: pulumi.Int(c.args.ClusterLogRetentionDays),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating log group of the control plane: %w", err)
	}
	return []pulumi.Resource{logs}, nil
}

// nodePolicies are what a node needs to join, to give pods addresses and to
// pull images from ECR. The first also lets the Pod Identity agent ask for
// credentials. https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
var nodePolicies = []string{"AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"}

func (c *LatticeCluster) newNodeRole(ctx *pulumi.Context) error {
	role, err := iam.NewRole(ctx, c.name+"-node", &iam.RoleArgs{
		Description:      pulumi.String("Nodes of EKS cluster " + c.args.ClusterName),
		AssumeRolePolicy: pulumi.String(nodeTrust().JSON()),
	}, pulumi.Parent(c))
	if err != nil {
		return fmt.Errorf("creating node role: %w", err)
	}
	for _, policy := range nodePolicies {
		attachment, err := iam.NewRolePolicyAttachment(ctx, c.name+"-node-"+policy, &iam.RolePolicyAttachmentArgs{
			Role:      role.Name,
			PolicyArn: pulumi.String(c.args.Environment.Account.managedPolicyARN(policy)),
		}, pulumi.Parent(c))
		if err != nil {
			return fmt.Errorf("attaching %s to node role: %w", policy, err)
		}
		c.plane.nodePolicies = append(c.plane.nodePolicies, attachment)
	}
	c.plane.nodeRoleARN = role.Arn
	return nil
}
