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
	// name is known once the cluster exists.
	name pulumi.StringOutput
	arn  pulumi.StringOutput
	// securityGroupID is the group that EKS creates, and that managed nodes have.
	securityGroupID pulumi.StringOutput
	kubeconfig      pulumi.StringOutput
	nodeRoleARN     pulumi.StringOutput
	nodePolicies    []pulumi.Resource
}

func (c *LatticeCluster) newControlPlane(ctx *pulumi.Context) error {
	if err := c.newNodeRole(ctx); err != nil {
		return err
	}
	args := c.controlPlaneArgs()
	var before []pulumi.Resource
	if len(c.args.ClusterLogTypes) > 0 {
		logs, err := c.newLogGroup(ctx)
		if err != nil {
			return err
		}
		before = append(before, logs) // or EKS creates the group itself
	}
	var key *plainResource
	if c.args.CustomerManagedKey {
		var err error
		if key, err = c.newKey(ctx); err != nil {
			return err
		}
		args.EncryptionConfigKeyArn = key.ARN
	}
	cluster, err := eks.NewCluster(ctx, c.name+"-eks", args, pulumi.Parent(c), pulumi.DependsOn(before),
		// The component does not pass on an upgrade policy, and its trust policy is for
		// every cluster. The only role among its children is the cluster's.
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
	if key == nil {
		return nil
	}
	return c.admitClusterRole(ctx, cluster.EksCluster.RoleArn(), key)
}

func (c *LatticeCluster) controlPlaneArgs() *eks.ClusterArgs {
	useAPI := eks.AuthenticationModeApi
	yes := true
	args := &eks.ClusterArgs{
		Name:               pulumi.String(c.args.ClusterName),
		Version:            pulumi.String(c.args.KubernetesVersion),
		AuthenticationMode: &useAPI,
		VpcId:              c.network.vpcID,
		PublicSubnetIds:    c.network.publicIDs,
		PrivateSubnetIds:   c.network.privateIDs,
		// The component waits until the API answers if it has a public endpoint. If it
		// does not, the deployment uses the API only after the nodes exist.
		EndpointPublicAccess:   pulumi.Bool(len(c.args.PublicAccessCIDRs) > 0),
		EndpointPrivateAccess:  pulumi.Bool(true),
		EnabledClusterLogTypes: pulumi.ToStringArray(c.args.ClusterLogTypes),
		// EKS creates the access entry of the nodes' role together with our managed
		// node group. The component would create one as well, unless it gets no roles.
		// Nothing would depend on that entry, so a destroy would delete it first and
		// cut off the nodes.
		// https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
		SkipDefaultNodeGroup: &yes,
		InstanceRoles:        iam.RoleArray{},
		// Otherwise it installs an old CNI with kubectl, which conflicts with the
		// managed add-on: https://github.com/pulumi/pulumi-eks/issues/1294
		UseDefaultVpcCni: &yes,
	}
	if len(c.args.PublicAccessCIDRs) > 0 {
		// To EKS, an empty list means everybody, and it differs at each refresh.
		args.PublicAccessCidrs = pulumi.ToStringArray(c.args.PublicAccessCIDRs)
	}
	return args
}

// upgradePolicy tells EKS what to do after standard support of a cluster's version
// ends. By default, the cluster keeps its version, at six times the price.
// https://docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html
func upgradePolicy(extended bool) pulumi.ResourceTransform {
	support := "STANDARD"
	if extended {
		support = "EXTENDED"
	}
	return func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
		if args.Type != "aws:eks/cluster:Cluster" {
			return nil // the component's other children are not changed
		}
		args.Props["upgradePolicy"] = pulumi.Map{"supportType": pulumi.String(support)}
		return &pulumi.ResourceTransformResult{Props: args.Props, Opts: args.Opts}
	}
}

// newLogGroup creates the log group of the control plane. EKS would otherwise create
// the group itself, without retention, and never delete it.
// https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920
func (c *LatticeCluster) newLogGroup(ctx *pulumi.Context) (pulumi.Resource, error) {
	logs, err := cloudwatch.NewLogGroup(ctx, c.name+"-control-plane", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("/aws/eks/" + c.args.ClusterName + "/cluster"),
		RetentionInDays: pulumi.Int(c.args.ClusterLogRetentionDays),
	}, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("creating log group of the control plane: %w", err)
	}
	return logs, nil
}

// nodePolicies let a node join, assign addresses to pods and pull images from ECR.
// The first also lets the Pod Identity agent request credentials.
// https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
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
